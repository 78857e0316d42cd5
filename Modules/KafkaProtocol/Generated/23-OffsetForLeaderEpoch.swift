// SPDX-License-Identifier: Apache-2.0
// Made by protocol-generator from Tables/23-OffsetForLeaderEpoch.kafka: change that, not this.

public import Primitives

/// OffsetForLeaderEpoch request (API 23), versions 0-4.
public struct OffsetForLeaderEpochRequest: ProtocolRequest {
    public typealias Response = OffsetForLeaderEpochResponse
    public static var apiKey: APIKey { .offsetForLeaderEpoch }
    public static var validVersions: ClosedRange<Int16> { 0...4 }
    public static var flexibleSince: Int16? { 4 }

    /// Broker. In versions from 3.
    public var replicaID: Int32 = -2
    public var topics: [OffsetForLeaderTopic] = []

    public init() {}

    public init(decoding reader: inout ByteReader, version: Int16) throws(DecodeError) {
        try reader.checkVersion(version, in: Self.validVersions)
        let flexible = version >= 4
        if version >= 3 { replicaID = try reader.readInt32() }
        topics = try reader.readArray(flexible: flexible, elementByteCountMin: flexible ? 3 : 6, version: version)
        if flexible { try reader.skipTaggedFields() }
    }

    public func encode(into writer: inout ByteWriter, version: Int16) {
        requireVersion(version, in: Self.validVersions)
        let flexible = version >= 4
        if version >= 3 { writer.writeInt32(replicaID) }
        writer.writeArray(topics, flexible: flexible, version: version)
        if flexible { writer.writeUInt8(0) }
    }

    /// A struct inside `OffsetForLeaderEpochRequest`.
    public struct OffsetForLeaderTopic: WireStructure {
        /// Topic.
        public var topic: String = ""
        public var partitions: [OffsetForLeaderPartition] = []

        /// All fields at the protocol's defaults.
        public init() {}

        init(decoding reader: inout ByteReader, version: Int16) throws(DecodeError) {
            let flexible = version >= 4
            topic = try reader.readString(flexible: flexible)
            partitions = try reader.readArray(
                flexible: flexible, elementByteCountMin: flexible ? 13 : 8, version: version)
            if flexible { try reader.skipTaggedFields() }
        }

        func encode(into writer: inout ByteWriter, version: Int16) {
            let flexible = version >= 4
            writer.writeString(topic, flexible: flexible)
            writer.writeArray(partitions, flexible: flexible, version: version)
            if flexible { writer.writeUInt8(0) }
        }
    }

    /// A struct inside `OffsetForLeaderEpochRequest`.
    public struct OffsetForLeaderPartition: WireStructure {
        public var partition: Int32 = 0
        /// In versions from 2.
        public var currentLeaderEpoch: Int32 = -1
        public var leaderEpoch: Int32 = 0

        /// All fields at the protocol's defaults.
        public init() {}

        init(decoding reader: inout ByteReader, version: Int16) throws(DecodeError) {
            let flexible = version >= 4
            partition = try reader.readInt32()
            if version >= 2 { currentLeaderEpoch = try reader.readInt32() }
            leaderEpoch = try reader.readInt32()
            if flexible { try reader.skipTaggedFields() }
        }

        func encode(into writer: inout ByteWriter, version: Int16) {
            let flexible = version >= 4
            writer.writeInt32(partition)
            if version >= 2 { writer.writeInt32(currentLeaderEpoch) }
            writer.writeInt32(leaderEpoch)
            if flexible { writer.writeUInt8(0) }
        }
    }
}

/// OffsetForLeaderEpoch response (API 23), versions 0-4.
public struct OffsetForLeaderEpochResponse: ProtocolResponse {
    public static var apiKey: APIKey { .offsetForLeaderEpoch }
    public static var validVersions: ClosedRange<Int16> { 0...4 }
    public static var flexibleSince: Int16? { 4 }

    /// In versions from 2.
    public var throttleTimeMs: Int32 = 0
    public var topics: [OffsetForLeaderTopicResult] = []

    public init() {}

    public init(decoding reader: inout ByteReader, version: Int16) throws(DecodeError) {
        try reader.checkVersion(version, in: Self.validVersions)
        let flexible = version >= 4
        if version >= 2 { throttleTimeMs = try reader.readInt32() }
        topics = try reader.readArray(flexible: flexible, elementByteCountMin: flexible ? 3 : 6, version: version)
        if flexible { try reader.skipTaggedFields() }
    }

    public func encode(into writer: inout ByteWriter, version: Int16) {
        requireVersion(version, in: Self.validVersions)
        let flexible = version >= 4
        if version >= 2 { writer.writeInt32(throttleTimeMs) }
        writer.writeArray(topics, flexible: flexible, version: version)
        if flexible { writer.writeUInt8(0) }
    }

    /// A struct inside `OffsetForLeaderEpochResponse`.
    public struct OffsetForLeaderTopicResult: WireStructure {
        /// Topic.
        public var topic: String = ""
        public var partitions: [EpochEndOffset] = []

        /// All fields at the protocol's defaults.
        public init() {}

        init(decoding reader: inout ByteReader, version: Int16) throws(DecodeError) {
            let flexible = version >= 4
            topic = try reader.readString(flexible: flexible)
            partitions = try reader.readArray(
                flexible: flexible, elementByteCountMin: flexible ? 19 : 14, version: version)
            if flexible { try reader.skipTaggedFields() }
        }

        func encode(into writer: inout ByteWriter, version: Int16) {
            let flexible = version >= 4
            writer.writeString(topic, flexible: flexible)
            writer.writeArray(partitions, flexible: flexible, version: version)
            if flexible { writer.writeUInt8(0) }
        }
    }

    /// A struct inside `OffsetForLeaderEpochResponse`.
    public struct EpochEndOffset: WireStructure {
        public var errorCode: Int16 = 0
        public var partition: Int32 = 0
        /// In versions from 1.
        public var leaderEpoch: Int32 = -1
        public var endOffset: Int64 = -1

        /// All fields at the protocol's defaults.
        public init() {}

        init(decoding reader: inout ByteReader, version: Int16) throws(DecodeError) {
            let flexible = version >= 4
            errorCode = try reader.readInt16()
            partition = try reader.readInt32()
            if version >= 1 { leaderEpoch = try reader.readInt32() }
            endOffset = try reader.readInt64()
            if flexible { try reader.skipTaggedFields() }
        }

        func encode(into writer: inout ByteWriter, version: Int16) {
            let flexible = version >= 4
            writer.writeInt16(errorCode)
            writer.writeInt32(partition)
            if version >= 1 { writer.writeInt32(leaderEpoch) }
            writer.writeInt64(endOffset)
            if flexible { writer.writeUInt8(0) }
        }
    }
}
