// SPDX-License-Identifier: Apache-2.0
// Made by protocol-generator from Tables/20-DeleteTopics.kafka: change that, not this.

public import Primitives

/// DeleteTopics request (API 20), versions 0-6.
public struct DeleteTopicsRequest: ProtocolRequest {
    public typealias Response = DeleteTopicsResponse
    public static var apiKey: APIKey { .deleteTopics }
    public static var validVersions: ClosedRange<Int16> { 0...6 }
    public static var flexibleSince: Int16? { 4 }

    /// In version 6.
    public var topics: [DeleteTopicState] = []
    /// Topic. In versions 0-5.
    public var topicNames: [String] = []
    public var timeoutMs: Int32 = 0

    public init() {}

    public init(decoding reader: inout ByteReader, version: Int16) throws(DecodeError) {
        try reader.checkVersion(version, in: Self.validVersions)
        let flexible = version >= 4
        if version == 6 { topics = try reader.readArray(flexible: flexible, elementByteCountMin: 18, version: version) }
        if version <= 5 { topicNames = try reader.readStrings(flexible: flexible) }
        timeoutMs = try reader.readInt32()
        if flexible { try reader.skipTaggedFields() }
    }

    public func encode(into writer: inout ByteWriter, version: Int16) {
        requireVersion(version, in: Self.validVersions)
        let flexible = version >= 4
        precondition(version == 6 || topics.isEmpty, "no topics in version \(version)")
        if version == 6 { writer.writeArray(topics, flexible: flexible, version: version) }
        if version <= 5 { writer.writeStrings(topicNames, flexible: flexible) }
        writer.writeInt32(timeoutMs)
        if flexible { writer.writeUInt8(0) }
    }

    /// A struct inside `DeleteTopicsRequest`.
    public struct DeleteTopicState: WireStructure {
        /// Topic.
        public var name: String?
        public var topicID: TopicID = .zero

        /// All fields at the protocol's defaults.
        public init() {}

        init(decoding reader: inout ByteReader, version: Int16) throws(DecodeError) {
            name = try reader.readNullableString(flexible: true)
            topicID = try reader.readTopicID()
            try reader.skipTaggedFields()
        }

        func encode(into writer: inout ByteWriter, version: Int16) {
            writer.writeNullableString(name, flexible: true)
            writer.writeTopicID(topicID)
            writer.writeUInt8(0)
        }
    }
}

/// DeleteTopics response (API 20), versions 0-6.
public struct DeleteTopicsResponse: ProtocolResponse {
    public static var apiKey: APIKey { .deleteTopics }
    public static var validVersions: ClosedRange<Int16> { 0...6 }
    public static var flexibleSince: Int16? { 4 }

    /// In versions from 1.
    public var throttleTimeMs: Int32 = 0
    public var responses: [DeletableTopicResult] = []

    public init() {}

    public init(decoding reader: inout ByteReader, version: Int16) throws(DecodeError) {
        try reader.checkVersion(version, in: Self.validVersions)
        let flexible = version >= 4
        if version >= 1 { throttleTimeMs = try reader.readInt32() }
        responses = try reader.readArray(flexible: flexible, elementByteCountMin: 4, version: version)
        if flexible { try reader.skipTaggedFields() }
    }

    public func encode(into writer: inout ByteWriter, version: Int16) {
        requireVersion(version, in: Self.validVersions)
        let flexible = version >= 4
        if version >= 1 { writer.writeInt32(throttleTimeMs) }
        writer.writeArray(responses, flexible: flexible, version: version)
        if flexible { writer.writeUInt8(0) }
    }

    /// A struct inside `DeleteTopicsResponse`.
    public struct DeletableTopicResult: WireStructure {
        /// Topic. Nil allowed in version 6.
        public var name: String? = ""
        /// In version 6.
        public var topicID: TopicID = .zero
        public var errorCode: Int16 = 0
        /// In versions from 5.
        public var errorMessage: String?

        /// All fields at the protocol's defaults.
        public init() {}

        init(decoding reader: inout ByteReader, version: Int16) throws(DecodeError) {
            let flexible = version >= 4
            name = try reader.readNullableString(flexible: flexible, nullable: version == 6)
            if version == 6 { topicID = try reader.readTopicID() }
            errorCode = try reader.readInt16()
            if version >= 5 { errorMessage = try reader.readNullableString(flexible: flexible) }
            if flexible { try reader.skipTaggedFields() }
        }

        func encode(into writer: inout ByteWriter, version: Int16) {
            let flexible = version >= 4
            writer.writeNullableString(name, flexible: flexible, nullable: version == 6)
            if version == 6 { writer.writeTopicID(topicID) }
            writer.writeInt16(errorCode)
            if version >= 5 { writer.writeNullableText(errorMessage, flexible: flexible) }
            if flexible { writer.writeUInt8(0) }
        }
    }
}
