// SPDX-License-Identifier: Apache-2.0

public import Primitives

/// One record of `__consumer_offsets`, as far as this version understands it.
public enum DecodedGroupRecord: Equatable, Sendable {
    case record(GroupRecord)
    /// A kind of a later version (KIP-848 and share groups use 3 to 16): stays in the log, is not replayed.
    case unknown(keyVersion: Int16)
}

extension GroupRecord {
    /// Versions of Kafka's schemas. Keys: 0 and 1 are the same bytes, offsets; 2 is a group.
    private enum Version {
        static let offsetKey: Int16 = 1
        static let groupKey: Int16 = 2
        static let offsetValueWithExpiry: Int16 = 1
        static let offsetValue: Int16 = 3
        static let offsetValueFlexible: Int16 = 4
        static let groupValue: Int16 = 3
        static let groupValueFlexible: Int16 = 4
    }

    /// Tag of the topic id in version 4 of an offset commit.
    private static let topicIDTag: UInt32 = 0

    /// Key and value as Kafka 4 writes them; a nil value is a tombstone.
    ///
    /// A commit is version 3; version 1 where it has an expiry of its own, which no other version carries; version 4
    /// where it names its topic by id. A group is version 3.
    /// - Precondition: no text is longer than 32,767 bytes; the coordinator refuses those.
    public func encoded() -> (key: SharedBytes, value: SharedBytes?) {
        var key = ByteWriter(capacity: 64)
        switch self {
        case .offsetCommitted(let group, let partition, let committed):
            Self.write(key: group, partition, into: &key)
            return (key.shared, committed.encoded())
        case .offsetRemoved(let group, let partition):
            Self.write(key: group, partition, into: &key)
            return (key.shared, nil)
        case .groupChanged(let group, let metadata):
            Self.write(key: group, into: &key)
            return (key.shared, metadata.encoded())
        case .groupRemoved(let group):
            Self.write(key: group, into: &key)
            return (key.shared, nil)
        }
    }

    /// Reads one record of the log.
    ///
    /// - Parameter value: nil for a tombstone.
    /// - Throws: `.invalidValue` for an unknown version of a known value, and what truncated or garbled bytes deserve.
    public static func decode(key: SharedBytes, value: SharedBytes?) throws(DecodeError) -> DecodedGroupRecord {
        var reader = ByteReader(key)
        let version = try reader.readInt16()
        switch version {
        case 0, Version.offsetKey:
            let group = GroupID(try reader.readText(flexible: false))
            let topic = try reader.readText(flexible: false)
            let partition = TopicPartition(topic: topic, partition: PartitionIndex(try reader.readInt32()))
            try reader.finish()
            guard let value else { return .record(.offsetRemoved(group, partition)) }
            return .record(.offsetCommitted(group, partition, try CommittedOffset(decoding: value)))
        case Version.groupKey:
            let group = GroupID(try reader.readText(flexible: false))
            try reader.finish()
            guard let value else { return .record(.groupRemoved(group)) }
            return .record(.groupChanged(group, try GroupMetadata(decoding: value)))
        case 3...:
            return .unknown(keyVersion: version)
        default:
            throw DecodeError(.invalidValue(Int64(version)), at: 0)
        }
    }

    private static func write(key group: GroupID, _ partition: TopicPartition, into writer: inout ByteWriter) {
        writer.writeInt16(Version.offsetKey)
        writer.writeText(group.rawValue, flexible: false)
        writer.writeText(partition.topic, flexible: false)
        writer.writeInt32(partition.partition.rawValue)
    }

    private static func write(key group: GroupID, into writer: inout ByteWriter) {
        writer.writeInt16(Version.groupKey)
        writer.writeText(group.rawValue, flexible: false)
    }

    fileprivate static func writeValue(_ committed: CommittedOffset, into writer: inout ByteWriter) {
        let flexible = committed.topicID != .zero
        let expires = committed.expiresAt != .none && !flexible
        let version =
            flexible ? Version.offsetValueFlexible : expires ? Version.offsetValueWithExpiry : Version.offsetValue
        writer.writeInt16(version)
        writer.writeInt64(committed.offset.rawValue)
        if version >= 3 { writer.writeInt32(committed.leaderEpoch.rawValue) }
        writer.writeText(committed.metadata, flexible: flexible)
        writer.writeInt64(committed.committedAt.rawValue)
        if version == 1 { writer.writeInt64(committed.expiresAt.rawValue) }
        guard flexible else { return }
        writer.writeUnsignedVarint32(1)
        writer.writeUnsignedVarint32(topicIDTag)
        writer.writeUnsignedVarint32(16)
        writer.writeInteger(committed.topicID.high)
        writer.writeInteger(committed.topicID.low)
    }

