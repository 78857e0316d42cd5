// SPDX-License-Identifier: Apache-2.0
// Made by protocol-generator from Tables/09-OffsetFetch.kafka: change that, not this.

public import Primitives

/// OffsetFetch request (API 9), versions 1-10.
public struct OffsetFetchRequest: ProtocolRequest {
    public typealias Response = OffsetFetchResponse
    public static var apiKey: APIKey { .offsetFetch }
    public static var validVersions: ClosedRange<Int16> { 1...10 }
    public static var flexibleSince: Int16? { 6 }

    /// Group. In versions 1-7.
    public var groupID: String = ""
    /// In versions 1-7. Nil allowed in versions from 2.
    public var topics: [OffsetFetchRequestTopic]? = []
    /// In versions from 8.
    public var groups: [OffsetFetchRequestGroup] = []
    /// In versions from 7.
    public var requireStable: Bool = false

    public init() {}

    public init(decoding reader: inout ByteReader, version: Int16) throws(DecodeError) {
        try reader.checkVersion(version, in: Self.validVersions)
        let flexible = version >= 6
        if version <= 7 { groupID = try reader.readString(flexible: flexible) }
        if version <= 7 {
            topics = try reader.readNullableArray(
                flexible: flexible, nullable: version >= 2 && version <= 7, elementByteCountMin: flexible ? 3 : 6,
                version: version)
        }
        if version >= 8 { groups = try reader.readArray(flexible: flexible, elementByteCountMin: 3, version: version) }
        if version >= 7 { requireStable = try reader.readBool() }
        if flexible { try reader.skipTaggedFields() }
    }

    public func encode(into writer: inout ByteWriter, version: Int16) {
        requireVersion(version, in: Self.validVersions)
        let flexible = version >= 6
        precondition(version <= 7 || groupID.isEmpty, "no groupID in version \(version)")
        precondition(version <= 7 || topics?.isEmpty == true, "no topics in version \(version)")
        precondition(version >= 8 || groups.isEmpty, "no groups in version \(version)")
        precondition(version >= 7 || !requireStable, "no requireStable in version \(version)")
        if version <= 7 { writer.writeString(groupID, flexible: flexible) }
        if version <= 7 {
            writer.writeNullableArray(
                topics, flexible: flexible, nullable: version >= 2 && version <= 7, version: version)
        }
        if version >= 8 { writer.writeArray(groups, flexible: flexible, version: version) }
        if version >= 7 { writer.writeBool(requireStable) }
        if flexible { writer.writeUInt8(0) }
    }

    /// A struct inside `OffsetFetchRequest`.
    public struct OffsetFetchRequestTopic: WireStructure {
        /// Topic.
        public var name: String = ""
        public var partitionIndexes: [Int32] = []

        /// All fields at the protocol's defaults.
        public init() {}

        init(decoding reader: inout ByteReader, version: Int16) throws(DecodeError) {
            let flexible = version >= 6
            name = try reader.readString(flexible: flexible)
            partitionIndexes = try reader.readIntegers(flexible: flexible)
            if flexible { try reader.skipTaggedFields() }
        }

        func encode(into writer: inout ByteWriter, version: Int16) {
            let flexible = version >= 6
            writer.writeString(name, flexible: flexible)
            writer.writeIntegers(partitionIndexes, flexible: flexible)
            if flexible { writer.writeUInt8(0) }
        }
    }

    /// A struct inside `OffsetFetchRequest`.
    public struct OffsetFetchRequestGroup: WireStructure {
        /// Group.
        public var groupID: String = ""
        /// In versions from 9.
        public var memberID: String?
        /// In versions from 9.
        public var memberEpoch: Int32 = -1
        public var topics: [OffsetFetchRequestTopics]? = []

        /// All fields at the protocol's defaults.
        public init() {}

        init(decoding reader: inout ByteReader, version: Int16) throws(DecodeError) {
            groupID = try reader.readString(flexible: true)
            if version >= 9 { memberID = try reader.readNullableString(flexible: true) }
            if version >= 9 { memberEpoch = try reader.readInt32() }
            topics = try reader.readNullableArray(flexible: true, elementByteCountMin: 3, version: version)
            try reader.skipTaggedFields()
        }

