// SPDX-License-Identifier: Apache-2.0
// Made by protocol-generator from Tables/75-DescribeTopicPartitions.kafka: change that, not this.

public import Primitives

/// DescribeTopicPartitions request (API 75), version 0.
public struct DescribeTopicPartitionsRequest: ProtocolRequest {
    public typealias Response = DescribeTopicPartitionsResponse
    public static var apiKey: APIKey { .describeTopicPartitions }
    public static var validVersions: ClosedRange<Int16> { 0...0 }
    public static var flexibleSince: Int16? { 0 }

    public var topics: [TopicRequest] = []
    public var responsePartitionLimit: Int32 = 2000
    public var cursor: Cursor?

    public init() {}

    public init(decoding reader: inout ByteReader, version: Int16) throws(DecodeError) {
        try reader.checkVersion(version, in: Self.validVersions)
        topics = try reader.readArray(flexible: true, elementByteCountMin: 2, version: version)
        responsePartitionLimit = try reader.readInt32()
        cursor = try reader.readNullableStructure(version: version)
        try reader.skipTaggedFields()
    }

    public func encode(into writer: inout ByteWriter, version: Int16) {
        requireVersion(version, in: Self.validVersions)
        writer.writeArray(topics, flexible: true, version: version)
        writer.writeInt32(responsePartitionLimit)
        writer.writeNullableStructure(cursor, version: version)
        writer.writeUInt8(0)
    }

    /// A struct inside `DescribeTopicPartitionsRequest`.
    public struct TopicRequest: WireStructure {
        /// Topic.
        public var name: String = ""

        /// All fields at the protocol's defaults.
        public init() {}

        init(decoding reader: inout ByteReader, version: Int16) throws(DecodeError) {
            name = try reader.readString(flexible: true)
            try reader.skipTaggedFields()
        }

        func encode(into writer: inout ByteWriter, version: Int16) {
            writer.writeString(name, flexible: true)
            writer.writeUInt8(0)
        }
    }

    /// A struct inside `DescribeTopicPartitionsRequest`.
    public struct Cursor: WireStructure {
        /// Topic.
        public var topicName: String = ""
        public var partitionIndex: Int32 = 0

        /// All fields at the protocol's defaults.
        public init() {}

        init(decoding reader: inout ByteReader, version: Int16) throws(DecodeError) {
            topicName = try reader.readString(flexible: true)
            partitionIndex = try reader.readInt32()
            try reader.skipTaggedFields()
        }

        func encode(into writer: inout ByteWriter, version: Int16) {
            writer.writeString(topicName, flexible: true)
            writer.writeInt32(partitionIndex)
            writer.writeUInt8(0)
        }
    }
}

/// DescribeTopicPartitions response (API 75), version 0.
public struct DescribeTopicPartitionsResponse: ProtocolResponse {
    public static var apiKey: APIKey { .describeTopicPartitions }
    public static var validVersions: ClosedRange<Int16> { 0...0 }
    public static var flexibleSince: Int16? { 0 }

    public var throttleTimeMs: Int32 = 0
    public var topics: [DescribeTopicPartitionsResponseTopic] = []
    public var nextCursor: Cursor?

    public init() {}

    public init(decoding reader: inout ByteReader, version: Int16) throws(DecodeError) {
        try reader.checkVersion(version, in: Self.validVersions)
        throttleTimeMs = try reader.readInt32()
        topics = try reader.readArray(flexible: true, elementByteCountMin: 26, version: version)
        nextCursor = try reader.readNullableStructure(version: version)
        try reader.skipTaggedFields()
    }

    public func encode(into writer: inout ByteWriter, version: Int16) {
        requireVersion(version, in: Self.validVersions)
        writer.writeInt32(throttleTimeMs)
        writer.writeArray(topics, flexible: true, version: version)
        writer.writeNullableStructure(nextCursor, version: version)
        writer.writeUInt8(0)
    }

