// SPDX-License-Identifier: Apache-2.0
// Made by protocol-generator from Tables/46-ListPartitionReassignments.kafka: change that, not this.

public import Primitives

/// ListPartitionReassignments request (API 46), version 0.
public struct ListPartitionReassignmentsRequest: ProtocolRequest {
    public typealias Response = ListPartitionReassignmentsResponse
    public static var apiKey: APIKey { .listPartitionReassignments }
    public static var validVersions: ClosedRange<Int16> { 0...0 }
    public static var flexibleSince: Int16? { 0 }

    public var timeoutMs: Int32 = 60000
    public var topics: [ListPartitionReassignmentsTopic]?

    public init() {}

    public init(decoding reader: inout ByteReader, version: Int16) throws(DecodeError) {
        try reader.checkVersion(version, in: Self.validVersions)
        timeoutMs = try reader.readInt32()
        topics = try reader.readNullableArray(flexible: true, elementByteCountMin: 3, version: version)
        try reader.skipTaggedFields()
    }

    public func encode(into writer: inout ByteWriter, version: Int16) {
        requireVersion(version, in: Self.validVersions)
        writer.writeInt32(timeoutMs)
        writer.writeNullableArray(topics, flexible: true, version: version)
        writer.writeUInt8(0)
    }

    /// A struct inside `ListPartitionReassignmentsRequest`.
    public struct ListPartitionReassignmentsTopic: WireStructure {
        /// Topic.
        public var name: String = ""
        public var partitionIndexes: [Int32] = []

        /// All fields at the protocol's defaults.
        public init() {}

        init(decoding reader: inout ByteReader, version: Int16) throws(DecodeError) {
            name = try reader.readString(flexible: true)
            partitionIndexes = try reader.readIntegers(flexible: true)
            try reader.skipTaggedFields()
        }

        func encode(into writer: inout ByteWriter, version: Int16) {
            writer.writeString(name, flexible: true)
            writer.writeIntegers(partitionIndexes, flexible: true)
            writer.writeUInt8(0)
        }
    }
}

/// ListPartitionReassignments response (API 46), version 0.
public struct ListPartitionReassignmentsResponse: ProtocolResponse {
    public static var apiKey: APIKey { .listPartitionReassignments }
    public static var validVersions: ClosedRange<Int16> { 0...0 }
    public static var flexibleSince: Int16? { 0 }

    public var throttleTimeMs: Int32 = 0
    public var errorCode: Int16 = 0
    public var errorMessage: String?
    public var topics: [OngoingTopicReassignment] = []

    public init() {}

    public init(decoding reader: inout ByteReader, version: Int16) throws(DecodeError) {
        try reader.checkVersion(version, in: Self.validVersions)
        throttleTimeMs = try reader.readInt32()
        errorCode = try reader.readInt16()
        errorMessage = try reader.readNullableString(flexible: true)
        topics = try reader.readArray(flexible: true, elementByteCountMin: 3, version: version)
        try reader.skipTaggedFields()
    }

    public func encode(into writer: inout ByteWriter, version: Int16) {
        requireVersion(version, in: Self.validVersions)
        writer.writeInt32(throttleTimeMs)
        writer.writeInt16(errorCode)
        writer.writeNullableText(errorMessage, flexible: true)
        writer.writeArray(topics, flexible: true, version: version)
        writer.writeUInt8(0)
    }

    /// A struct inside `ListPartitionReassignmentsResponse`.
    public struct OngoingTopicReassignment: WireStructure {
        /// Topic.
        public var name: String = ""
        public var partitions: [OngoingPartitionReassignment] = []

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

    /// A struct inside `ListPartitionReassignmentsResponse`.
    public struct OngoingPartitionReassignment: WireStructure {
        public var partitionIndex: Int32 = 0
        /// Broker.
        public var replicas: [Int32] = []
        /// Broker.
        public var addingReplicas: [Int32] = []
        /// Broker.
        public var removingReplicas: [Int32] = []

        /// All fields at the protocol's defaults.
        public init() {}

        init(decoding reader: inout ByteReader, version: Int16) throws(DecodeError) {
            partitionIndex = try reader.readInt32()
            replicas = try reader.readIntegers(flexible: true)
            addingReplicas = try reader.readIntegers(flexible: true)
            removingReplicas = try reader.readIntegers(flexible: true)
            try reader.skipTaggedFields()
        }

        func encode(into writer: inout ByteWriter, version: Int16) {
            writer.writeInt32(partitionIndex)
            writer.writeIntegers(replicas, flexible: true)
            writer.writeIntegers(addingReplicas, flexible: true)
            writer.writeIntegers(removingReplicas, flexible: true)
            writer.writeUInt8(0)
        }
    }
}
