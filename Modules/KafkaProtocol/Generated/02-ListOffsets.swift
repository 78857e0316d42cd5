// SPDX-License-Identifier: Apache-2.0
// Made by protocol-generator from Tables/02-ListOffsets.kafka: change that, not this.

public import Primitives

/// ListOffsets request (API 2), versions 1-11.
public struct ListOffsetsRequest: ProtocolRequest {
    public typealias Response = ListOffsetsResponse
    public static var apiKey: APIKey { .listOffsets }
    public static var validVersions: ClosedRange<Int16> { 1...11 }
    public static var flexibleSince: Int16? { 6 }

    /// Broker.
    public var replicaID: Int32 = 0
    /// In versions from 2.
    public var isolationLevel: Int8 = 0
    public var topics: [ListOffsetsTopic] = []
    /// In versions from 10.
    public var timeoutMs: Int32 = 0

    public init() {}

    public init(decoding reader: inout ByteReader, version: Int16) throws(DecodeError) {
        try reader.checkVersion(version, in: Self.validVersions)
        let flexible = version >= 6
        replicaID = try reader.readInt32()
        if version >= 2 { isolationLevel = try reader.readInt8() }
        topics = try reader.readArray(flexible: flexible, elementByteCountMin: flexible ? 3 : 6, version: version)
        if version >= 10 { timeoutMs = try reader.readInt32() }
        if flexible { try reader.skipTaggedFields() }
    }

    public func encode(into writer: inout ByteWriter, version: Int16) {
        requireVersion(version, in: Self.validVersions)
        let flexible = version >= 6
        precondition(version >= 2 || isolationLevel == 0, "no isolationLevel in version \(version)")
        writer.writeInt32(replicaID)
        if version >= 2 { writer.writeInt8(isolationLevel) }
        writer.writeArray(topics, flexible: flexible, version: version)
        if version >= 10 { writer.writeInt32(timeoutMs) }
        if flexible { writer.writeUInt8(0) }
    }

    /// A struct inside `ListOffsetsRequest`.
    public struct ListOffsetsTopic: WireStructure {
        /// Topic.
        public var name: String = ""
        public var partitions: [ListOffsetsPartition] = []

        /// All fields at the protocol's defaults.
        public init() {}

        init(decoding reader: inout ByteReader, version: Int16) throws(DecodeError) {
            let flexible = version >= 6
            name = try reader.readString(flexible: flexible)
            partitions = try reader.readArray(
                flexible: flexible, elementByteCountMin: flexible ? 17 : 12, version: version)
            if flexible { try reader.skipTaggedFields() }
        }

        func encode(into writer: inout ByteWriter, version: Int16) {
            let flexible = version >= 6
            writer.writeString(name, flexible: flexible)
            writer.writeArray(partitions, flexible: flexible, version: version)
            if flexible { writer.writeUInt8(0) }
        }
    }

    /// A struct inside `ListOffsetsRequest`.
    public struct ListOffsetsPartition: WireStructure {
        public var partitionIndex: Int32 = 0
        /// In versions from 4.
        public var currentLeaderEpoch: Int32 = -1
        public var timestamp: Int64 = 0

        /// All fields at the protocol's defaults.
        public init() {}

        init(decoding reader: inout ByteReader, version: Int16) throws(DecodeError) {
            let flexible = version >= 6
            partitionIndex = try reader.readInt32()
            if version >= 4 { currentLeaderEpoch = try reader.readInt32() }
            timestamp = try reader.readInt64()
            if flexible { try reader.skipTaggedFields() }
        }

        func encode(into writer: inout ByteWriter, version: Int16) {
            let flexible = version >= 6
            writer.writeInt32(partitionIndex)
            if version >= 4 { writer.writeInt32(currentLeaderEpoch) }
            writer.writeInt64(timestamp)
            if flexible { writer.writeUInt8(0) }
        }
    }
}

/// ListOffsets response (API 2), versions 1-11.
public struct ListOffsetsResponse: ProtocolResponse {
    public static var apiKey: APIKey { .listOffsets }
    public static var validVersions: ClosedRange<Int16> { 1...11 }
    public static var flexibleSince: Int16? { 6 }

    /// In versions from 2.
    public var throttleTimeMs: Int32 = 0
    public var topics: [ListOffsetsTopicResponse] = []

    public init() {}

    public init(decoding reader: inout ByteReader, version: Int16) throws(DecodeError) {
        try reader.checkVersion(version, in: Self.validVersions)
        let flexible = version >= 6
        if version >= 2 { throttleTimeMs = try reader.readInt32() }
        topics = try reader.readArray(flexible: flexible, elementByteCountMin: flexible ? 3 : 6, version: version)
        if flexible { try reader.skipTaggedFields() }
    }

    public func encode(into writer: inout ByteWriter, version: Int16) {
        requireVersion(version, in: Self.validVersions)
        let flexible = version >= 6
        if version >= 2 { writer.writeInt32(throttleTimeMs) }
        writer.writeArray(topics, flexible: flexible, version: version)
        if flexible { writer.writeUInt8(0) }
    }

    /// A struct inside `ListOffsetsResponse`.
    public struct ListOffsetsTopicResponse: WireStructure {
        /// Topic.
        public var name: String = ""
        public var partitions: [ListOffsetsPartitionResponse] = []

        /// All fields at the protocol's defaults.
        public init() {}

        init(decoding reader: inout ByteReader, version: Int16) throws(DecodeError) {
            let flexible = version >= 6
            name = try reader.readString(flexible: flexible)
            partitions = try reader.readArray(
                flexible: flexible, elementByteCountMin: flexible ? 27 : 22, version: version)
            if flexible { try reader.skipTaggedFields() }
        }

        func encode(into writer: inout ByteWriter, version: Int16) {
            let flexible = version >= 6
            writer.writeString(name, flexible: flexible)
            writer.writeArray(partitions, flexible: flexible, version: version)
            if flexible { writer.writeUInt8(0) }
        }
    }

    /// A struct inside `ListOffsetsResponse`.
    public struct ListOffsetsPartitionResponse: WireStructure {
        public var partitionIndex: Int32 = 0
        public var errorCode: Int16 = 0
        public var timestamp: Int64 = -1
        public var offset: Int64 = -1
        /// In versions from 4.
        public var leaderEpoch: Int32 = -1

        /// All fields at the protocol's defaults.
        public init() {}

        init(decoding reader: inout ByteReader, version: Int16) throws(DecodeError) {
            let flexible = version >= 6
            partitionIndex = try reader.readInt32()
            errorCode = try reader.readInt16()
            timestamp = try reader.readInt64()
            offset = try reader.readInt64()
            if version >= 4 { leaderEpoch = try reader.readInt32() }
            if flexible { try reader.skipTaggedFields() }
        }

        func encode(into writer: inout ByteWriter, version: Int16) {
            let flexible = version >= 6
            precondition(version >= 4 || leaderEpoch == -1, "no leaderEpoch in version \(version)")
            writer.writeInt32(partitionIndex)
            writer.writeInt16(errorCode)
            writer.writeInt64(timestamp)
            writer.writeInt64(offset)
            if version >= 4 { writer.writeInt32(leaderEpoch) }
            if flexible { writer.writeUInt8(0) }
        }
    }
}
