// SPDX-License-Identifier: Apache-2.0

import Groups
import Primitives
import Testing

@Suite struct CoordinatorTests {
    static let partition = TopicPartition(topic: "orders", partition: PartitionIndex(0))
    static let wall = Timestamp(1_000)

    static func coordinator(_ limits: GroupLimits = GroupLimits(), isLoaded: Bool = true) -> GroupCoordinator {
        var coordinator = GroupCoordinator(limits: limits, entropy: Entropy(seed: 3))
        if isLoaded { _ = step(&coordinator, .loaded) }
        return coordinator
    }

    static func step(_ coordinator: inout GroupCoordinator, _ event: Event, at now: Int64 = 0) -> [Effect] {
        var effects: [Effect] = []
        coordinator.step(event, at: Instant(nanoseconds: now), wall: wall, into: &effects)
        return effects
    }

    static func join(_ protocols: [MemberProtocol], clientID: String = "client") -> JoinRequest {
        JoinRequest(
            group: "g", member: MemberIdentity(.unknown), clientID: clientID, clientHost: "/127.0.0.1",
            sessionTimeoutMilliseconds: 10_000, rebalanceTimeoutMilliseconds: 10_000, protocolType: "consumer",
            protocols: protocols, requiresKnownMemberID: false)
    }

    static func commit(_ offset: Int64) -> GroupRequest {
        .commitOffsets(
            OffsetCommitRequest(group: "g", partitions: [.init(partition, offset: Offset(offset))]))
    }

    static func refusal(of request: JoinRequest, _ limits: GroupLimits = GroupLimits()) -> GroupRefusal? {
        var coordinator = coordinator(limits)
        let effects = step(&coordinator, .requested(RequestToken(1), .join(request)))
        guard case .reply(_, .join(.failure(let refusal)))? = effects.first else { return nil }
        return refusal
    }

    @Test("a join is bounded in protocols, in metadata and in every text")
    func joinBounds() {
        let many = (0..<65).map { MemberProtocol(name: "p\($0)", metadata: []) }
        #expect(Self.refusal(of: Self.join(many)) == .tooManyProtocols(capacity: 64))
        #expect(Self.refusal(of: Self.join(Array(many.dropLast()))) == nil)
        var limits = GroupLimits()
        limits.memberMetadataByteCountMax = ByteCount(10)
        let fits = MemberProtocol(name: "p", metadata: SharedBytes(Array(repeating: 0, count: 9)))
        let tooLarge = MemberProtocol(name: "p", metadata: SharedBytes(Array(repeating: 0, count: 10)))
        #expect(Self.refusal(of: Self.join([fits]), limits) == nil)
        #expect(Self.refusal(of: Self.join([tooLarge]), limits) == .groupMetadataTooLarge(limit: ByteCount(10)))
        let long = String(repeating: "x", count: 32_768)
        #expect(Self.refusal(of: Self.join([fits], clientID: long)) == .textTooLong)
        #expect(Self.refusal(of: Self.join([fits], clientID: String(long.dropLast()))) == nil)
        #expect(Self.refusal(of: Self.join([MemberProtocol(name: long, metadata: [])])) == .textTooLong)
    }

    @Test("a member id is the client's name, at most 255 bytes of it, and a UUID")
    func memberIDs() throws {
        var request = Self.join([MemberProtocol(name: "p", metadata: [])], clientID: String(repeating: "c", count: 300))
        request.requiresKnownMemberID = true
        guard case .memberIDRequired(let id)? = Self.refusal(of: request) else {
            Issue.record("no member id")
            return
        }
        #expect(id.byteCount == 255 + 37)
        let uuid = id.rawValue.suffix(36)
        #expect(uuid.split(separator: "-").map(\.count) == [8, 4, 4, 4, 12])
        #expect(uuid.dropFirst(14).first == "4")
    }

