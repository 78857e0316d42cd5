// SPDX-License-Identifier: Apache-2.0
// Made by protocol-generator from Tables/28-TxnOffsetCommit.kafka: change that, not this.

public import Primitives

/// TxnOffsetCommit request (API 28), versions 0-5.
public struct TxnOffsetCommitRequest: ProtocolRequest {
    public typealias Response = TxnOffsetCommitResponse
    public static var apiKey: APIKey { .txnOffsetCommit }
    public static var validVersions: ClosedRange<Int16> { 0...5 }
    public static var flexibleSince: Int16? { 3 }

    /// Transactional id.
    public var transactionalID: String = ""
    /// Group.
    public var groupID: String = ""
    /// Producer.
    public var producerID: Int64 = 0
    public var producerEpoch: Int16 = 0
    /// In versions from 3.
    public var generationID: Int32 = -1
    /// In versions from 3.
    public var memberID: String = ""
    /// In versions from 3.
    public var groupInstanceID: String?
    public var topics: [TxnOffsetCommitRequestTopic] = []

    public init() {}

    public init(decoding reader: inout ByteReader, version: Int16) throws(DecodeError) {
        try reader.checkVersion(version, in: Self.validVersions)
        let flexible = version >= 3
        transactionalID = try reader.readString(flexible: flexible)
        groupID = try reader.readString(flexible: flexible)
        producerID = try reader.readInt64()
        producerEpoch = try reader.readInt16()
        if version >= 3 { generationID = try reader.readInt32() }
        if version >= 3 { memberID = try reader.readString(flexible: flexible) }
        if version >= 3 { groupInstanceID = try reader.readNullableString(flexible: flexible) }
        topics = try reader.readArray(flexible: flexible, elementByteCountMin: flexible ? 3 : 6, version: version)
        if flexible { try reader.skipTaggedFields() }
    }

    public func encode(into writer: inout ByteWriter, version: Int16) {
        requireVersion(version, in: Self.validVersions)
        let flexible = version >= 3
        precondition(version >= 3 || generationID == -1, "no generationID in version \(version)")
        precondition(version >= 3 || memberID.isEmpty, "no memberID in version \(version)")
        precondition(version >= 3 || groupInstanceID == nil, "no groupInstanceID in version \(version)")
        writer.writeString(transactionalID, flexible: flexible)
        writer.writeString(groupID, flexible: flexible)
        writer.writeInt64(producerID)
        writer.writeInt16(producerEpoch)
        if version >= 3 { writer.writeInt32(generationID) }
        if version >= 3 { writer.writeString(memberID, flexible: flexible) }
        if version >= 3 { writer.writeNullableString(groupInstanceID, flexible: flexible) }
        writer.writeArray(topics, flexible: flexible, version: version)
        if flexible { writer.writeUInt8(0) }
    }

    /// A struct inside `TxnOffsetCommitRequest`.
    public struct TxnOffsetCommitRequestTopic: WireStructure {
        /// Topic.
        public var name: String = ""
        public var partitions: [TxnOffsetCommitRequestPartition] = []

        /// All fields at the protocol's defaults.
        public init() {}

        init(decoding reader: inout ByteReader, version: Int16) throws(DecodeError) {
            let flexible = version >= 3
            name = try reader.readString(flexible: flexible)
            partitions = try reader.readArray(
                flexible: flexible, elementByteCountMin: flexible ? 18 : 14, version: version)
            if flexible { try reader.skipTaggedFields() }
        }

        func encode(into writer: inout ByteWriter, version: Int16) {
            let flexible = version >= 3
            writer.writeString(name, flexible: flexible)
            writer.writeArray(partitions, flexible: flexible, version: version)
            if flexible { writer.writeUInt8(0) }
        }
    }

    /// A struct inside `TxnOffsetCommitRequest`.
    public struct TxnOffsetCommitRequestPartition: WireStructure {
        public var partitionIndex: Int32 = 0
        public var committedOffset: Int64 = 0
        /// In versions from 2.
        public var committedLeaderEpoch: Int32 = -1
        public var committedMetadata: String? = ""

