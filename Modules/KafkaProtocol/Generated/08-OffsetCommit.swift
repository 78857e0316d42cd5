// SPDX-License-Identifier: Apache-2.0
// Made by protocol-generator from Tables/08-OffsetCommit.kafka: change that, not this.

public import Primitives

/// OffsetCommit request (API 8), versions 2-10.
public struct OffsetCommitRequest: ProtocolRequest {
    public typealias Response = OffsetCommitResponse
    public static var apiKey: APIKey { .offsetCommit }
    public static var validVersions: ClosedRange<Int16> { 2...10 }
    public static var flexibleSince: Int16? { 8 }

    /// Group.
    public var groupID: String = ""
    public var generationIDOrMemberEpoch: Int32 = -1
    public var memberID: String = ""
    /// In versions from 7.
    public var groupInstanceID: String?
    /// In versions 2-4.
    public var retentionTimeMs: Int64 = -1
    public var topics: [OffsetCommitRequestTopic] = []

    public init() {}

    public init(decoding reader: inout ByteReader, version: Int16) throws(DecodeError) {
        try reader.checkVersion(version, in: Self.validVersions)
        let flexible = version >= 8
        groupID = try reader.readString(flexible: flexible)
        generationIDOrMemberEpoch = try reader.readInt32()
        memberID = try reader.readString(flexible: flexible)
        if version >= 7 { groupInstanceID = try reader.readNullableString(flexible: flexible) }
        if version <= 4 { retentionTimeMs = try reader.readInt64() }
        topics = try reader.readArray(flexible: flexible, elementByteCountMin: flexible ? 3 : 6, version: version)
        if flexible { try reader.skipTaggedFields() }
    }

    public func encode(into writer: inout ByteWriter, version: Int16) {
        requireVersion(version, in: Self.validVersions)
        let flexible = version >= 8
        precondition(version >= 7 || groupInstanceID == nil, "no groupInstanceID in version \(version)")
        writer.writeString(groupID, flexible: flexible)
        writer.writeInt32(generationIDOrMemberEpoch)
        writer.writeString(memberID, flexible: flexible)
        if version >= 7 { writer.writeNullableString(groupInstanceID, flexible: flexible) }
        if version <= 4 { writer.writeInt64(retentionTimeMs) }
        writer.writeArray(topics, flexible: flexible, version: version)
        if flexible { writer.writeUInt8(0) }
    }

    /// A struct inside `OffsetCommitRequest`.
    public struct OffsetCommitRequestTopic: WireStructure {
        /// Topic. In versions 2-9.
        public var name: String = ""
        /// In version 10.
        public var topicID: TopicID = .zero
        public var partitions: [OffsetCommitRequestPartition] = []

        /// All fields at the protocol's defaults.
        public init() {}

        init(decoding reader: inout ByteReader, version: Int16) throws(DecodeError) {
            let flexible = version >= 8
            if version <= 9 { name = try reader.readString(flexible: flexible) }
            if version == 10 { topicID = try reader.readTopicID() }
            partitions = try reader.readArray(
                flexible: flexible, elementByteCountMin: flexible ? 18 : 14, version: version)
            if flexible { try reader.skipTaggedFields() }
        }

        func encode(into writer: inout ByteWriter, version: Int16) {
            let flexible = version >= 8
            if version <= 9 { writer.writeString(name, flexible: flexible) }
            if version == 10 { writer.writeTopicID(topicID) }
            writer.writeArray(partitions, flexible: flexible, version: version)
            if flexible { writer.writeUInt8(0) }
        }
    }

    /// A struct inside `OffsetCommitRequest`.
    public struct OffsetCommitRequestPartition: WireStructure {
        public var partitionIndex: Int32 = 0
        public var committedOffset: Int64 = 0
        /// In versions from 6.
        public var committedLeaderEpoch: Int32 = -1
        public var committedMetadata: String? = ""

        /// All fields at the protocol's defaults.
        public init() {}