        func encode(into writer: inout ByteWriter, version: Int16) {
            writer.writeString(groupID, flexible: true)
            if version >= 9 { writer.writeNullableString(memberID, flexible: true) }
            if version >= 9 { writer.writeInt32(memberEpoch) }
            writer.writeNullableArray(topics, flexible: true, version: version)
            writer.writeUInt8(0)
        }
    }

    /// A struct inside `OffsetFetchRequest`.
    public struct OffsetFetchRequestTopics: WireStructure {
        /// Topic. In versions 8-9.
        public var name: String = ""
        /// In version 10.
        public var topicID: TopicID = .zero
        public var partitionIndexes: [Int32] = []

        /// All fields at the protocol's defaults.
        public init() {}

        init(decoding reader: inout ByteReader, version: Int16) throws(DecodeError) {
            if version <= 9 { name = try reader.readString(flexible: true) }
            if version == 10 { topicID = try reader.readTopicID() }
            partitionIndexes = try reader.readIntegers(flexible: true)
            try reader.skipTaggedFields()
        }

        func encode(into writer: inout ByteWriter, version: Int16) {
            if version <= 9 { writer.writeString(name, flexible: true) }
            if version == 10 { writer.writeTopicID(topicID) }
            writer.writeIntegers(partitionIndexes, flexible: true)
            writer.writeUInt8(0)
        }
    }
}

/// OffsetFetch response (API 9), versions 1-10.
public struct OffsetFetchResponse: ProtocolResponse {
    public static var apiKey: APIKey { .offsetFetch }
    public static var validVersions: ClosedRange<Int16> { 1...10 }
    public static var flexibleSince: Int16? { 6 }

    /// In versions from 3.
    public var throttleTimeMs: Int32 = 0
    /// In versions 1-7.
    public var topics: [OffsetFetchResponseTopic] = []
    /// In versions 2-7.
    public var errorCode: Int16 = 0
    /// In versions from 8.
    public var groups: [OffsetFetchResponseGroup] = []

    public init() {}

    public init(decoding reader: inout ByteReader, version: Int16) throws(DecodeError) {
        try reader.checkVersion(version, in: Self.validVersions)
        let flexible = version >= 6
        if version >= 3 { throttleTimeMs = try reader.readInt32() }
        if version <= 7 {
            topics = try reader.readArray(flexible: flexible, elementByteCountMin: flexible ? 3 : 6, version: version)
        }
        if version >= 2 && version <= 7 { errorCode = try reader.readInt16() }
        if version >= 8 { groups = try reader.readArray(flexible: flexible, elementByteCountMin: 5, version: version) }
        if flexible { try reader.skipTaggedFields() }
    }

    public func encode(into writer: inout ByteWriter, version: Int16) {
        requireVersion(version, in: Self.validVersions)
        let flexible = version >= 6
        precondition(version <= 7 || topics.isEmpty, "no topics in version \(version)")
        precondition(version >= 8 || groups.isEmpty, "no groups in version \(version)")
        if version >= 3 { writer.writeInt32(throttleTimeMs) }
        if version <= 7 { writer.writeArray(topics, flexible: flexible, version: version) }
        if version >= 2 && version <= 7 { writer.writeInt16(errorCode) }
        if version >= 8 { writer.writeArray(groups, flexible: flexible, version: version) }
        if flexible { writer.writeUInt8(0) }
    }

    /// A struct inside `OffsetFetchResponse`.
    public struct OffsetFetchResponseTopic: WireStructure {
        /// Topic.
        public var name: String = ""
        public var partitions: [OffsetFetchResponsePartition] = []

        /// All fields at the protocol's defaults.
        public init() {}

        init(decoding reader: inout ByteReader, version: Int16) throws(DecodeError) {
            let flexible = version >= 6
            name = try reader.readString(flexible: flexible)
            partitions = try reader.readArray(
                flexible: flexible, elementByteCountMin: flexible ? 20 : 16, version: version)
            if flexible { try reader.skipTaggedFields() }
        }

        func encode(into writer: inout ByteWriter, version: Int16) {
            let flexible = version >= 6
            writer.writeString(name, flexible: flexible)
            writer.writeArray(partitions, flexible: flexible, version: version)
            if flexible { writer.writeUInt8(0) }
        }
    }