    @Test("a protocol named twice counts once")
    func duplicateProtocols() {
        let twice = ["p", "p"].map { MemberProtocol(name: $0, metadata: []) }
        var coordinator = Self.coordinator()
        _ = Self.step(&coordinator, .requested(RequestToken(1), .join(Self.join(twice))))
        coordinator.checkInvariants()
        // With two supporters for one member, no second member would fit.
        let effects = Self.step(&coordinator, .requested(RequestToken(2), .join(Self.join([twice[0]]))))
        #expect(effects.isEmpty)
    }

    @Test("every request is told to wait while the log is being read")
    func loading() {
        var coordinator = Self.coordinator(isLoaded: false)
        #expect(
            Self.step(&coordinator, .requested(RequestToken(1), Self.commit(1)))
                == [.reply(RequestToken(1), .commitOffsets(.failure(.loadInProgress)))])
        #expect(coordinator.nextDeadline == nil)
    }

    @Test("topics that disappear while the log is being read lose their offsets after it")
    func topicsDeletedWhileLoading() {
        var coordinator = Self.coordinator(isLoaded: false)
        #expect(Self.step(&coordinator, .topicsDeleted(["orders"])).isEmpty)
        coordinator.replay(
            .offsetCommitted("g", Self.partition, CommittedOffset(offset: Offset(1), committedAt: Self.wall)))
        #expect(
            Self.step(&coordinator, .loaded) == [.append([.offsetRemoved("g", Self.partition)], AppendTicket(1))])
    }

    @Test("a later record of the same key counts, and a tombstone ends it")
    func replayOrder() {
        var coordinator = Self.coordinator(isLoaded: false)
        for offset in [1, 2] as [Int64] {
            let committed = CommittedOffset(offset: Offset(offset), committedAt: Self.wall)
            coordinator.replay(.offsetCommitted("g", Self.partition, committed))
        }
        #expect(coordinator.committedOffsets(of: "g")?.map(\.1.offset) == [Offset(2)])
        coordinator.replay(.groupRemoved("g"))
        #expect(coordinator.committedOffsets(of: "g")?.count == 1, "offsets outlive the group's tombstone")
        coordinator.replay(.offsetRemoved("g", Self.partition))
        #expect(coordinator.committedOffsets(of: "g")?.isEmpty == true)
        coordinator.replay(.groupRemoved("g"))
        #expect(coordinator.committedOffsets(of: "g") == nil)
    }

    @Test("the same seed and events give the same effects")
    func determinism() {
        func run() -> [Effect] {
            var coordinator = Self.coordinator()
            var effects: [Effect] = []
            for index in 0..<20 {
                let request = Self.join([MemberProtocol(name: "p", metadata: [])], clientID: "client-\(index)")
                effects += Self.step(&coordinator, .requested(RequestToken(Int64(index)), .join(request)))
            }
            effects += Self.step(&coordinator, .timePassed, at: 3_000_000_000)
            effects += Self.step(&coordinator, .timePassed, at: 6_000_000_000)
            return effects + Self.step(&coordinator, .timePassed, at: 60_000_000_000)
        }
        let first = run()
        #expect(first.count >= 20)
        #expect(first == run())
    }

    @Test("an answer to an append that was never asked for traps")
    func unknownTicket() async {
        await #expect(processExitsWith: .failure) {
            var coordinator = CoordinatorTests.coordinator()
            _ = CoordinatorTests.step(&coordinator, .appended(AppendTicket(1)))
        }
    }

    @Test("an append that is durable before an earlier one traps")
    func appendsOutOfOrder() async {
        await #expect(processExitsWith: .failure) {
            var coordinator = CoordinatorTests.coordinator()
            for token in [1, 2] as [Int64] {
                let request = CoordinatorTests.commit(token)
                _ = CoordinatorTests.step(&coordinator, .requested(RequestToken(token), request))
            }
            _ = CoordinatorTests.step(&coordinator, .appended(AppendTicket(2)))
        }
    }
}
