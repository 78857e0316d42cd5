// SPDX-License-Identifier: Apache-2.0

import Coordinator
import Primitives

/// Three to five nodes, whose network loses, doubles and reorders, whose disks are slow and forget what they did not
/// write, and whose operators change everything that can be changed.
struct RaftWorld {
    private(set) var quorum: Quorum
    private var entropy: Entropy
    private var lastTicket = RaftTicket(0)
    private var disks: [NodeID: UInt64] = [:]
    /// Out of a hundred.
    private let loss: Int
    private let duplication: Int

    init(seed: UInt64) {
        entropy = Entropy(seed: seed)
        var limits = RaftLimits()
        // Small, so that every border is met.
        limits.messageByteCountMax = ByteCount(100)
        limits.appendsInFlightMax = 3
        limits.snapshotChunkByteCountMax = ByteCount(16)
        limits.retainedByteCountMax = ByteCount(entropy.index(below: 3) * 60)
        limits.uncommittedByteCountMax = ByteCount(2_000)
        limits.catchUpMillisecondsMax = 5_000
        limits.observerExpiryMilliseconds = 3_000
        loss = entropy.chance(1, in: 3) ? 0 : entropy.index(below: 25)
        duplication = entropy.chance(1, in: 3) ? 0 : entropy.index(below: 15)
        quorum = Quorum(seed: entropy.next(), limits: limits)
        let count = Int32(3 + entropy.index(below: 3))
        let isUnbound = entropy.chance(1, in: 3)
        let voters = VoterSet(
            (1...count).map { id in
                var voter = Quorum.voter(id)
                if isUnbound { voter.directory = nil }
                return voter
            })
        for id in 1...count { quorum.add(Quorum.voter(id), voters: voters) }
        // Some that may join.
        for id in count + 1...count + 2 {
            quorum.add(Quorum.voter(id))
            quorum.setContacts([NodeID(1), NodeID(2), NodeID(3)], of: NodeID(id))
        }
    }

    mutating func act() {
        quorum.advance(milliseconds: Int64(entropy.index(below: 30)))
        for id in quorum.runningIDs where quorum.core(id).map({ $0.nextDeadline <= quorum.now }) ?? false {
            quorum.step(id, .timePassed)
        }
        for _ in 0..<6 { deliverOne() }
        for id in quorum.runningIDs where entropy.chance(2, in: 3) { quorum.completeWrite(id) }
        switch entropy.index(below: 100) {
        case 0..<25: propose()
        case 25..<33: quorum.step(someNode(), .readRequested(ticket()))
        case 33..<36: crashSomeNode()
        case 36..<45: startSomeNode()
        case 45..<47: cutSomething()
        case 47..<52: quorum.cuts = []
        case 52..<56: quorum.takeSnapshot(someNode())
        case 56..<58:
            quorum.step(someNode(), .transferRequested(to: entropy.chance(1, in: 2) ? nil : someNode(), ticket()))
        case 58..<63: changeVoters()
        default: break
        }
        if entropy.chance(1, in: 8) { quorum.checkLogMatching() }
        _ = quorum.takeEffects()
    }

    private mutating func ticket() -> RaftTicket {
        lastTicket = lastTicket.next
        return lastTicket
    }

    private mutating func someNode() -> NodeID { quorum.ids[entropy.index(below: quorum.ids.count)] }

    private mutating func deliverOne() {
        guard !quorum.parcels.isEmpty else { return }
        // Mostly in order; now and then any.
        let index = entropy.chance(4, in: 5) ? 0 : entropy.index(below: quorum.parcels.count)
        let parcel = quorum.parcels[index]
        if !entropy.chance(duplication, in: 100) { quorum.parcels.remove(at: index) }
        if !entropy.chance(loss, in: 100) { quorum.deliver(parcel) }
        if quorum.parcels.count > 500 { quorum.parcels.removeFirst(250) }
    }

    private mutating func propose() {
        let payload = SharedBytes("v\(lastTicket)")
        quorum.step(
            quorum.leader ?? someNode(), .proposed(payload, recordCount: 1 + entropy.index(below: 4), ticket()))
    }

    private mutating func crashSomeNode() {
        let id = someNode()
        guard quorum.core(id) != nil else { return }
        quorum.crash(id, keepingWrites: entropy.index(below: quorum[id].writes.count + 1))
    }

    private mutating func startSomeNode() {
        guard let id = quorum.ids.first(where: { quorum.core($0) == nil }) else { return }
        quorum.start(id)
    }

    private mutating func cutSomething() {
        let id = someNode()
        for other in quorum.ids where other != id {
            if entropy.chance(2, in: 3) { quorum.cuts.insert([id, other]) }
            if entropy.chance(2, in: 3) { quorum.cuts.insert([other, id]) }
        }
    }

    private mutating func changeVoters() {
        guard let leader = quorum.leader, let core = quorum.core(leader) else { return }
        let target = quorum[someNode()].me
        if core.voters.contains(target.key) {
            guard core.voters.count > 2 else { return }
            if entropy.chance(1, in: 3), let other = quorum.ids.first(where: { core.voters[$0] == nil }) {
                let former = core.voters[target.id]?.key ?? target.key
                return quorum.step(leader, .voterChangeRequested(.replace(former, with: quorum[other].me), ticket()))
            }
            quorum.step(leader, .voterChangeRequested(.remove(target.key), ticket()))
        } else {
            quorum.step(leader, .voterChangeRequested(.add(target), ticket()))
        }
    }

    // MARK: The end

    /// Everything works again, for long enough.
    mutating func heal() {
        quorum.cuts = []
        for id in quorum.ids where quorum.core(id) == nil { quorum.start(id) }
        quorum.run(milliseconds: 12_000)
        propose()
        quorum.run(milliseconds: 2_000)
        quorum.checkLogMatching()
    }

    /// There is a leader, it commits, and every voter has all that is committed.
    var hasAgreed: Bool {
        guard let leader = quorum.leader, let core = quorum.core(leader) else { return false }
        return core.committedEnd == core.lastPosition.end
            && core.voters.voters.allSatisfy { quorum[$0.id].applied == quorum[leader].applied }
    }

    var summary: String {
        quorum.runningIDs.compactMap { id in
            quorum.core(id).map {
                "\(id) \($0.role) term \($0.term) log \($0.lastPosition) committed \($0.committedEnd) of "
                    + "\($0.voters.voters.map(\.id))"
            }
        }.joined(separator: "; ")
    }
}
