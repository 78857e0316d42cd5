// SPDX-License-Identifier: Apache-2.0

import AdminClient
import BrokerNode
import Primitives
import RecordBatch
import TestNode
import Testing
import Transport
import WireProtocol

@Suite("Admin: groups", .serialized, .timeLimit(.minutes(2)))
struct AdminGroupTests {
    @Test("lag is exact, in records and in time, up to nothing unread")
    func lag() async throws {
        try await AdminNode.with { node in
            _ = try await node.client.createTopic("orders", partitions: 2)
            let minute: Int64 = 60_000
            let start = node.now
            // Ten records, each a minute older than the next, in batches of one and of nine.
            try await node.produce([["a"]], to: "orders", at: start.advanced(byMilliseconds: -10 * minute))
            try await node.produceMinutes(stride(from: 9, through: 1, by: -1), to: "orders", before: start)
            for (offset, age) in [(0, 10), (1, 9), (5, 5), (9, 1)] as [(Int64, Int64)] {
                try await node.commit(Offset(offset), "orders", group: "billing")
                let before = node.now
                let lag = try #require(try await node.client.groupLag(["billing"]).first)
                let after = node.now
                #expect(lag.recordLag == 10 - offset)
                let first = start.advanced(byMilliseconds: -age * minute)
                let range = before.rawValue - first.rawValue...after.rawValue - first.rawValue
                #expect(range.contains(lag.timeLagMilliseconds), "\(lag.timeLagMilliseconds) at offset \(offset)")
                #expect(lag.partitions.map(\.partition) == [PartitionIndex(0)])
                #expect(lag.partitions.map(\.committedOffset) == [Offset(offset)])
            }
            try await node.commit(Offset(10), "orders", group: "billing")
            let done = try #require(try await node.client.groupLag(["billing"]).first)
            #expect(done.recordLag == 0)
            #expect(done.timeLagMilliseconds == 0)
            #expect(done.state == "Empty")
        }
    }

    @Test("lag after a trim counts from the first record that is left")
    func lagAfterTrim() async throws {
        try await AdminNode.with { node in
            _ = try await node.client.createTopic("orders", partitions: 1)
            let start = node.now
            try await node.produceMinutes(stride(from: 9, through: 1, by: -1), to: "orders", before: start)
            try await node.commit(Offset(2), "orders", group: "billing")
            _ = try await node.client.trimPartition("orders", PartitionIndex(0), before: Offset(6))
            let before = node.now
            let lag = try #require(try await node.client.groupLag(["billing"]).first?.partitions.first)
            #expect(lag.logStartOffset == Offset(6))
            #expect(lag.recordLag == 7)
            let age = try #require(lag.timeLagMilliseconds)
            #expect(age >= before.rawValue - start.advanced(byMilliseconds: -3 * 60_000).rawValue)
            #expect(age < 4 * 60_000)
        }
    }