        /// All fields at the protocol's defaults.
        public init() {}

        init(decoding reader: inout ByteReader, version: Int16) throws(DecodeError) {
            let flexible = version >= 3
            partitionIndex = try reader.readInt32()
            committedOffset = try reader.readInt64()
            if version >= 2 { committedLeaderEpoch = try reader.readInt32() }
            committedMetadata = try reader.readNullableString(flexible: flexible)
            if flexible { try reader.skipTaggedFields() }
        }

        func encode(into writer: inout ByteWriter, version: Int16) {
            let flexible = version >= 3
            writer.writeInt32(partitionIndex)
            writer.writeInt64(committedOffset)
            if version >= 2 { writer.writeInt32(committedLeaderEpoch) }
            writer.writeNullableString(committedMetadata, flexible: flexible)
            if flexible { writer.writeUInt8(0) }
        }
    }
}

/// TxnOffsetCommit response (API 28), versions 0-5.
public struct TxnOffsetCommitResponse: ProtocolResponse {
    public static var apiKey: APIKey { .txnOffsetCommit }
    public static var validVersions: ClosedRange<Int16> { 0...5 }
    public static var flexibleSince: Int16? { 3 }

    public var throttleTimeMs: Int32 = 0
    public var topics: [TxnOffsetCommitResponseTopic] = []

    public init() {}

    public init(decoding reader: inout ByteReader, version: Int16) throws(DecodeError) {
        try reader.checkVersion(version, in: Self.validVersions)
        let flexible = version >= 3
        throttleTimeMs = try reader.readInt32()
        topics = try reader.readArray(flexible: flexible, elementByteCountMin: flexible ? 3 : 6, version: version)
        if flexible { try reader.skipTaggedFields() }
    }

    public func encode(into writer: inout ByteWriter, version: Int16) {
        requireVersion(version, in: Self.validVersions)
        let flexible = version >= 3
        writer.writeInt32(throttleTimeMs)
        writer.writeArray(topics, flexible: flexible, version: version)
        if flexible { writer.writeUInt8(0) }
    }

    /// A struct inside `TxnOffsetCommitResponse`.
    public struct TxnOffsetCommitResponseTopic: WireStructure {
        /// Topic.
        public var name: String = ""
        public var partitions: [TxnOffsetCommitResponsePartition] = []

        /// All fields at the protocol's defaults.
        public init() {}

        init(decoding reader: inout ByteReader, version: Int16) throws(DecodeError) {
            let flexible = version >= 3
            name = try reader.readString(flexible: flexible)
            partitions = try reader.readArray(
                flexible: flexible, elementByteCountMin: flexible ? 7 : 6, version: version)
            if flexible { try reader.skipTaggedFields() }
        }

        func encode(into writer: inout ByteWriter, version: Int16) {
            let flexible = version >= 3
            writer.writeString(name, flexible: flexible)
            writer.writeArray(partitions, flexible: flexible, version: version)
            if flexible { writer.writeUInt8(0) }
        }
    }

    /// A struct inside `TxnOffsetCommitResponse`.
    public struct TxnOffsetCommitResponsePartition: WireStructure {
        public var partitionIndex: Int32 = 0
        public var errorCode: Int16 = 0

        /// All fields at the protocol's defaults.
        public init() {}

        init(decoding reader: inout ByteReader, version: Int16) throws(DecodeError) {
            let flexible = version >= 3
            partitionIndex = try reader.readInt32()
            errorCode = try reader.readInt16()
            if flexible { try reader.skipTaggedFields() }
        }

        func encode(into writer: inout ByteWriter, version: Int16) {
            let flexible = version >= 3
            writer.writeInt32(partitionIndex)
            writer.writeInt16(errorCode)
            if flexible { writer.writeUInt8(0) }
        }
    }
}
