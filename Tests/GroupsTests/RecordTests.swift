// SPDX-License-Identifier: Apache-2.0

import Foundation
import Groups
import Primitives
import Testing

/// One line of `Vectors/consumer-offsets.txt`.
struct RecordVector: Sendable, CustomTestStringConvertible {
    let name: String
    let key: [UInt8]
    /// Nil for a tombstone.
    let value: [UInt8]?

    var testDescription: String { name }

    func decoded() throws -> DecodedGroupRecord {
        try GroupRecord.decode(key: SharedBytes(key), value: value.map { SharedBytes($0) })
    }

    static let all: [RecordVector] = {
        let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .appending(path: "Vectors/consumer-offsets.txt")
        guard let text = try? String(contentsOf: file, encoding: .utf8) else { return [] }
        return text.split(separator: "\n").filter { !$0.hasPrefix("#") }.map { line in
            let words = line.split(separator: " ").map(String.init)
            return RecordVector(name: words[0], key: bytes(words[1]), value: words[2] == "-" ? nil : bytes(words[2]))
        }
    }()

    private static func bytes(_ hex: String) -> [UInt8] {
        let digits = hex.utf8.compactMap { UInt8(String(UnicodeScalar($0)), radix: 16) }
        return stride(from: 0, to: digits.count, by: 2).map { digits[$0] << 4 | digits[$0 + 1] }
    }
}

@Suite struct RecordTests {
    static let billing = GroupID("billing")
    static let orders = TopicPartition(topic: "orders", partition: PartitionIndex(3))

    /// What a vector must mean.
    static func meaning(of name: String) -> DecodedGroupRecord {
        switch name {
        case "offset-tombstone": .record(.offsetRemoved(billing, orders))
        case "group-tombstone": .record(.groupRemoved(billing))
        case "later-kind": .unknown(keyVersion: 3)
        case "group-3-empty":
            .record(
                .groupChanged(
                    billing,
                    GroupMetadata(
                        protocolType: "", generation: .zero, protocolName: nil, leader: nil,
                        stateChangedAt: Timestamp(1_700_000_000_000), members: [])))
        case let group where group.hasPrefix("group-"):
            .record(.groupChanged(billing, metadata(version: Int(group.dropFirst(6)) ?? 0)))
        default: .record(.offsetCommitted(billing, orders, committed(name)))
        }
    }

    static func committed(_ name: String) -> CommittedOffset {
        CommittedOffset(
            offset: Offset(1_234_567_890_123),
            leaderEpoch: name.hasPrefix("offset-3") || name.hasPrefix("offset-4") ? LeaderEpoch(7) : .none,
            metadata: "rückblick", committedAt: Timestamp(1_700_000_000_000),
            expiresAt: name == "offset-1" ? Timestamp(1_700_000_600_000) : .none,
            topicID: name == "offset-4-topic-id"
                ? TopicID(high: 0x0123_4567_89ab_cdef, low: 0x1122_3344_5566_7788) : .zero)
    }

    static func metadata(version: Int) -> GroupMetadata {
        func member(_ id: String, instance: GroupInstanceID?, assignment: SharedBytes) -> MemberMetadata {
            MemberMetadata(
                memberID: MemberID(id), instanceID: version >= 3 ? instance : nil, clientID: "client-\(id)",
                clientHost: "/10.0.0.7", rebalanceTimeoutMilliseconds: version >= 1 ? 300_000 : -1,
                sessionTimeoutMilliseconds: 45_000, subscription: [0, 1, 2], assignment: assignment)
        }
        return GroupMetadata(
            protocolType: "consumer", generation: GenerationID(41), protocolName: "range", leader: MemberID("a"),
            stateChangedAt: version >= 2 ? Timestamp(1_700_000_000_000) : .none,
            members: [
                member("a", instance: "inst-a", assignment: [3, 4]), member("b", instance: nil, assignment: []),
            ])
    }

