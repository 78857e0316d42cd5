// SPDX-License-Identifier: Apache-2.0
// Made by protocol-generator from Tables/19-CreateTopics.kafka: change that, not this.

public import Primitives

/// CreateTopics request (API 19), versions 0-7.
public struct CreateTopicsRequest: ProtocolRequest {
    public typealias Response = CreateTopicsResponse
    public static var apiKey: APIKey { .createTopics }
    public static var validVersions: ClosedRange<Int16> { 0...7 }
    public static var flexibleSince: Int16? { 5 }

    public var topics: [CreatableTopic] = []
    public var timeoutMs: Int32 = 60000
    /// In versions from 1.
    public var validateOnly: Bool = false

    public init() {}

    public init(decoding reader: inout ByteReader, version: Int16) throws(DecodeError) {
        try reader.checkVersion(version, in: Self.validVersions)
        let flexible = version >= 5
        topics = try reader.readArray(flexible: flexible, elementByteCountMin: flexible ? 10 : 16, version: version)
        timeoutMs = try reader.readInt32()
        if version >= 1 { validateOnly = try reader.readBool() }
        if flexible { try reader.skipTaggedFields() }
    }

    public func encode(into writer: inout ByteWriter, version: Int16) {
        requireVersion(version, in: Self.validVersions)
        let flexible = version >= 5
        precondition(version >= 1 || !validateOnly, "no validateOnly in version \(version)")
        writer.writeArray(topics, flexible: flexible, version: version)
        writer.writeInt32(timeoutMs)
        if version >= 1 { writer.writeBool(validateOnly) }
        if flexible { writer.writeUInt8(0) }
    }

    /// A struct inside `CreateTopicsRequest`.
    public struct CreatableTopic: WireStructure {
        /// Topic.
        public var name: String = ""
        public var numPartitions: Int32 = 0
        public var replicationFactor: Int16 = 0
        public var assignments: [CreatableReplicaAssignment] = []
        public var configs: [CreatableTopicConfig] = []

        /// All fields at the protocol's defaults.
        public init() {}

        init(decoding reader: inout ByteReader, version: Int16) throws(DecodeError) {
            let flexible = version >= 5
            name = try reader.readString(flexible: flexible)
            numPartitions = try reader.readInt32()
            replicationFactor = try reader.readInt16()
            assignments = try reader.readArray(
                flexible: flexible, elementByteCountMin: flexible ? 6 : 8, version: version)
            configs = try reader.readArray(flexible: flexible, elementByteCountMin: flexible ? 3 : 4, version: version)
            if flexible { try reader.skipTaggedFields() }
        }

        func encode(into writer: inout ByteWriter, version: Int16) {
            let flexible = version >= 5
            writer.writeString(name, flexible: flexible)
            writer.writeInt32(numPartitions)
            writer.writeInt16(replicationFactor)
            writer.writeArray(assignments, flexible: flexible, version: version)
            writer.writeArray(configs, flexible: flexible, version: version)
            if flexible { writer.writeUInt8(0) }
        }
    }

    /// A struct inside `CreateTopicsRequest`.
    public struct CreatableReplicaAssignment: WireStructure {
        public var partitionIndex: Int32 = 0
        /// Broker.
        public var brokerIDs: [Int32] = []

        /// All fields at the protocol's defaults.
        public init() {}

        init(decoding reader: inout ByteReader, version: Int16) throws(DecodeError) {
            let flexible = version >= 5
            partitionIndex = try reader.readInt32()
            brokerIDs = try reader.readIntegers(flexible: flexible)
            if flexible { try reader.skipTaggedFields() }
        }

        func encode(into writer: inout ByteWriter, version: Int16) {
            let flexible = version >= 5
            writer.writeInt32(partitionIndex)
            writer.writeIntegers(brokerIDs, flexible: flexible)
            if flexible { writer.writeUInt8(0) }
        }
    }

    /// A struct inside `CreateTopicsRequest`.
    public struct CreatableTopicConfig: WireStructure {
        public var name: String = ""
        public var value: String? = ""

        /// All fields at the protocol's defaults.
        public init() {}

        init(decoding reader: inout ByteReader, version: Int16) throws(DecodeError) {
            let flexible = version >= 5
            name = try reader.readString(flexible: flexible)
            value = try reader.readNullableString(flexible: flexible)
            if flexible { try reader.skipTaggedFields() }
        }

        func encode(into writer: inout ByteWriter, version: Int16) {
            let flexible = version >= 5
            writer.writeString(name, flexible: flexible)
            writer.writeNullableString(value, flexible: flexible)
            if flexible { writer.writeUInt8(0) }
        }
    }
}