    /// A struct inside `OffsetFetchResponse`.
    public struct OffsetFetchResponsePartition: WireStructure {
        public var partitionIndex: Int32 = 0
        public var committedOffset: Int64 = 0
        /// In versions from 5.
        public var committedLeaderEpoch: Int32 = -1
        public var metadata: String? = ""
        public var errorCode: Int16 = 0

        /// All fields at the protocol's defaults.
        public init() {}

        init(decoding reader: inout ByteReader, version: Int16) throws(DecodeError) {
            let flexible = version >= 6
            partitionIndex = try reader.readInt32()
            committedOffset = try reader.readInt64()
            if version >= 5 { committedLeaderEpoch = try reader.readInt32() }
            metadata = try reader.readNullableString(flexible: flexible)
            errorCode = try reader.readInt16()
            if flexible { try reader.skipTaggedFields() }
        }

        func encode(into writer: inout ByteWriter, version: Int16) {
            let flexible = version >= 6
            writer.writeInt32(partitionIndex)
            writer.writeInt64(committedOffset)
            if version >= 5 { writer.writeInt32(committedLeaderEpoch) }
            writer.writeNullableString(metadata, flexible: flexible)
            writer.writeInt16(errorCode)
            if flexible { writer.writeUInt8(0) }
        }
    }

    /// A struct inside `OffsetFetchResponse`.
    public struct OffsetFetchResponseGroup: WireStructure {
        /// Group.
        public var groupID: String = ""
        public var topics: [OffsetFetchResponseTopics] = []
        public var errorCode: Int16 = 0

        /// All fields at the protocol's defaults.
        public init() {}

        init(decoding reader: inout ByteReader, version: Int16) throws(DecodeError) {
            groupID = try reader.readString(flexible: true)
            topics = try reader.readArray(flexible: true, elementByteCountMin: 3, version: version)
            errorCode = try reader.readInt16()
            try reader.skipTaggedFields()
        }

        func encode(into writer: inout ByteWriter, version: Int16) {
            writer.writeString(groupID, flexible: true)
            writer.writeArray(topics, flexible: true, version: version)
            writer.writeInt16(errorCode)
            writer.writeUInt8(0)
        }
    }

    /// A struct inside `OffsetFetchResponse`.
    public struct OffsetFetchResponseTopics: WireStructure {
        /// Topic. In versions 8-9.
        public var name: String = ""
        /// In version 10.
        public var topicID: TopicID = .zero
        public var partitions: [OffsetFetchResponsePartitions] = []

        /// All fields at the protocol's defaults.
        public init() {}

        init(decoding reader: inout ByteReader, version: Int16) throws(DecodeError) {
            if version <= 9 { name = try reader.readString(flexible: true) }
            if version == 10 { topicID = try reader.readTopicID() }
            partitions = try reader.readArray(flexible: true, elementByteCountMin: 20, version: version)
            try reader.skipTaggedFields()
        }

        func encode(into writer: inout ByteWriter, version: Int16) {
            if version <= 9 { writer.writeString(name, flexible: true) }
            if version == 10 { writer.writeTopicID(topicID) }
            writer.writeArray(partitions, flexible: true, version: version)
            writer.writeUInt8(0)
        }
    }

    /// A struct inside `OffsetFetchResponse`.
    public struct OffsetFetchResponsePartitions: WireStructure {
        public var partitionIndex: Int32 = 0
        public var committedOffset: Int64 = 0
        public var committedLeaderEpoch: Int32 = -1
        public var metadata: String? = ""
        public var errorCode: Int16 = 0

        /// All fields at the protocol's defaults.
        public init() {}

        init(decoding reader: inout ByteReader, version: Int16) throws(DecodeError) {
            partitionIndex = try reader.readInt32()
            committedOffset = try reader.readInt64()
            committedLeaderEpoch = try reader.readInt32()
            metadata = try reader.readNullableString(flexible: true)
            errorCode = try reader.readInt16()
            try reader.skipTaggedFields()
        }

        func encode(into writer: inout ByteWriter, version: Int16) {
            writer.writeInt32(partitionIndex)
            writer.writeInt64(committedOffset)
            writer.writeInt32(committedLeaderEpoch)
            writer.writeNullableString(metadata, flexible: true)
            writer.writeInt16(errorCode)
            writer.writeUInt8(0)
        }
    }
}
