// SPDX-License-Identifier: Apache-2.0

import Groups
import Primitives

/// A transcript line that makes no sense.
struct BadCommand: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}

/// The words of a transcript command: positional ones and `key=value`.
struct Arguments {
    private(set) var positional: [String] = []
    private var named: [String: String] = [:]

    init(_ words: [String]) throws {
        for word in words {
            guard let equals = word.firstIndex(of: "="), !word.prefix(upTo: equals).contains("-") else {
                positional.append(word)
                continue
            }
            named[String(word[..<equals])] = String(word[word.index(after: equals)...])
        }
    }

    func integer(at index: Int) throws -> Int64 {
        guard positional.indices.contains(index), let value = Int64(positional[index]) else {
            throw BadCommand("no number at place \(index) of \(positional)")
        }
        return value
    }

    private func word(_ index: Int) throws -> String {
        guard positional.indices.contains(index) else { throw BadCommand("too few words: \(positional)") }
        return positional[index]
    }

    private func integer<Value: FixedWidthInteger>(_ key: String, or otherwise: Value) -> Value {
        named[key].flatMap { Value($0) } ?? otherwise
    }

    private func list(_ key: String) -> [String] { named[key]?.split(separator: ",").map(String.init) ?? [] }

    func failure() throws -> AppendFailure {
        switch try word(0) {
        case "notEnoughReplicas": .notEnoughReplicas
        case "timedOut": .timedOut
        case "leadershipLost": .leadershipLost
        case "storageFailed": .storageFailed
        case "recordsTooLarge": .recordsTooLarge
        case let other: throw BadCommand("no such failure: \(other)")
        }
    }

    func apply(to limits: inout GroupLimits) throws {
        for (key, value) in named.sorted(by: { $0.key < $1.key }) {
            guard let number = Int(value) else { throw BadCommand("\(key)=\(value)") }
            switch key {
            case "delay": limits.initialRebalanceDelayMilliseconds = Int32(number)
            case "members": limits.memberCountMax = number
            case "pending": limits.pendingMemberCountMax = number
            case "groups": limits.groupCountMax = number
            case "metadata": limits.groupMetadataByteCountMax = ByteCount(number)
            case "remark": limits.offsetMetadataLengthMax = number
            case "retention": limits.offsetsRetentionMilliseconds = Int64(number)
            case "check": limits.retentionCheckIntervalMilliseconds = Int64(number)
            case "appends": limits.appendsInFlightMax = number
            case "tombstones": limits.tombstonesPerAppendMax = number
            default: throw BadCommand("no such limit: \(key)")
            }
        }
    }

    func request(_ verb: String, member: (String) -> MemberID) throws -> GroupRequest {
        switch verb {
        case "join": .join(try join(member))
        case "sync": .sync(try sync(member))
        case "heartbeat":
            .heartbeat(
                HeartbeatRequest(group: try group(), generation: generation, member: identity(try word(1), member)))
        case "leave":
            .leave(
                LeaveRequest(group: try group(), members: positional.dropFirst().map { leaving($0, member) }))
        case "commit": .commitOffsets(try commit(member))
        case "fetch": .fetchOffsets(try fetch())
        case "delete-offsets":
            .deleteOffsets(
                OffsetDeleteRequest(
                    group: try group(), partitions: try positional.dropFirst().map { try partition($0) }))
        case "describe": .describe(positional.map { GroupID($0) })
        case "list": .list(ListRequest(states: list("states"), types: list("types")))
        case "delete": .deleteGroups(positional.map { GroupID($0) })
        default: throw BadCommand("no such command: \(verb)")
        }
    }

    private func group() throws -> GroupID {
        let name = try word(0)
        return GroupID(name == "''" ? "" : name)
    }

    private var generation: GenerationID { GenerationID(integer("gen", or: -1)) }

    private func identity(_ name: String, _ member: (String) -> MemberID) -> MemberIdentity {
        MemberIdentity(name == "-" ? .unknown : member(name), instanceID: named["instance"].map { GroupInstanceID($0) })
    }

    private func leaving(_ name: String, _ member: (String) -> MemberID) -> MemberIdentity {
        guard name.hasPrefix("instance:") else { return MemberIdentity(member(name)) }
        return MemberIdentity(.unknown, instanceID: GroupInstanceID(String(name.dropFirst("instance:".count))))
    }