    @Test("a group with members is described with what they read, and is neither reset nor deleted")
    func members() async throws {
        try await AdminNode.with { node in
            _ = try await node.client.createTopic("orders", partitions: 2)
            try await node.produce([["a", "b"]], to: "orders")
            try await node.commit(Offset(1), "orders", group: "billing")
            let member = try GroupMember(
                joining: "billing", reading: "orders", [1, 0], port: node.node.kafkaAddress.port)

            let listed = try await node.client.groups()
            #expect(listed.map(\.groupID) == ["billing"])
            #expect(listed.map(\.state) == ["Stable"])
            #expect(listed.map(\.memberCount) == [1])
            let group = try await node.client.describeGroup("billing")
            #expect(group.protocolName == "range")
            #expect(group.members.map(\.memberID) == [member.memberID])
            #expect(group.members.first?.clientID == "reader")
            #expect(group.members.first?.assignment.map(\.topic) == ["orders"])
            #expect(group.members.first?.assignment.first?.partitions == [PartitionIndex(0), PartitionIndex(1)])

            let lag = try #require(try await node.client.groupLag(["billing"]).first)
            #expect(lag.partitions.map(\.memberID) == [member.memberID, member.memberID])
            #expect(lag.partitions.map(\.recordLag) == [1, nil])

            let reset = await #expect(throws: RPCError.self) {
                try await node.client.resetOffsets(of: "billing", to: .with { $0.kind = .earliest })
            }
            #expect(reset?.code == .refused)
            #expect(reset?.remedy.hasPrefix("Stop its consumers first") == true)
            for validateOnly in [true, false] {
                let deleted = try await node.client.deleteGroups(["billing"], validateOnly: validateOnly)
                #expect(deleted.first?.error?.reason == "NON_EMPTY_GROUP")
            }
            try member.leave("billing")
            let done = try await node.client.resetOffsets(of: "billing", to: .with { $0.kind = .earliest })
            #expect(done.map(\.newOffset) == [Offset(0)])
        }
    }

    @Test(
        "offsets are reset to each kind of target, inside the log, and a dry run commits nothing",
        arguments: [
            (target(.earliest), 2), (target(.latest), 9), (target(.offset, 5), 5), (target(.offset, 0), 2),
            (target(.offset, 99), 9), (target(.shiftBy, 2), 6), (target(.shiftBy, -99), 2),
            (target(.shiftBy, .max), 9), (target(.current), 4), (target(.timestamp, -4), 5),
            (target(.timestamp, 1), 9), (target(.duration, 4), 5),
        ] as [(Target, Int64)])
    func reset(target: Target, expected: Int64) async throws {
        try await AdminNode.with { node in
            _ = try await node.client.createTopic("orders", partitions: 1)
            let start = node.now
            // Offset n is 9 - n minutes old, and half a minute, so that the clock of this test cannot matter.
            try await node.produceMinutes(
                stride(from: 9, through: 1, by: -1), to: "orders", before: start.advanced(byMilliseconds: 30_000))
            try await node.commit(Offset(4), "orders", group: "billing")
            _ = try await node.client.trimPartition("orders", PartitionIndex(0), before: Offset(2))
            let wanted = target.resolved(at: start)
            for validateOnly in [true, false] {
                let reset = try await node.client.resetOffsets(
                    of: "billing", to: wanted, validateOnly: validateOnly)
                #expect(reset.map(\.previousOffset) == [Offset(4)])
                #expect(reset.map(\.newOffset) == [Offset(expected)])
                let committed = try await node.client.groupLag(["billing"]).first?.partitions.first?.committedOffset
                #expect(committed == Offset(validateOnly ? 4 : expected))
            }
        }
    }

    @Test("a new group is given offsets only for partitions that are named, each of which succeeds or fails alone")
    func newGroup() async throws {
        try await AdminNode.with { node in
            _ = try await node.client.createTopic("orders", partitions: 2)
            let unnamed = await #expect(throws: RPCError.self) {
                try await node.client.resetOffsets(of: "billing", to: .with { $0.kind = .latest })
            }
            #expect(unnamed?.code == .notFound)
            let selection: [Admin.TopicPartitions] = [
                .with { $0.topic = "orders" },
                .with { $0.topic = "order" },
                .with { ($0.topic, $0.partitions) = ("orders", [PartitionIndex(5)]) },
            ]
            let reset = try await node.client.resetOffsets(
                of: "billing", selection: selection, to: .with { $0.kind = .latest })
            #expect(reset.map { "\($0.topic)-\($0.partition)" } == ["order-0", "orders-0", "orders-1", "orders-5"])
            #expect(reset.map { $0.error?.code } == [.notFound, nil, nil, .notFound])
            #expect(try await node.client.groups().map(\.groupID) == ["billing"])
            let shift = try await node.client.resetOffsets(
                of: "other", selection: [.with { $0.topic = "orders" }],
                to: .with { ($0.kind, $0.shiftBy) = (.shiftBy, 1) })
            #expect(shift.allSatisfy { $0.error?.code == .refused })
            let nothing = await #expect(throws: RPCError.self) {
                try await node.client.resetOffsets(of: "billing", to: .init())
            }
            #expect(nothing?.code == .invalidRequest)
        }
    }

    @Test("an empty group is deleted with its offsets; a dry run leaves it")
    func delete() async throws {
        try await AdminNode.with { node in
            _ = try await node.client.createTopic("orders", partitions: 1)
            try await node.commit(Offset(0), "orders", group: "billing")
            #expect(try await node.client.deleteGroups(["billing"], validateOnly: true).map(\.error) == [nil])
            #expect(try await node.client.groups().count == 1)
            let deleted = try await node.client.deleteGroups(["billing", "biling"])
            #expect(deleted.map { $0.error?.code } == [nil, .notFound])
            #expect(try await node.client.groups().isEmpty)
        }
    }

    @Test("unknown groups and filters are refused with what was meant")
    func refusals() async throws {
        try await AdminNode.with { node in
            // Before there is a topic of offsets there are no groups, and asking for them is no error.
            #expect(try await node.client.groups().isEmpty)
            let early = await #expect(throws: RPCError.self) { try await node.client.describeGroup("billing") }
            #expect(early?.reason == "GROUP_ID_NOT_FOUND")
            _ = try await node.client.createTopic("orders", partitions: 1)
            try await node.commit(Offset(0), "orders", group: "billing")
            let misspelt = await #expect(throws: RPCError.self) { try await node.client.describeGroup("biling") }
            #expect(misspelt?.remedy.hasPrefix("Did you mean 'billing'?") == true)
            let lag = try await node.client.groupLag(["billing", "biling"])
            #expect(lag.map { $0.error?.code } == [nil, .notFound])
            let state = await #expect(throws: RPCError.self) { try await node.client.groups(states: ["asleep"]) }
            #expect(state?.remedy.contains("Stable") == true)
            #expect(try await node.client.groups(states: ["empty"]).count == 1)
            #expect(try await node.client.groups(types: ["share"]).isEmpty)
        }
    }
}

/// A reset target whose times are in minutes from the start of the test.
struct Target: Sendable {
    let kind: Admin.OffsetTargetKind
    let value: Int64

    func resolved(at start: Timestamp) -> Admin.OffsetTarget {
        .with {
            $0.kind = kind
            $0.offset = Offset(value)
            $0.shiftBy = value
            $0.timestamp = kind == .timestamp ? start.advanced(byMilliseconds: value * 60_000) : Timestamp(0)
            $0.durationMilliseconds = kind == .duration ? value * 60_000 : 0
        }
    }
}

func target(_ kind: Admin.OffsetTargetKind, _ value: Int64 = 0) -> Target { Target(kind: kind, value: value) }

extension AdminNode {
    /// Commits an offset for partition 0.
    fileprivate func commit(_ offset: Offset, _ topic: String, group: String) async throws {
        let selection = Admin.TopicPartitions.with { ($0.topic, $0.partitions) = (topic, [PartitionIndex(0)]) }
        let reset = try await client.resetOffsets(
            of: group, selection: [selection], to: .with { ($0.kind, $0.offset) = (.offset, offset) })
        _ = try reset.map { try $0.checked() }
    }
}