    @Test("the vectors are there")
    func vectorsExist() { #expect(RecordVector.all.count == 17) }

    @Test("a record that Kafka wrote means the same here", arguments: RecordVector.all)
    func decodes(vector: RecordVector) throws {
        #expect(try vector.decoded() == Self.meaning(of: vector.name))
    }

    @Test(
        "a record is written as Kafka 4 writes it",
        arguments: [
            "offset-1", "offset-3", "offset-4-topic-id", "offset-tombstone", "group-3", "group-3-empty",
            "group-tombstone",
        ])
    func encodes(name: String) throws {
        let vector = try #require(RecordVector.all.first { $0.name == name })
        guard case .record(let record) = Self.meaning(of: name) else { return }
        let (key, value) = record.encoded()
        #expect(key.array == vector.key)
        #expect(value?.array == vector.value)
    }

    @Test("every shorter prefix of a record is refused", arguments: RecordVector.all)
    func prefixes(vector: RecordVector) {
        guard vector.name != "later-kind" else { return }
        for count in 0..<vector.key.count {
            #expect(throws: DecodeError.self, "key, \(count) bytes") {
                try GroupRecord.decode(key: SharedBytes(Array(vector.key.prefix(count))), value: nil)
            }
        }
        for count in 0..<(vector.value?.count ?? 0) {
            #expect(throws: DecodeError.self, "value, \(count) bytes") {
                try GroupRecord.decode(
                    key: SharedBytes(vector.key), value: SharedBytes(Array(vector.value?.prefix(count) ?? [])))
            }
        }
    }

    @Test("a record with one byte garbled is read or refused, never a trap", arguments: RecordVector.all)
    func garbled(vector: RecordVector) {
        guard let value = vector.value else { return }
        var readCount = 0
        for index in value.indices {
            for flip in [0x01, 0x80, 0xff] as [UInt8] {
                var bytes = value
                bytes[index] ^= flip
                let decoded = try? GroupRecord.decode(key: SharedBytes(vector.key), value: SharedBytes(bytes))
                readCount += decoded == nil ? 0 : 1
            }
        }
        #expect(vector.name == "later-kind" || readCount < value.count * 3)
    }

    @Test("a value of a later version is refused by its number")
    func laterValue() {
        let key = GroupRecord.offsetRemoved(Self.billing, Self.orders).encoded().key
        #expect(throws: DecodeError(.invalidValue(5), at: 0)) {
            try GroupRecord.decode(key: key, value: [0, 5, 0, 0])
        }
        #expect(throws: DecodeError(.invalidValue(-1), at: 0)) {
            try GroupRecord.decode(key: [0xff, 0xff], value: nil)
        }
    }

    @Test("an expiry is kept rather than the topic id's absence: version 1 has no leader epoch")
    func expiryLosesEpoch() throws {
        let committed = CommittedOffset(
            offset: Offset(5), leaderEpoch: LeaderEpoch(3), committedAt: Timestamp(1), expiresAt: Timestamp(2))
        let (key, value) = GroupRecord.offsetCommitted(Self.billing, Self.orders, committed).encoded()
        var expected = committed
        expected.leaderEpoch = .none
        #expect(
            try GroupRecord.decode(key: key, value: value)
                == .record(.offsetCommitted(Self.billing, Self.orders, expected)))
    }

    @Test(
        "a group belongs to the partition that Java's hash of its name says",
        arguments: [
            (GroupID("billing"), 39),
            (GroupID(""), 0),
            (GroupID("g"), 3),
            (GroupID("console-consumer-12345"), 6),
            (GroupID("ümlaut-😀"), 35),
            (GroupID("a-very-long-group-name-that-overflows-thirty-two-bits"), 16),
            (GroupID("polygenelubricants"), 0),
        ] as [(GroupID, Int32)])
    func partitions(group: GroupID, partition: Int32) {
        #expect(OffsetsTopic.partition(of: group, count: 50) == PartitionIndex(partition))
    }

    @Test("groups that differ only in the Unicode form of their names are two groups")
    func unicodeForms() {
        let composed = GroupID("caf\u{e9}")
        let decomposed = GroupID("cafe\u{301}")
        #expect(composed != decomposed)
        #expect(Set([composed, decomposed, composed]).count == 2)
        #expect(composed > decomposed)
    }
}
