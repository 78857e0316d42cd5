// SPDX-License-Identifier: Apache-2.0
// Made by protocol-generator from Tables/24-AddPartitionsToTxn.kafka: change that, not this.

public import Primitives

/// AddPartitionsToTxn request (API 24), versions 0-5.
public struct AddPartitionsToTxnRequest: ProtocolRequest {
    public typealias Response = AddPartitionsToTxnResponse
    public static var apiKey: APIKey { .addPartitionsToTxn }
    public static var validVersions: ClosedRange<Int16> { 0...5 }
    public static var flexibleSince: Int16? { 3 }

    /// In versions from 4.
    public var transactions: [Transaction] = []
    /// Transactional id. In versions 0-3.
    public var v3AndBelowTransactionalID: String = ""
    /// Producer. In versions 0-3.
    public var v3AndBelowProducerID: Int64 = 0
    /// In versions 0-3.
    public var v3AndBelowProducerEpoch: Int16 = 0
    /// In versions 0-3.
    public var v3AndBelowTopics: [TopicV3] = []

    public init() {}

    public init(decoding reader: inout ByteReader, version: Int16) throws(DecodeError) {
        try reader.checkVersion(version, in: Self.validVersions)
        let flexible = version >= 3
        if version >= 4 {
            transactions = try reader.readArray(flexible: flexible, elementByteCountMin: 14, version: version)
        }
        if version <= 3 { v3AndBelowTransactionalID = try reader.readString(flexible: flexible) }
        if version <= 3 { v3AndBelowProducerID = try reader.readInt64() }
        if version <= 3 { v3AndBelowProducerEpoch = try reader.readInt16() }
        if version <= 3 {
            v3AndBelowTopics = try reader.readArray(
                flexible: flexible, elementByteCountMin: flexible ? 3 : 6, version: version)
        }
        if flexible { try reader.skipTaggedFields() }
    }

    public func encode(into writer: inout ByteWriter, version: Int16) {
        requireVersion(version, in: Self.validVersions)
        let flexible = version >= 3
        precondition(version >= 4 || transactions.isEmpty, "no transactions in version \(version)")
        precondition(
            version <= 3 || v3AndBelowTransactionalID.isEmpty, "no v3AndBelowTransactionalID in version \(version)")
        precondition(version <= 3 || v3AndBelowProducerID == 0, "no v3AndBelowProducerID in version \(version)")
        precondition(version <= 3 || v3AndBelowProducerEpoch == 0, "no v3AndBelowProducerEpoch in version \(version)")
        precondition(version <= 3 || v3AndBelowTopics.isEmpty, "no v3AndBelowTopics in version \(version)")
        if version >= 4 { writer.writeArray(transactions, flexible: flexible, version: version) }
        if version <= 3 { writer.writeString(v3AndBelowTransactionalID, flexible: flexible) }
        if version <= 3 { writer.writeInt64(v3AndBelowProducerID) }
        if version <= 3 { writer.writeInt16(v3AndBelowProducerEpoch) }
        if version <= 3 { writer.writeArray(v3AndBelowTopics, flexible: flexible, version: version) }
        if flexible { writer.writeUInt8(0) }
    }

    /// A struct inside `AddPartitionsToTxnRequest`.
    public struct Transaction: WireStructure {
        /// Transactional id.
        public var transactionalID: String = ""
        /// Producer.
        public var producerID: Int64 = 0
        public var producerEpoch: Int16 = 0
        public var verifyOnly: Bool = false
        public var topics: [Topic] = []

        /// All fields at the protocol's defaults.
        public init() {}

        init(decoding reader: inout ByteReader, version: Int16) throws(DecodeError) {
            transactionalID = try reader.readString(flexible: true)
            producerID = try reader.readInt64()
            producerEpoch = try reader.readInt16()
            verifyOnly = try reader.readBool()
            topics = try reader.readArray(flexible: true, elementByteCountMin: 3, version: version)
            try reader.skipTaggedFields()
        }