    /// `join GROUP CLIENT [as=MEMBER] [protocols=NAME:METADATA,…] [version=JOINGROUP_VERSION]`
    private func join(_ member: (String) -> MemberID) throws -> JoinRequest {
        let version: Int = integer("version", or: 9)
        let offered = named["protocols"] == nil ? ["range:t"] : list("protocols")
        return JoinRequest(
            group: try group(), member: identity(named["as"] ?? "-", member), clientID: try word(1),
            clientHost: "/127.0.0.1", sessionTimeoutMilliseconds: integer("session", or: 10_000),
            rebalanceTimeoutMilliseconds: integer("rebalance", or: 60_000), protocolType: named["type"] ?? "consumer",
            protocols: offered.map { offer in
                let parts = offer.split(separator: ":", maxSplits: 1).map(String.init)
                return MemberProtocol(name: parts[0], metadata: subscription(parts.count > 1 ? parts[1] : ""))
            },
            requiresKnownMemberID: version >= 4, supportsSkippingAssignment: version >= 9)
    }

    /// `+orders` is a subscription to `orders` as consumers encode it; other text stands for itself.
    private func subscription(_ text: String) -> SharedBytes {
        guard text.hasPrefix("+") else { return SharedBytes(text) }
        var writer = ByteWriter()
        writer.writeInt16(1)
        let topics = text.dropFirst().split(separator: "+")
        writer.writeInt32(Int32(topics.count))
        for topic in topics {
            writer.writeInt16(Int16(topic.utf8.count))
            writer.writeUTF8(String(topic))
        }
        writer.writeInt32(-1)
        return writer.shared
    }

    /// `sync GROUP MEMBER gen=N [assign=MEMBER:TEXT,…]`
    private func sync(_ member: (String) -> MemberID) throws -> SyncRequest {
        SyncRequest(
            group: try group(), generation: generation, member: identity(try word(1), member),
            protocolType: named["type"], protocolName: named["protocol"],
            assignments: list("assign").map { assignment in
                let parts = assignment.split(separator: ":", maxSplits: 1).map(String.init)
                return SyncRequest.Assignment(member(parts[0]), SharedBytes(parts.count > 1 ? parts[1] : ""))
            })
    }

    /// `commit GROUP [as=MEMBER gen=N] TOPIC-PARTITION:OFFSET[:REMARK] …`
    private func commit(_ member: (String) -> MemberID) throws -> OffsetCommitRequest {
        OffsetCommitRequest(
            group: try group(), generation: generation, member: identity(named["as"] ?? "-", member),
            retentionMilliseconds: named["keep"].flatMap { Int64($0) },
            partitions: try positional.dropFirst().map { text in
                let parts = text.split(separator: ":", maxSplits: 2).map(String.init)
                guard parts.count >= 2, let offset = Int64(parts[1]) else { throw BadCommand(text) }
                return OffsetCommitRequest.Partition(
                    try partition(parts[0]), offset: Offset(offset),
                    leaderEpoch: LeaderEpoch(integer("epoch", or: -1)), metadata: parts.count > 2 ? parts[2] : nil,
                    topicID: TopicID(high: 0, low: integer("id", or: 0)))
            })
    }

    /// `fetch GROUP[,GROUP…] [TOPIC-PARTITION …]`
    private func fetch() throws -> [OffsetFetchRequest] {
        let id: UInt64 = integer("id", or: 0)
        let partitions = try positional.dropFirst().map {
            OffsetFetchRequest.Partition(try partition($0), topicID: TopicID(high: 0, low: id))
        }
        return try word(0).split(separator: ",").map {
            OffsetFetchRequest(group: GroupID(String($0)), partitions: partitions.isEmpty ? nil : partitions)
        }
    }

    private func partition(_ text: String) throws -> TopicPartition {
        guard let dash = text.lastIndex(of: "-"), let index = Int32(text[text.index(after: dash)...]) else {
            throw BadCommand("no partition: \(text)")
        }
        return TopicPartition(topic: String(text[..<dash]), partition: PartitionIndex(index))
    }
}
