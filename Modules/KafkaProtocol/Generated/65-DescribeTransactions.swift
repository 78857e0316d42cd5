// SPDX-License-Identifier: Apache-2.0
// Made by protocol-generator from Tables/65-DescribeTransactions.kafka: change that, not this.

public import Primitives

/// DescribeTransactions request (API 65), version 0.
public struct DescribeTransactionsRequest: ProtocolRequest {
    public typealias Response = DescribeTransactionsResponse
    public static var apiKey: APIKey { .describeTransactions }
    public static var validVersions: ClosedRange<Int16> { 0...0 }
    public static var flexibleSince: Int16? { 0 }

    /// Transactional id.
    public var transactionalIDs: [String] = []

    public init() {}

    public init(decoding reader: inout ByteReader, version: Int16) throws(DecodeError) {
        try reader.checkVersion(version, in: Self.validVersions)
        transactionalIDs = try reader.readStrings(flexible: true)
        try reader.skipTaggedFields()
    }

    public func encode(into writer: inout ByteWriter, version: Int16) {
        requireVersion(version, in: Self.validVersions)
        writer.writeStrings(transactionalIDs, flexible: true)
        writer.writeUInt8(0)
    }
}

/// DescribeTransactions response (API 65), version 0.
public struct DescribeTransactionsResponse: ProtocolResponse {
    public static var apiKey: APIKey { .describeTransactions }
    public static var validVersions: ClosedRange<Int16> { 0...0 }
    public static var flexibleSince: Int16? { 0 }

    public var throttleTimeMs: Int32 = 0
    public var transactionStates: [TransactionState] = []

    public init() {}

    public init(decoding reader: inout ByteReader, version: Int16) throws(DecodeError) {
        try reader.checkVersion(version, in: Self.validVersions)
        throttleTimeMs = try reader.readInt32()
        transactionStates = try reader.readArray(flexible: true, elementByteCountMin: 28, version: version)
        try reader.skipTaggedFields()
    }

    public func encode(into writer: inout ByteWriter, version: Int16) {
        requireVersion(version, in: Self.validVersions)
        writer.writeInt32(throttleTimeMs)
        writer.writeArray(transactionStates, flexible: true, version: version)
        writer.writeUInt8(0)
    }

    /// A struct inside `DescribeTransactionsResponse`.
    public struct TransactionState: WireStructure {
        public var errorCode: Int16 = 0
        /// Transactional id.
        public var transactionalID: String = ""
        public var transactionState: String = ""
        public var transactionTimeoutMs: Int32 = 0
        public var transactionStartTimeMs: Int64 = 0
        /// Producer.
        public var producerID: Int64 = 0
        public var producerEpoch: Int16 = 0
        public var topics: [TopicData] = []

        /// All fields at the protocol's defaults.
        public init() {}

        init(decoding reader: inout ByteReader, version: Int16) throws(DecodeError) {
            errorCode = try reader.readInt16()
            transactionalID = try reader.readString(flexible: true)
            transactionState = try reader.readString(flexible: true)
            transactionTimeoutMs = try reader.readInt32()
            transactionStartTimeMs = try reader.readInt64()
            producerID = try reader.readInt64()
            producerEpoch = try reader.readInt16()
            topics = try reader.readArray(flexible: true, elementByteCountMin: 3, version: version)
            try reader.skipTaggedFields()
        }

        func encode(into writer: inout ByteWriter, version: Int16) {
            writer.writeInt16(errorCode)
            writer.writeString(transactionalID, flexible: true)
            writer.writeString(transactionState, flexible: true)
            writer.writeInt32(transactionTimeoutMs)
            writer.writeInt64(transactionStartTimeMs)
            writer.writeInt64(producerID)
            writer.writeInt16(producerEpoch)
            writer.writeArray(topics, flexible: true, version: version)
            writer.writeUInt8(0)
        }
    }

    /// A struct inside `DescribeTransactionsResponse`.
    public struct TopicData: WireStructure {
        /// Topic.
        public var topic: String = ""
        public var partitions: [Int32] = []

        /// All fields at the protocol's defaults.
        public init() {}

        init(decoding reader: inout ByteReader, version: Int16) throws(DecodeError) {
            topic = try reader.readString(flexible: true)
            partitions = try reader.readIntegers(flexible: true)
            try reader.skipTaggedFields()
        }

        func encode(into writer: inout ByteWriter, version: Int16) {
            writer.writeString(topic, flexible: true)
            writer.writeIntegers(partitions, flexible: true)
            writer.writeUInt8(0)
        }
    }
}