        func encode(into writer: inout ByteWriter, version: Int16) {
            writer.writeString(transactionalID, flexible: true)
            writer.writeInt64(producerID)
            writer.writeInt16(producerEpoch)
            writer.writeBool(verifyOnly)
            writer.writeArray(topics, flexible: true, version: version)
            writer.writeUInt8(0)
        }
    }

    /// A struct inside `AddPartitionsToTxnRequest`.
    public struct Topic: WireStructure {
        /// Topic.
        public var name: String = ""
        public var partitions: [Int32] = []

        /// All fields at the protocol's defaults.
        public init() {}

        init(decoding reader: inout ByteReader, version: Int16) throws(DecodeError) {
            name = try reader.readString(flexible: true)
            partitions = try reader.readIntegers(flexible: true)
            try reader.skipTaggedFields()
        }

        func encode(into writer: inout ByteWriter, version: Int16) {
            writer.writeString(name, flexible: true)
            writer.writeIntegers(partitions, flexible: true)
            writer.writeUInt8(0)
        }
    }

    /// A struct inside `AddPartitionsToTxnRequest`.
    public struct TopicV3: WireStructure {
        /// Topic.
        public var name: String = ""
        public var partitions: [Int32] = []

        /// All fields at the protocol's defaults.
        public init() {}

        init(decoding reader: inout ByteReader, version: Int16) throws(DecodeError) {
            let flexible = version >= 3
            name = try reader.readString(flexible: flexible)
            partitions = try reader.readIntegers(flexible: flexible)
            if flexible { try reader.skipTaggedFields() }
        }

        func encode(into writer: inout ByteWriter, version: Int16) {
            let flexible = version >= 3
            writer.writeString(name, flexible: flexible)
            writer.writeIntegers(partitions, flexible: flexible)
            if flexible { writer.writeUInt8(0) }
        }
    }
}

/// AddPartitionsToTxn response (API 24), versions 0-5.
public struct AddPartitionsToTxnResponse: ProtocolResponse {
    public static var apiKey: APIKey { .addPartitionsToTxn }
    public static var validVersions: ClosedRange<Int16> { 0...5 }
    public static var flexibleSince: Int16? { 3 }

    public var throttleTimeMs: Int32 = 0
    /// In versions from 4.
    public var errorCode: Int16 = 0
    /// In versions from 4.
    public var resultsByTransaction: [TransactionResult] = []
    /// In versions 0-3.
    public var resultsByTopicV3AndBelow: [TopicResultV3] = []

    public init() {}

    public init(decoding reader: inout ByteReader, version: Int16) throws(DecodeError) {
        try reader.checkVersion(version, in: Self.validVersions)
        let flexible = version >= 3
        throttleTimeMs = try reader.readInt32()
        if version >= 4 { errorCode = try reader.readInt16() }
        if version >= 4 {
            resultsByTransaction = try reader.readArray(flexible: flexible, elementByteCountMin: 3, version: version)
        }
        if version <= 3 {
            resultsByTopicV3AndBelow = try reader.readArray(
                flexible: flexible, elementByteCountMin: flexible ? 3 : 6, version: version)
        }
        if flexible { try reader.skipTaggedFields() }
    }

    public func encode(into writer: inout ByteWriter, version: Int16) {
        requireVersion(version, in: Self.validVersions)
        let flexible = version >= 3
        precondition(version >= 4 || resultsByTransaction.isEmpty, "no resultsByTransaction in version \(version)")
        precondition(
            version <= 3 || resultsByTopicV3AndBelow.isEmpty, "no resultsByTopicV3AndBelow in version \(version)")
        writer.writeInt32(throttleTimeMs)
        if version >= 4 { writer.writeInt16(errorCode) }
        if version >= 4 { writer.writeArray(resultsByTransaction, flexible: flexible, version: version) }
        if version <= 3 { writer.writeArray(resultsByTopicV3AndBelow, flexible: flexible, version: version) }
        if flexible { writer.writeUInt8(0) }
    }

