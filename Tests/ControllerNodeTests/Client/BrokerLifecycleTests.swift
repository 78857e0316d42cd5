// SPDX-License-Identifier: Apache-2.0

import ControllerNode
import Coordinator
import Primitives
import Testing

private func at(_ milliseconds: Int64) -> Instant { Instant(nanoseconds: milliseconds * 1_000_000) }

/// Commands are compared by what they say.
private func == (left: [BrokerLifecycle.Effect], right: [BrokerLifecycle.Effect]) -> Bool {
    left.map { "\($0)" } == right.map { "\($0)" }
}

@Suite("how a broker belongs to its cluster")
struct BrokerLifecycleTests {
    private var lifecycle = BrokerLifecycle(broker: NodeID(1), heartbeatMilliseconds: 500, at: at(0))
    private let epoch = BrokerEpoch(10)

    private mutating func step(_ event: BrokerLifecycle.Event, at milliseconds: Int64) -> [BrokerLifecycle.Effect] {
        var effects: [BrokerLifecycle.Effect] = []
        lifecycle.step(event, at: at(milliseconds), into: &effects)
        return effects
    }

    private func record(isFenced: Bool, epoch: BrokerEpoch? = nil) -> BrokerRecord {
        BrokerRecord(
            id: NodeID(1), epoch: epoch ?? self.epoch, incarnation: IncarnationID(high: 1, low: 1), listeners: [],
            isFenced: isFenced)
    }

    private func heartbeat(_ offset: Int64, wantsFence: Bool = false, wantsShutdown: Bool = false) -> BrokerHeartbeat {
        BrokerHeartbeat(
            broker: NodeID(1), epoch: epoch, metadataOffset: Offset(offset), wantsFence: wantsFence,
            wantsShutdown: wantsShutdown)
    }

    private func standing(isFenced: Bool, shouldShutDown: Bool = false) -> Result<
        BrokerHeartbeat.Outcome, SubmitRefusal
    > {
        .success(.success(BrokerStanding(isCaughtUp: true, isFenced: isFenced, shouldShutDown: shouldShutDown)))
    }