    fileprivate static func readCommittedOffset(_ reader: inout ByteReader) throws(DecodeError) -> CommittedOffset {
        let version = try reader.readVersion(upTo: Version.offsetValueFlexible)
        let flexible = version >= 4
        let offset = Offset(try reader.readInt64())
        let leaderEpoch = version >= 3 ? LeaderEpoch(try reader.readInt32()) : LeaderEpoch.none
        let metadata = try reader.readText(flexible: flexible)
        let committedAt = Timestamp(try reader.readInt64())
        let expiresAt = version == 1 ? Timestamp(try reader.readInt64()) : Timestamp.none
        var committed = CommittedOffset(
            offset: offset, leaderEpoch: leaderEpoch, metadata: metadata, committedAt: committedAt,
            expiresAt: expiresAt)
        if flexible {
            try reader.readTags { tag, field throws(DecodeError) in
                guard tag == topicIDTag else { return }
                var field = field
                committed.topicID = TopicID(high: try field.readInteger(), low: try field.readInteger())
                try field.finish()
            }
        }
        try reader.finish()
        return committed
    }

    fileprivate static func writeValue(_ group: GroupMetadata, into writer: inout ByteWriter) {
        writer.writeInt16(Version.groupValue)
        writer.writeText(group.protocolType, flexible: false)
        writer.writeInt32(group.generation.rawValue)
        writer.writeNullableText(group.protocolName)
        writer.writeNullableText(group.leader?.rawValue)
        writer.writeInt64(group.stateChangedAt.rawValue)
        writer.writeInt32(Int32(group.members.count))
        for member in group.members {
            writer.writeText(member.memberID.rawValue, flexible: false)
            writer.writeNullableText(member.instanceID?.rawValue)
            writer.writeText(member.clientID, flexible: false)
            writer.writeText(member.clientHost, flexible: false)
            writer.writeInt32(member.rebalanceTimeoutMilliseconds)
            writer.writeInt32(member.sessionTimeoutMilliseconds)
            writer.writeInt32(Int32(member.subscription.count))
            writer.writeBytes(member.subscription)
            writer.writeInt32(Int32(member.assignment.count))
            writer.writeBytes(member.assignment)
        }
    }

    fileprivate static func readGroupMetadata(_ reader: inout ByteReader) throws(DecodeError) -> GroupMetadata {
        let version = try reader.readVersion(upTo: Version.groupValueFlexible)
        let flexible = version >= 4
        let protocolType = try reader.readText(flexible: flexible)
        let generation = GenerationID(try reader.readInt32())
        let protocolName = try reader.readNullableText(flexible: flexible)
        let leader = try reader.readNullableText(flexible: flexible).map { MemberID($0) }
        let stateChangedAt = version >= 2 ? Timestamp(try reader.readInt64()) : Timestamp.none
        let count = try reader.readCount(flexible: flexible, elementByteCountMin: 14)
        var members: [MemberMetadata] = []
        members.reserveCapacity(count)
        for _ in 0..<count { members.append(try readMember(&reader, version: version)) }
        if flexible { try reader.readTags { _, _ in } }
        try reader.finish()
        return GroupMetadata(
            protocolType: protocolType, generation: generation, protocolName: protocolName, leader: leader,
            stateChangedAt: stateChangedAt, members: members)
    }

    private static func readMember(
        _ reader: inout ByteReader, version: Int16
    ) throws(DecodeError) -> MemberMetadata {
        let flexible = version >= 4
        let memberID = MemberID(try reader.readText(flexible: flexible))
        let instanceID = version >= 3 ? try reader.readNullableText(flexible: flexible) : nil
        let clientID = try reader.readText(flexible: flexible)
        let clientHost = try reader.readText(flexible: flexible)
        let rebalanceTimeout = version >= 1 ? try reader.readInt32() : -1
        let sessionTimeout = try reader.readInt32()
        let subscription = try reader.readBlob(flexible: flexible)
        let assignment = try reader.readBlob(flexible: flexible)
        if flexible { try reader.readTags { _, _ in } }
        return MemberMetadata(
            memberID: memberID, instanceID: instanceID.map { GroupInstanceID($0) }, clientID: clientID,
            clientHost: clientHost, rebalanceTimeoutMilliseconds: rebalanceTimeout,
            sessionTimeoutMilliseconds: sessionTimeout, subscription: subscription, assignment: assignment)
    }
}

extension CommittedOffset {
    init(decoding bytes: SharedBytes) throws(DecodeError) {
        var reader = ByteReader(bytes)
        self = try GroupRecord.readCommittedOffset(&reader)
    }

    func encoded() -> SharedBytes {
        var writer = ByteWriter(capacity: 32)
        GroupRecord.writeValue(self, into: &writer)
        return writer.shared
    }
}

extension GroupMetadata {
    init(decoding bytes: SharedBytes) throws(DecodeError) {
        var reader = ByteReader(bytes)
        self = try GroupRecord.readGroupMetadata(&reader)
    }

    func encoded() -> SharedBytes {
        var writer = ByteWriter(capacity: 256)
        GroupRecord.writeValue(self, into: &writer)
        return writer.shared
    }
}
