// SPDX-License-Identifier: Apache-2.0

import Coordinator
import Primitives

extension Quorum {
    /// Voters 1 to `count`, that have just started.
    static func of(_ count: Int32, seed: UInt64 = 1, limits: RaftLimits = RaftLimits()) -> Quorum {
        var quorum = Quorum(seed: seed, limits: limits)
        let voters = VoterSet((1...count).map { voter($0) })
        for id in 1...count { quorum.add(voter(id), voters: voters) }
        return quorum
    }

    /// Voters 1 to `count` with a leader.
    static func elected(_ count: Int32, seed: UInt64 = 1, limits: RaftLimits = RaftLimits()) -> Quorum {
        var quorum = of(count, seed: seed, limits: limits)
        quorum.run(milliseconds: 5_000)
        _ = quorum.takeEffects()
        return quorum
    }

    /// A voter that does not lead.
    var follower: NodeID { ids.first { $0 != leader } ?? NodeID(0) }

    mutating func isolate(_ id: NodeID) {
        for other in ids where other != id {
            cuts.insert([id, other])
            cuts.insert([other, id])
        }
    }

    mutating func hear(_ id: Int32, from other: Int32, _ body: RaftMessage.Body, term: Int64) {
        let message = RaftMessage(
            from: Quorum.voter(other).key, to: Quorum.voter(id).key, term: Term(term), body: body)
        step(NodeID(id), .received(message, from: NodeID(other)))
    }

    mutating func propose(_ texts: String...) {
        guard let leader else { preconditionFailure("nobody leads") }
        for text in texts {
            step(leader, .proposed(SharedBytes(text), recordCount: 1, RaftTicket(0)))
        }
    }

    /// The vote replies that a node has sent, which are taken off the network.
    mutating func votes(from id: Int32) -> [Bool] {
        defer { parcels = [] }
        return parcels.filter { $0.from == NodeID(id) }.compactMap { parcel in
            if case .voteReply(let isGranted) = parcel.message.body { isGranted } else { nil }
        }
    }

    var refusals: [RaftRefusal] {
        effects.compactMap { if case .refused(_, let refusal) = $0.effect { refusal } else { nil } }
    }

    func answers(where isWanted: (RaftEffect) -> Bool) -> Int { effects.count { isWanted($0.effect) } }

    /// Ends of the entries in the memory of a node, with their terms.
    func log(_ id: Int32) -> [LogPosition] { core(id).entriesInMemory.map(\.position) }
}

func entry(_ base: Int64, _ end: Int64, term: Int64, _ text: String? = nil) -> RaftEntry {
    RaftEntry(
        base: Offset(base), end: Offset(end), term: Term(term),
        kind: .records(SharedBytes(text ?? "\(base)/\(term)")))
}

/// Entries of one offset each, with these terms.
func entries(terms: [Int64]) -> [RaftEntry] {
    terms.enumerated().map { index, term in entry(Int64(index), Int64(index) + 1, term: term) }
}

func recovery(term: Int64, _ entries: [RaftEntry], voterCount: Int32) -> RaftRecovery {
    let voters = VoterSet((1...voterCount).map { Quorum.voter($0) })
    return RaftRecovery(
        hardState: HardState(term: Term(term)), snapshot: .initial(voters: voters), start: .zero, entries: entries)
}
