// SPDX-License-Identifier: Apache-2.0
// Made by protocol-generator from Tables/61-DescribeProducers.kafka: change that, not this.

public import Primitives

/// DescribeProducers request (API 61), version 0.
public struct DescribeProducersRequest: ProtocolRequest {
    public typealias Response = DescribeProducersResponse
    public static var apiKey: APIKey { .describeProducers }
    public static var validVersions: ClosedRange<Int16> { 0...0 }
    public static var flexibleSince: Int16? { 0 }

    public var topics: [TopicRequest] = []

    public init() {}

    public init(decoding reader: inout ByteReader, version: Int16) throws(DecodeError) {
        try reader.checkVersion(version, in: Self.validVersions)
        topics = try reader.readArray(flexible: true, elementByteCountMin: 3, version: version)
        try reader.skipTaggedFields()
    }

    public func encode(into writer: inout ByteWriter, version: Int16) {
        requireVersion(version, in: Self.validVersions)
        writer.writeArray(topics, flexible: true, version: version)
        writer.writeUInt8(0)
    }

    /// A struct inside `DescribeProducersRequest`.
    public struct TopicRequest: WireStructure {
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

/// DescribeProducers response (API 61), version 0.
public struct DescribeProducersResponse: ProtocolResponse {
    public static var apiKey: APIKey { .describeProducers }
    public static var validVersions: ClosedRange<Int16> { 0...0 }
    public static var flexibleSince: Int16? { 0 }

    public var throttleTimeMs: Int32 = 0
    public var topics: [TopicResponse] = []

    public init() {}

    public init(decoding reader: inout ByteReader, version: Int16) throws(DecodeError) {
        try reader.checkVersion(version, in: Self.validVersions)
        throttleTimeMs = try reader.readInt32()
        topics = try reader.readArray(flexible: true, elementByteCountMin: 3, version: version)
        try reader.skipTaggedFields()
    }

    public func encode(into writer: inout ByteWriter, version: Int16) {
        requireVersion(version, in: Self.validVersions)
        writer.writeInt32(throttleTimeMs)
        writer.writeArray(topics, flexible: true, version: version)
        writer.writeUInt8(0)
    }

    /// A struct inside `DescribeProducersResponse`.
    public struct TopicResponse: WireStructure {
        /// Topic.
        public var name: String = ""
        public var partitions: [PartitionResponse] = []

        /// All fields at the protocol's defaults.
        public init() {}

        init(decoding reader: inout ByteReader, version: Int16) throws(DecodeError) {
            name = try reader.readString(flexible: true)
            partitions = try reader.readArray(flexible: true, elementByteCountMin: 9, version: version)
            try reader.skipTaggedFields()
        }

        func encode(into writer: inout ByteWriter, version: Int16) {
            writer.writeString(name, flexible: true)
            writer.writeArray(partitions, flexible: true, version: version)
            writer.writeUInt8(0)
        }
    }

    /// A struct inside `DescribeProducersResponse`.
    public struct PartitionResponse: WireStructure {
        public var partitionIndex: Int32 = 0
        public var errorCode: Int16 = 0
        public var errorMessage: String?
        public var activeProducers: [ProducerState] = []

        /// All fields at the protocol's defaults.
        public init() {}

        init(decoding reader: inout ByteReader, version: Int16) throws(DecodeError) {
            partitionIndex = try reader.readInt32()
            errorCode = try reader.readInt16()
            errorMessage = try reader.readNullableString(flexible: true)
            activeProducers = try reader.readArray(flexible: true, elementByteCountMin: 37, version: version)
            try reader.skipTaggedFields()
        }

        func encode(into writer: inout ByteWriter, version: Int16) {
            writer.writeInt32(partitionIndex)
            writer.writeInt16(errorCode)
            writer.writeNullableText(errorMessage, flexible: true)
            writer.writeArray(activeProducers, flexible: true, version: version)
            writer.writeUInt8(0)
        }
    }

    /// A struct inside `DescribeProducersResponse`.
    public struct ProducerState: WireStructure {
        /// Producer.
        public var producerID: Int64 = 0
        public var producerEpoch: Int32 = 0
        public var lastSequence: Int32 = -1
        public var lastTimestamp: Int64 = -1
        public var coordinatorEpoch: Int32 = 0
        public var currentTxnStartOffset: Int64 = -1

        /// All fields at the protocol's defaults.
        public init() {}

        init(decoding reader: inout ByteReader, version: Int16) throws(DecodeError) {
            producerID = try reader.readInt64()
            producerEpoch = try reader.readInt32()
            lastSequence = try reader.readInt32()
            lastTimestamp = try reader.readInt64()
            coordinatorEpoch = try reader.readInt32()
            currentTxnStartOffset = try reader.readInt64()
            try reader.skipTaggedFields()
        }

        func encode(into writer: inout ByteWriter, version: Int16) {
            writer.writeInt64(producerID)
            writer.writeInt32(producerEpoch)
            writer.writeInt32(lastSequence)
            writer.writeInt64(lastTimestamp)
            writer.writeInt32(coordinatorEpoch)
            writer.writeInt64(currentTxnStartOffset)
            writer.writeUInt8(0)
        }
    }
}