    /// A struct inside `AddPartitionsToTxnResponse`.
    public struct TransactionResult: WireStructure {
        /// Transactional id.
        public var transactionalID: String = ""
        public var topicResults: [TopicResult] = []

        /// All fields at the protocol's defaults.
        public init() {}

        init(decoding reader: inout ByteReader, version: Int16) throws(DecodeError) {
            transactionalID = try reader.readString(flexible: true)
            topicResults = try reader.readArray(flexible: true, elementByteCountMin: 3, version: version)
            try reader.skipTaggedFields()
        }

        func encode(into writer: inout ByteWriter, version: Int16) {
            writer.writeString(transactionalID, flexible: true)
            writer.writeArray(topicResults, flexible: true, version: version)
            writer.writeUInt8(0)
        }
    }

    /// A struct inside `AddPartitionsToTxnResponse`.
    public struct TopicResult: WireStructure {
        /// Topic.
        public var name: String = ""
        public var resultsByPartition: [PartitionResult] = []

        /// All fields at the protocol's defaults.
        public init() {}

        init(decoding reader: inout ByteReader, version: Int16) throws(DecodeError) {
            name = try reader.readString(flexible: true)
            resultsByPartition = try reader.readArray(flexible: true, elementByteCountMin: 7, version: version)
            try reader.skipTaggedFields()
        }

        func encode(into writer: inout ByteWriter, version: Int16) {
            writer.writeString(name, flexible: true)
            writer.writeArray(resultsByPartition, flexible: true, version: version)
            writer.writeUInt8(0)
        }
    }

    /// A struct inside `AddPartitionsToTxnResponse`.
    public struct PartitionResult: WireStructure {
        public var partitionIndex: Int32 = 0
        public var partitionErrorCode: Int16 = 0

        /// All fields at the protocol's defaults.
        public init() {}

        init(decoding reader: inout ByteReader, version: Int16) throws(DecodeError) {
            partitionIndex = try reader.readInt32()
            partitionErrorCode = try reader.readInt16()
            try reader.skipTaggedFields()
        }

        func encode(into writer: inout ByteWriter, version: Int16) {
            writer.writeInt32(partitionIndex)
            writer.writeInt16(partitionErrorCode)
            writer.writeUInt8(0)
        }
    }

    /// A struct inside `AddPartitionsToTxnResponse`.
    public struct TopicResultV3: WireStructure {
        /// Topic.
        public var name: String = ""
        public var resultsByPartition: [PartitionResultV3] = []

        /// All fields at the protocol's defaults.
        public init() {}

        init(decoding reader: inout ByteReader, version: Int16) throws(DecodeError) {
            let flexible = version >= 3
            name = try reader.readString(flexible: flexible)
            resultsByPartition = try reader.readArray(
                flexible: flexible, elementByteCountMin: flexible ? 7 : 6, version: version)
            if flexible { try reader.skipTaggedFields() }
        }

        func encode(into writer: inout ByteWriter, version: Int16) {
            let flexible = version >= 3
            writer.writeString(name, flexible: flexible)
            writer.writeArray(resultsByPartition, flexible: flexible, version: version)
            if flexible { writer.writeUInt8(0) }
        }
    }

    /// A struct inside `AddPartitionsToTxnResponse`.
    public struct PartitionResultV3: WireStructure {
        public var partitionIndex: Int32 = 0
        public var partitionErrorCode: Int16 = 0

        /// All fields at the protocol's defaults.
        public init() {}

        init(decoding reader: inout ByteReader, version: Int16) throws(DecodeError) {
            let flexible = version >= 3
            partitionIndex = try reader.readInt32()
            partitionErrorCode = try reader.readInt16()
            if flexible { try reader.skipTaggedFields() }
        }

        func encode(into writer: inout ByteWriter, version: Int16) {
            let flexible = version >= 3
            writer.writeInt32(partitionIndex)
            writer.writeInt16(partitionErrorCode)
            if flexible { writer.writeUInt8(0) }
        }
    }
}