    /// Registered at 0, unfenced at 20.
    private mutating func join() {
        #expect(step(.timePassed, at: 0) == [.register(attempt: 1)])
        #expect(
            step(.registrationAnswered(.success(.success(epoch)), attempt: 1), at: 10)
                == [.registered(epoch), .heartbeat(heartbeat(0), attempt: 2)])
        #expect(
            step(.heartbeatAnswered(standing(isFenced: false), attempt: 2), at: 20) == [
                .fencingChanged(isFenced: false)
            ])
    }

    @Test("registers, then sends signs of life, one interval after the last answer")
    mutating func heartbeats() {
        join()
        #expect(lifecycle.nextDeadline == at(520))
        #expect(step(.timePassed, at: 519) == [BrokerLifecycle.Effect]())
        #expect(
            step(.imageChanged(nextOffset: Offset(12), record: record(isFenced: false)), at: 519)
                == [BrokerLifecycle.Effect]())
        #expect(step(.timePassed, at: 520) == [.heartbeat(heartbeat(12), attempt: 3)])
    }

    @Test("says at once that its registration was replayed, for that is what serving waits for")
    mutating func replayedRegistration() {
        _ = step(.timePassed, at: 0)
        _ = step(.registrationAnswered(.success(.success(epoch)), attempt: 1), at: 10)
        #expect(step(.heartbeatAnswered(standing(isFenced: true), attempt: 2), at: 20) == [BrokerLifecycle.Effect]())
        #expect(step(.imageChanged(nextOffset: Offset(10), record: nil), at: 30) == [BrokerLifecycle.Effect]())
        let effects = step(.imageChanged(nextOffset: Offset(11), record: record(isFenced: true)), at: 40)
        #expect(effects == [.heartbeat(heartbeat(11), attempt: 3)])
    }

    @Test("a heartbeat without an answer is followed by another after two intervals")
    mutating func silence() {
        join()
        #expect(step(.timePassed, at: 520).count == 1)
        #expect(step(.timePassed, at: 1519) == [BrokerLifecycle.Effect]())
        #expect(step(.timePassed, at: 1520) == [.heartbeat(heartbeat(0), attempt: 4)])
        // The late answer to the first one still tells how the broker stands.
        #expect(
            step(.heartbeatAnswered(standing(isFenced: true), attempt: 3), at: 1530) == [
                .fencingChanged(isFenced: true)
            ])
    }

    @Test("registers again when its registration is not known or was replaced")
    mutating func staleEpoch() {
        join()
        _ = step(.timePassed, at: 520)
        let refusal = Result<BrokerHeartbeat.Outcome, SubmitRefusal>.success(
            .failure(.staleEpoch(current: BrokerEpoch(50))))
        #expect(
            step(.heartbeatAnswered(refusal, attempt: 3), at: 530)
                == [.fencingChanged(isFenced: true), .register(attempt: 4)])
        #expect(lifecycle.epoch == nil)
    }

    @Test("a refused registration is told and tried again, as is one without an active controller")
    mutating func refusedRegistration() {
        _ = step(.timePassed, at: 0)
        let refusal = RegisterBrokerRefusal.duplicateID(NodeID(1))
        #expect(step(.registrationAnswered(.success(.failure(refusal)), attempt: 1), at: 10) == [.refused(refusal)])
        #expect(step(.timePassed, at: 510) == [.register(attempt: 2)])
        #expect(
            step(.registrationAnswered(.failure(.notController(leader: nil)), attempt: 2), at: 520)
                == [BrokerLifecycle.Effect]())
        #expect(step(.timePassed, at: 770) == [.register(attempt: 3)])
    }

    @Test("follows its fencing in the metadata, of its own registration only")
    mutating func fencing() {
        join()
        #expect(
            step(.imageChanged(nextOffset: Offset(12), record: record(isFenced: true, epoch: BrokerEpoch(5))), at: 30)
                == [BrokerLifecycle.Effect]())
        #expect(
            step(.imageChanged(nextOffset: Offset(13), record: record(isFenced: true)), at: 40)
                == [.fencingChanged(isFenced: true)])
        #expect(step(.fencingWanted(true), at: 50) == [.heartbeat(heartbeat(13, wantsFence: true), attempt: 3)])
        #expect(step(.fencingWanted(true), at: 51) == [BrokerLifecycle.Effect]())
    }

    @Test("asks for leave more often than for life, and goes when it is given")
    mutating func departure() {
        join()
        let wish = heartbeat(0, wantsShutdown: true)
        #expect(step(.departureWanted(deadline: at(30_000)), at: 100) == [.heartbeat(wish, attempt: 3)])
        #expect(step(.heartbeatAnswered(standing(isFenced: false), attempt: 3), at: 110) == [BrokerLifecycle.Effect]())
        #expect(step(.timePassed, at: 210) == [.heartbeat(wish, attempt: 4)])
        let leave = standing(isFenced: true, shouldShutDown: true)
        #expect(
            step(.heartbeatAnswered(leave, attempt: 4), at: 220)
                == [.fencingChanged(isFenced: true), .departed(isAllowed: true)])
        #expect(lifecycle.nextDeadline == .distantFuture)
        #expect(step(.timePassed, at: 100_000) == [BrokerLifecycle.Effect]())
    }

    @Test("goes without leave at its deadline, and at once when it never joined")
    mutating func deadline() {
        join()
        _ = step(.departureWanted(deadline: at(1_000)), at: 100)
        #expect(step(.timePassed, at: 1_000) == [.departed(isAllowed: false)])
        var other = BrokerLifecycle(broker: NodeID(2), heartbeatMilliseconds: 500, at: at(0))
        var effects: [BrokerLifecycle.Effect] = []
        other.step(.departureWanted(deadline: at(1_000)), at: at(0), into: &effects)
        #expect(effects == [.departed(isAllowed: true)])
    }
}
