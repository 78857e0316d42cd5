// SPDX-License-Identifier: Apache-2.0
// Made by protocol-generator from Tables/37-CreatePartitions.kafka: change that, not this.

public import Primitives

/// CreatePartitions request (API 37), versions 0-3.
public struct CreatePartitionsRequest: ProtocolRequest {
    public typealias Response = CreatePartitionsResponse
    public static var apiKey: APIKey { .createPartitions }
    public static var validVersions: ClosedRange<Int16> { 0...3 }
    public static var flexibleSince: Int16? { 2 }

    public var topics: [CreatePartitionsTopic] = []
    public var timeoutMs: Int32 = 0
    public var validateOnly: Bool = false

    public init() {}

    public init(decoding reader: inout ByteReader, version: Int16) throws(DecodeError) {
        try reader.checkVersion(version, in: Self.validVersions)
        let flexible = version >= 2
        topics = try reader.readArray(flexible: flexible, elementByteCountMin: flexible ? 7 : 10, version: version)
        timeoutMs = try reader.readInt32()
        validateOnly = try reader.readBool()
        if flexible { try reader.skipTaggedFields() }
    }

    public func encode(into writer: inout ByteWriter, version: Int16) {
        requireVersion(version, in: Self.validVersions)
        let flexible = version >= 2
        writer.writeArray(topics, flexible: flexible, version: version)
        writer.writeInt32(timeoutMs)
        writer.writeBool(validateOnly)
        if flexible { writer.writeUInt8(0) }
    }

    /// A struct inside `CreatePartitionsRequest`.
    public struct CreatePartitionsTopic: WireStructure {
        /// Topic.
        public var name: String = ""
        public var count: Int32 = 0
        public var assignments: [CreatePartitionsAssignment]? = []

        /// All fields at the protocol's defaults.
        public init() {}

        init(decoding reader: inout ByteReader, version: Int16) throws(DecodeError) {
            let flexible = version >= 2
            name = try reader.readString(flexible: flexible)
            count = try reader.readInt32()
            assignments = try reader.readNullableArray(
                flexible: flexible, elementByteCountMin: flexible ? 2 : 4, version: version)
            if flexible { try reader.skipTaggedFields() }
        }

        func encode(into writer: inout ByteWriter, version: Int16) {
            let flexible = version >= 2
            writer.writeString(name, flexible: flexible)
            writer.writeInt32(count)
            writer.writeNullableArray(assignments, flexible: flexible, version: version)
            if flexible { writer.writeUInt8(0) }
        }
    }

    /// A struct inside `CreatePartitionsRequest`.
    public struct CreatePartitionsAssignment: WireStructure {
        /// Broker.
        public var brokerIDs: [Int32] = []

        /// All fields at the protocol's defaults.
        public init() {}

        init(decoding reader: inout ByteReader, version: Int16) throws(DecodeError) {
            let flexible = version >= 2
            brokerIDs = try reader.readIntegers(flexible: flexible)
            if flexible { try reader.skipTaggedFields() }
        }

        func encode(into writer: inout ByteWriter, version: Int16) {
            let flexible = version >= 2
            writer.writeIntegers(brokerIDs, flexible: flexible)
            if flexible { writer.writeUInt8(0) }
        }
    }
}

/// CreatePartitions response (API 37), versions 0-3.
public struct CreatePartitionsResponse: ProtocolResponse {
    public static var apiKey: APIKey { .createPartitions }
    public static var validVersions: ClosedRange<Int16> { 0...3 }
    public static var flexibleSince: Int16? { 2 }

    public var throttleTimeMs: Int32 = 0
    public var results: [CreatePartitionsTopicResult] = []

    public init() {}

    public init(decoding reader: inout ByteReader, version: Int16) throws(DecodeError) {
        try reader.checkVersion(version, in: Self.validVersions)
        let flexible = version >= 2
        throttleTimeMs = try reader.readInt32()
        results = try reader.readArray(flexible: flexible, elementByteCountMin: flexible ? 5 : 6, version: version)
        if flexible { try reader.skipTaggedFields() }
    }

    public func encode(into writer: inout ByteWriter, version: Int16) {
        requireVersion(version, in: Self.validVersions)
        let flexible = version >= 2
        writer.writeInt32(throttleTimeMs)
        writer.writeArray(results, flexible: flexible, version: version)
        if flexible { writer.writeUInt8(0) }
    }

    /// A struct inside `CreatePartitionsResponse`.
    public struct CreatePartitionsTopicResult: WireStructure {
        /// Topic.
        public var name: String = ""
        public var errorCode: Int16 = 0
        public var errorMessage: String?

        /// All fields at the protocol's defaults.
        public init() {}

        init(decoding reader: inout ByteReader, version: Int16) throws(DecodeError) {
            let flexible = version >= 2
            name = try reader.readString(flexible: flexible)
            errorCode = try reader.readInt16()
            errorMessage = try reader.readNullableString(flexible: flexible)
            if flexible { try reader.skipTaggedFields() }
        }

        func encode(into writer: inout ByteWriter, version: Int16) {
            let flexible = version >= 2
            writer.writeString(name, flexible: flexible)
            writer.writeInt16(errorCode)
            writer.writeNullableText(errorMessage, flexible: flexible)
            if flexible { writer.writeUInt8(0) }
        }
    }
}