    /// A struct inside `DescribeTopicPartitionsResponse`.
    public struct DescribeTopicPartitionsResponseTopic: WireStructure {
        public var errorCode: Int16 = 0
        /// Topic.
        public var name: String? = ""
        public var topicID: TopicID = .zero
        public var isInternal: Bool = false
        public var partitions: [DescribeTopicPartitionsResponsePartition] = []
        public var topicAuthorizedOperations: Int32 = -2147483648

        /// All fields at the protocol's defaults.
        public init() {}

        init(decoding reader: inout ByteReader, version: Int16) throws(DecodeError) {
            errorCode = try reader.readInt16()
            name = try reader.readNullableString(flexible: true)
            topicID = try reader.readTopicID()
            isInternal = try reader.readBool()
            partitions = try reader.readArray(flexible: true, elementByteCountMin: 20, version: version)
            topicAuthorizedOperations = try reader.readInt32()
            try reader.skipTaggedFields()
        }

        func encode(into writer: inout ByteWriter, version: Int16) {
            writer.writeInt16(errorCode)
            writer.writeNullableString(name, flexible: true)
            writer.writeTopicID(topicID)
            writer.writeBool(isInternal)
            writer.writeArray(partitions, flexible: true, version: version)
            writer.writeInt32(topicAuthorizedOperations)
            writer.writeUInt8(0)
        }
    }

    /// A struct inside `DescribeTopicPartitionsResponse`.
    public struct DescribeTopicPartitionsResponsePartition: WireStructure {
        public var errorCode: Int16 = 0
        public var partitionIndex: Int32 = 0
        /// Broker.
        public var leaderID: Int32 = 0
        public var leaderEpoch: Int32 = -1
        /// Broker.
        public var replicaNodes: [Int32] = []
        /// Broker.
        public var isrNodes: [Int32] = []
        /// Broker.
        public var eligibleLeaderReplicas: [Int32]?
        /// Broker.
        public var lastKnownElr: [Int32]?
        /// Broker.
        public var offlineReplicas: [Int32] = []

        /// All fields at the protocol's defaults.
        public init() {}

        init(decoding reader: inout ByteReader, version: Int16) throws(DecodeError) {
            errorCode = try reader.readInt16()
            partitionIndex = try reader.readInt32()
            leaderID = try reader.readInt32()
            leaderEpoch = try reader.readInt32()
            replicaNodes = try reader.readIntegers(flexible: true)
            isrNodes = try reader.readIntegers(flexible: true)
            eligibleLeaderReplicas = try reader.readNullableIntegers(flexible: true)
            lastKnownElr = try reader.readNullableIntegers(flexible: true)
            offlineReplicas = try reader.readIntegers(flexible: true)
            try reader.skipTaggedFields()
        }

        func encode(into writer: inout ByteWriter, version: Int16) {
            writer.writeInt16(errorCode)
            writer.writeInt32(partitionIndex)
            writer.writeInt32(leaderID)
            writer.writeInt32(leaderEpoch)
            writer.writeIntegers(replicaNodes, flexible: true)
            writer.writeIntegers(isrNodes, flexible: true)
            writer.writeNullableIntegers(eligibleLeaderReplicas, flexible: true)
            writer.writeNullableIntegers(lastKnownElr, flexible: true)
            writer.writeIntegers(offlineReplicas, flexible: true)
            writer.writeUInt8(0)
        }
    }

    /// A struct inside `DescribeTopicPartitionsResponse`.
    public struct Cursor: WireStructure {
        /// Topic.
        public var topicName: String = ""
        public var partitionIndex: Int32 = 0

        /// All fields at the protocol's defaults.
        public init() {}

        init(decoding reader: inout ByteReader, version: Int16) throws(DecodeError) {
            topicName = try reader.readString(flexible: true)
            partitionIndex = try reader.readInt32()
            try reader.skipTaggedFields()
        }

        func encode(into writer: inout ByteWriter, version: Int16) {
            writer.writeString(topicName, flexible: true)
            writer.writeInt32(partitionIndex)
            writer.writeUInt8(0)
        }
    }
}