/// CreateTopics response (API 19), versions 0-7.
public struct CreateTopicsResponse: ProtocolResponse {
    public static var apiKey: APIKey { .createTopics }
    public static var validVersions: ClosedRange<Int16> { 0...7 }
    public static var flexibleSince: Int16? { 5 }

    /// In versions from 2.
    public var throttleTimeMs: Int32 = 0
    public var topics: [CreatableTopicResult] = []

    public init() {}

    public init(decoding reader: inout ByteReader, version: Int16) throws(DecodeError) {
        try reader.checkVersion(version, in: Self.validVersions)
        let flexible = version >= 5
        if version >= 2 { throttleTimeMs = try reader.readInt32() }
        topics = try reader.readArray(flexible: flexible, elementByteCountMin: flexible ? 12 : 4, version: version)
        if flexible { try reader.skipTaggedFields() }
    }

    public func encode(into writer: inout ByteWriter, version: Int16) {
        requireVersion(version, in: Self.validVersions)
        let flexible = version >= 5
        if version >= 2 { writer.writeInt32(throttleTimeMs) }
        writer.writeArray(topics, flexible: flexible, version: version)
        if flexible { writer.writeUInt8(0) }
    }

    /// A struct inside `CreateTopicsResponse`.
    public struct CreatableTopicResult: WireStructure {
        /// Topic.
        public var name: String = ""
        /// In version 7.
        public var topicID: TopicID = .zero
        public var errorCode: Int16 = 0
        /// In versions from 1.
        public var errorMessage: String? = ""
        /// In versions from 5, as a tagged field.
        public var topicConfigErrorCode: Int16 = 0
        /// In versions from 5.
        public var numPartitions: Int32 = -1
        /// In versions from 5.
        public var replicationFactor: Int16 = -1
        /// In versions from 5.
        public var configs: [CreatableTopicConfigs]? = []

        /// All fields at the protocol's defaults.
        public init() {}

        init(decoding reader: inout ByteReader, version: Int16) throws(DecodeError) {
            let flexible = version >= 5
            name = try reader.readString(flexible: flexible)
            if version == 7 { topicID = try reader.readTopicID() }
            errorCode = try reader.readInt16()
            if version >= 1 { errorMessage = try reader.readNullableString(flexible: flexible) }
            if version >= 5 { numPartitions = try reader.readInt32() }
            if version >= 5 { replicationFactor = try reader.readInt16() }
            if version >= 5 {
                configs = try reader.readNullableArray(flexible: flexible, elementByteCountMin: 6, version: version)
            }
            if flexible {
                for _ in 0..<(try reader.readTaggedFieldCount()) {
                    let tagged = try reader.readTag()
                    switch tagged.tag {
                    case 0 where version >= 5: topicConfigErrorCode = try reader.readInt16()
                    default: try reader.skip(tagged.end - reader.position)
                    }
                    try reader.checkTagEnd(tagged.end)
                }
            }
        }

        func encode(into writer: inout ByteWriter, version: Int16) {
            let flexible = version >= 5
            writer.writeString(name, flexible: flexible)
            if version == 7 { writer.writeTopicID(topicID) }
            writer.writeInt16(errorCode)
            if version >= 1 { writer.writeNullableText(errorMessage, flexible: flexible) }
            if version >= 5 { writer.writeInt32(numPartitions) }
            if version >= 5 { writer.writeInt16(replicationFactor) }
            if version >= 5 { writer.writeNullableArray(configs, flexible: flexible, version: version) }
            if flexible {
                var tagCount: UInt32 = 0
                if version >= 5, topicConfigErrorCode != 0 { tagCount += 1 }
                writer.writeUnsignedVarint32(tagCount)
                if version >= 5, topicConfigErrorCode != 0 {
                    var tagValue = ByteWriter()
                    tagValue.writeInt16(topicConfigErrorCode)
                    writer.writeTagged(0, tagValue)
                }
            }
        }
    }

    /// A struct inside `CreateTopicsResponse`.
    public struct CreatableTopicConfigs: WireStructure {
        public var name: String = ""
        public var value: String? = ""
        public var readOnly: Bool = false
        public var configSource: Int8 = -1
        public var isSensitive: Bool = false

        /// All fields at the protocol's defaults.
        public init() {}

        init(decoding reader: inout ByteReader, version: Int16) throws(DecodeError) {
            name = try reader.readString(flexible: true)
            value = try reader.readNullableString(flexible: true)
            readOnly = try reader.readBool()
            configSource = try reader.readInt8()
            isSensitive = try reader.readBool()
            try reader.skipTaggedFields()
        }

        func encode(into writer: inout ByteWriter, version: Int16) {
            writer.writeString(name, flexible: true)
            writer.writeNullableString(value, flexible: true)
            writer.writeBool(readOnly)
            writer.writeInt8(configSource)
            writer.writeBool(isSensitive)
            writer.writeUInt8(0)
        }
    }
}
