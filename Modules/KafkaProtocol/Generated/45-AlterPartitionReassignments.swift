// SPDX-License-Identifier: Apache-2.0
// Made by protocol-generator from Tables/45-AlterPartitionReassignments.kafka: change that, not this.

public import Primitives

/// AlterPartitionReassignments request (API 45), versions 0-1.
public struct AlterPartitionReassignmentsRequest: ProtocolRequest {
    public typealias Response = AlterPartitionReassignmentsResponse
    public static var apiKey: APIKey { .alterPartitionReassignments }
    public static var validVersions: ClosedRange<Int16> { 0...1 }
    public static var flexibleSince: Int16? { 0 }

    public var timeoutMs: Int32 = 60000
    /// In version 1.
    public var allowReplicationFactorChange: Bool = true
    public var topics: [ReassignableTopic] = []

    public init() {}

    public init(decoding reader: inout ByteReader, version: Int16) throws(DecodeError) {
        try reader.checkVersion(version, in: Self.validVersions)
        timeoutMs = try reader.readInt32()
        if version == 1 { allowReplicationFactorChange = try reader.readBool() }
        topics = try reader.readArray(flexible: true, elementByteCountMin: 3, version: version)
        try reader.skipTaggedFields()
    }

    public func encode(into writer: inout ByteWriter, version: Int16) {
        requireVersion(version, in: Self.validVersions)
        precondition(
            version == 1 || allowReplicationFactorChange, "no allowReplicationFactorChange in version \(version)")
        writer.writeInt32(timeoutMs)
        if version == 1 { writer.writeBool(allowReplicationFactorChange) }
        writer.writeArray(topics, flexible: true, version: version)
        writer.writeUInt8(0)
    }

    /// A struct inside `AlterPartitionReassignmentsRequest`.
    public struct ReassignableTopic: WireStructure {
        /// Topic.
        public var name: String = ""
        public var partitions: [ReassignablePartition] = []

        /// All fields at the protocol's defaults.
        public init() {}

        init(decoding reader: inout ByteReader, version: Int16) throws(DecodeError) {
            name = try reader.readString(flexible: true)
            partitions = try reader.readArray(flexible: true, elementByteCountMin: 6, version: version)
            try reader.skipTaggedFields()
        }

        func encode(into writer: inout ByteWriter, version: Int16) {
            writer.writeString(name, flexible: true)
            writer.writeArray(partitions, flexible: true, version: version)
            writer.writeUInt8(0)
        }
    }

    /// A struct inside `AlterPartitionReassignmentsRequest`.
    public struct ReassignablePartition: WireStructure {
        public var partitionIndex: Int32 = 0
        /// Broker.
        public var replicas: [Int32]?

        /// All fields at the protocol's defaults.
        public init() {}

        init(decoding reader: inout ByteReader, version: Int16) throws(DecodeError) {
            partitionIndex = try reader.readInt32()
            replicas = try reader.readNullableIntegers(flexible: true)
            try reader.skipTaggedFields()
        }

        func encode(into writer: inout ByteWriter, version: Int16) {
            writer.writeInt32(partitionIndex)
            writer.writeNullableIntegers(replicas, flexible: true)
            writer.writeUInt8(0)
        }
    }
}

/// AlterPartitionReassignments response (API 45), versions 0-1.
public struct AlterPartitionReassignmentsResponse: ProtocolResponse {
    public static var apiKey: APIKey { .alterPartitionReassignments }
    public static var validVersions: ClosedRange<Int16> { 0...1 }
    public static var flexibleSince: Int16? { 0 }

    public var throttleTimeMs: Int32 = 0
    /// In version 1.
    public var allowReplicationFactorChange: Bool = true
    public var errorCode: Int16 = 0
    public var errorMessage: String?
    public var responses: [ReassignableTopicResponse] = []

    public init() {}

    public init(decoding reader: inout ByteReader, version: Int16) throws(DecodeError) {
        try reader.checkVersion(version, in: Self.validVersions)
        throttleTimeMs = try reader.readInt32()
        if version == 1 { allowReplicationFactorChange = try reader.readBool() }
        errorCode = try reader.readInt16()
        errorMessage = try reader.readNullableString(flexible: true)
        responses = try reader.readArray(flexible: true, elementByteCountMin: 3, version: version)
        try reader.skipTaggedFields()
    }

    public func encode(into writer: inout ByteWriter, version: Int16) {
        requireVersion(version, in: Self.validVersions)
        writer.writeInt32(throttleTimeMs)
        if version == 1 { writer.writeBool(allowReplicationFactorChange) }
        writer.writeInt16(errorCode)
        writer.writeNullableText(errorMessage, flexible: true)
        writer.writeArray(responses, flexible: true, version: version)
        writer.writeUInt8(0)
    }

    /// A struct inside `AlterPartitionReassignmentsResponse`.
    public struct ReassignableTopicResponse: WireStructure {
        /// Topic.
        public var name: String = ""
        public var partitions: [ReassignablePartitionResponse] = []

        /// All fields at the protocol's defaults.
        public init() {}

        init(decoding reader: inout ByteReader, version: Int16) throws(DecodeError) {
            name = try reader.readString(flexible: true)
            partitions = try reader.readArray(flexible: true, elementByteCountMin: 8, version: version)
            try reader.skipTaggedFields()
        }

        func encode(into writer: inout ByteWriter, version: Int16) {
            writer.writeString(name, flexible: true)
            writer.writeArray(partitions, flexible: true, version: version)
            writer.writeUInt8(0)
        }
    }

    /// A struct inside `AlterPartitionReassignmentsResponse`.
    public struct ReassignablePartitionResponse: WireStructure {
        public var partitionIndex: Int32 = 0
        public var errorCode: Int16 = 0
        public var errorMessage: String?

        /// All fields at the protocol's defaults.
        public init() {}

        init(decoding reader: inout ByteReader, version: Int16) throws(DecodeError) {
            partitionIndex = try reader.readInt32()
            errorCode = try reader.readInt16()
            errorMessage = try reader.readNullableString(flexible: true)
            try reader.skipTaggedFields()
        }

        func encode(into writer: inout ByteWriter, version: Int16) {
            writer.writeInt32(partitionIndex)
            writer.writeInt16(errorCode)
            writer.writeNullableText(errorMessage, flexible: true)
            writer.writeUInt8(0)
        }
    }
}