        init(decoding reader: inout ByteReader, version: Int16) throws(DecodeError) {
            let flexible = version >= 8
            partitionIndex = try reader.readInt32()
            committedOffset = try reader.readInt64()
            if version >= 6 { committedLeaderEpoch = try reader.readInt32() }
            committedMetadata = try reader.readNullableString(flexible: flexible)
            if flexible { try reader.skipTaggedFields() }
        }

        func encode(into writer: inout ByteWriter, version: Int16) {
            let flexible = version >= 8
            writer.writeInt32(partitionIndex)
            writer.writeInt64(committedOffset)
            if version >= 6 { writer.writeInt32(committedLeaderEpoch) }
            writer.writeNullableString(committedMetadata, flexible: flexible)
            if flexible { writer.writeUInt8(0) }
        }
    }
}

/// OffsetCommit response (API 8), versions 2-10.
public struct OffsetCommitResponse: ProtocolResponse {
    public static var apiKey: APIKey { .offsetCommit }
    public static var validVersions: ClosedRange<Int16> { 2...10 }
    public static var flexibleSince: Int16? { 8 }

    /// In versions from 3.
    public var throttleTimeMs: Int32 = 0
    public var topics: [OffsetCommitResponseTopic] = []

    public init() {}

    public init(decoding reader: inout ByteReader, version: Int16) throws(DecodeError) {
        try reader.checkVersion(version, in: Self.validVersions)
        let flexible = version >= 8
        if version >= 3 { throttleTimeMs = try reader.readInt32() }
        topics = try reader.readArray(flexible: flexible, elementByteCountMin: flexible ? 3 : 6, version: version)
        if flexible { try reader.skipTaggedFields() }
    }

    public func encode(into writer: inout ByteWriter, version: Int16) {
        requireVersion(version, in: Self.validVersions)
        let flexible = version >= 8
        if version >= 3 { writer.writeInt32(throttleTimeMs) }
        writer.writeArray(topics, flexible: flexible, version: version)
        if flexible { writer.writeUInt8(0) }
    }

    /// A struct inside `OffsetCommitResponse`.
    public struct OffsetCommitResponseTopic: WireStructure {
        /// Topic. In versions 2-9.
        public var name: String = ""
        /// In version 10.
        public var topicID: TopicID = .zero
        public var partitions: [OffsetCommitResponsePartition] = []

        /// All fields at the protocol's defaults.
        public init() {}

        init(decoding reader: inout ByteReader, version: Int16) throws(DecodeError) {
            let flexible = version >= 8
            if version <= 9 { name = try reader.readString(flexible: flexible) }
            if version == 10 { topicID = try reader.readTopicID() }
            partitions = try reader.readArray(
                flexible: flexible, elementByteCountMin: flexible ? 7 : 6, version: version)
            if flexible { try reader.skipTaggedFields() }
        }

        func encode(into writer: inout ByteWriter, version: Int16) {
            let flexible = version >= 8
            if version <= 9 { writer.writeString(name, flexible: flexible) }
            if version == 10 { writer.writeTopicID(topicID) }
            writer.writeArray(partitions, flexible: flexible, version: version)
            if flexible { writer.writeUInt8(0) }
        }
    }

    /// A struct inside `OffsetCommitResponse`.
    public struct OffsetCommitResponsePartition: WireStructure {
        public var partitionIndex: Int32 = 0
        public var errorCode: Int16 = 0

        /// All fields at the protocol's defaults.
        public init() {}

        init(decoding reader: inout ByteReader, version: Int16) throws(DecodeError) {
            let flexible = version >= 8
            partitionIndex = try reader.readInt32()
            errorCode = try reader.readInt16()
            if flexible { try reader.skipTaggedFields() }
        }

        func encode(into writer: inout ByteWriter, version: Int16) {
            let flexible = version >= 8
            writer.writeInt32(partitionIndex)
            writer.writeInt16(errorCode)
            if flexible { writer.writeUInt8(0) }
        }
    }
}
