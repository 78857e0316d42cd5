// SPDX-License-Identifier: Apache-2.0

import Groups
import Primitives
import Testing

@Suite("offsets that transactions commit")
struct TransactionalOffsetTests {
    private static let partition = TopicPartition(topic: "orders", partition: PartitionIndex(0))
    private static let producer = ProducerID(7)

    private var coordinator: GroupCoordinator
    private var lastToken = RequestToken(0)

    init() {
        coordinator = GroupCoordinator(limits: GroupLimits(), entropy: Entropy(seed: 1))
        step(.loaded)
    }

    @discardableResult
    private mutating func step(_ event: Event) -> [Effect] {
        var effects: [Effect] = []
        coordinator.step(event, at: Instant(nanoseconds: 0), wall: Timestamp(1_000), into: &effects)
        return effects
    }

    private mutating func ask(_ request: GroupRequest) -> [Effect] {
        lastToken = lastToken.next
        return step(.requested(lastToken, request))
    }

    private static func offsets(_ offset: Int64, generation: GenerationID = .none) -> OffsetCommitRequest {
        OffsetCommitRequest(
            group: "g", generation: generation, partitions: [.init(partition, offset: Offset(offset))])
    }

    private static func commit(
        _ offset: Int64, of producer: ProducerID = producer, generation: GenerationID = .none
    ) -> GroupRequest {
        .commitTransactionalOffsets(
            TransactionalCommitRequest(
                producerID: producer, producerEpoch: ProducerEpoch(0), offsets: offsets(offset, generation: generation))
        )
    }

    /// Puts a commit in and lets the log keep it; what the client hears.
    private mutating func store(_ request: GroupRequest) -> [Effect] {
        for effect in ask(request) {
            switch effect {
            case .append(_, let ticket), .appendTransactional(_, _, _, let ticket): return step(.appended(ticket))
            case .reply: return [effect]
            }
        }
        return []
    }

    private mutating func fetched(stable: Bool = false) -> FetchedOffsets.Partition? {
        let effects = ask(
            .fetchOffsets([
                OffsetFetchRequest(group: "g", partitions: [.init(Self.partition)], requiresStable: stable)
            ]))
        guard case .reply(_, .fetchOffsets(let found))? = effects.first else { return nil }
        return found.first?.partitions.first
    }

    @Test("they go to the log as part of the producer's transaction")
    mutating func append() {
        let effects = ask(Self.commit(5))
        guard case .appendTransactional(let records, let producer, let epoch, _)? = effects.first else {
            Issue.record("\(effects)")
            return
        }
        #expect(records.count == 1)
        #expect(producer == Self.producer && epoch == ProducerEpoch(0))
    }

    @Test("nobody sees them before the marker; whoever wants stable offsets is sent away meanwhile")
    mutating func pending() {
        _ = store(.commitOffsets(Self.offsets(3)))
        _ = store(Self.commit(5))
        #expect(fetched()?.committed?.offset == Offset(3))
        #expect(fetched(stable: true) == .init(partition: Self.partition, committed: nil, isUnstable: true))
        step(.transactionEnded(Self.producer, committed: true))
        #expect(fetched(stable: true)?.committed?.offset == Offset(5))
    }

    @Test("an offset is unstable from the moment its record is on the way")
    mutating func inFlight() {
        _ = ask(Self.commit(5))
        #expect(fetched(stable: true)?.isUnstable == true)
    }

    @Test("an aborted transaction leaves no trace of them, nor of a group that had nothing else")
    mutating func aborted() {
        _ = store(.commitOffsets(Self.offsets(3)))
        _ = store(Self.commit(5))
        step(.transactionEnded(Self.producer, committed: false))
        #expect(fetched(stable: true)?.committed?.offset == Offset(3))
        step(.transactionEnded(Self.producer, committed: true))
        #expect(fetched()?.committed?.offset == Offset(3))
    }

    @Test("the marker of one producer says nothing of another's")
    mutating func producers() {
        _ = store(Self.commit(5))
        _ = store(Self.commit(6, of: ProducerID(8)))
        step(.transactionEnded(ProducerID(8), committed: true))
        #expect(fetched()?.committed?.offset == Offset(6))
        #expect(fetched(stable: true)?.isUnstable == true)
        // Written before: it does not undo what came after it.
        step(.transactionEnded(Self.producer, committed: true))
        #expect(fetched(stable: true)?.committed?.offset == Offset(6))
    }

    @Test("a commit outside transactions that came later in the log stays")
    mutating func laterCommit() {
        _ = store(Self.commit(5))
        _ = store(.commitOffsets(Self.offsets(9)))
        step(.transactionEnded(Self.producer, committed: true))
        #expect(fetched(stable: true)?.committed?.offset == Offset(9))
    }

    @Test("a record that the log refuses is not pending")
    mutating func refusedAppend() {
        guard case .appendTransactional(_, _, _, let ticket)? = ask(Self.commit(5)).first else {
            Issue.record("nothing was appended")
            return
        }
        let reply = step(.appendFailed(ticket, .timedOut))
        guard case .reply(_, .commitOffsets(.success(let results)))? = reply.first else {
            Issue.record("\(reply)")
            return
        }
        #expect(results.map(\.refusal) == [.coordinatorNotAvailable])
        #expect(fetched(stable: true)?.isUnstable == false)
    }

    @Test("whoever loads the log knows what is pending, and what its markers have decided")
    mutating func replay() {
        func record(_ offset: Int64) -> GroupRecord {
            .offsetCommitted("g", Self.partition, CommittedOffset(offset: Offset(offset), committedAt: Timestamp(1)))
        }
        coordinator = GroupCoordinator(limits: GroupLimits(), entropy: Entropy(seed: 1))
        coordinator.replay(record(1))
        coordinator.replay(record(2), in: Self.producer)
        coordinator.replayEnd(of: Self.producer, committed: true)
        coordinator.replay(record(3), in: Self.producer)
        coordinator.replayEnd(of: Self.producer, committed: false)
        coordinator.replay(record(4), in: Self.producer)
        step(.loaded)
        #expect(fetched()?.committed?.offset == Offset(2))
        #expect(fetched(stable: true)?.isUnstable == true)
        step(.transactionEnded(Self.producer, committed: true))
        #expect(fetched(stable: true)?.committed?.offset == Offset(4))
    }

    @Test("a generation that the group is not in is refused, and a group with pending offsets is not deleted")
    mutating func refusals() {
        let illegal = store(Self.commit(5, generation: GenerationID(4)))
        #expect(illegal == [.reply(lastToken, .commitOffsets(.failure(.illegalGeneration(current: .none))))])
        _ = store(Self.commit(5))
        let deleted = ask(.deleteGroups(["g"]))
        guard case .reply(_, .deleteGroups(let results))? = deleted.first else {
            Issue.record("\(deleted)")
            return
        }
        #expect(results.map(\.refusal) == [.groupIsNotEmpty])
        step(.transactionEnded(Self.producer, committed: false))
        coordinator.checkInvariants()
    }
}
