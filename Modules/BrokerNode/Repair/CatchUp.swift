// SPDX-License-Identifier: Apache-2.0

package import Primitives
package import WireProtocol

/// What a replica that comes back from a crash does next, before it leads: whom it waits for, and whose records it takes.
///
/// Facts go in, steps come out; `CatchUps` asks and copies.
/// - SeeAlso: docs/decisions/0016-repair.md
package struct CatchUp: Sendable {
    package enum Step: Equatable, Sendable {
        /// Ask these where their logs end. Who does not answer is waited for until its time is up.
        case ask([NodeID])
        /// Take over what this one has up to an offset, exclusive. No other step comes until that has ended.
        case take(NodeID, upTo: Offset)
        case lead
    }

    /// How long a replica is waited for that metadata knows to have all that was committed: it may be starting as well, and
    /// has a whole log to look through.
    package static let memberPatienceMilliseconds: Int64 = 30_000
    /// How long one is waited for that may have been left behind.
    package static let otherPatienceMilliseconds: Int64 = 3_000

    private let peers: [NodeID]
    private let members: [NodeID]
    private var stands: [NodeID: ReplicaStand] = [:]
    /// They have given all that they had, or cannot.
    private var finished: [NodeID] = []
    private var since: Instant
    /// What cannot be proven here was given up for what a peer has.
    private var hasTaken = false
    /// Whom records are being taken from.
    package private(set) var source: NodeID?

    /// - Parameters:
    ///   - peers: The other replicas.
    ///   - members: Those of them that are in the in-sync set or eligible to lead.
    package init(peers: [NodeID], members: [NodeID], at now: Instant) {
        (self.peers, self.members, since) = (peers, members, now)
    }

    /// - Precondition: nothing is being taken.
    package mutating func step(own: ReplicaStand, hasDamage: Bool, at now: Instant) -> Step {
        precondition(source == nil, "a step while records of \(source ?? .none) are taken")
        let silent = peers.filter { peer in
            guard stands[peer] == nil, !finished.contains(peer) else { return false }
            let isMember = members.contains(peer)
            let patience = isMember ? Self.memberPatienceMilliseconds : Self.otherPatienceMilliseconds
            return now < since.advanced(byMilliseconds: patience)
        }
        guard silent.isEmpty else { return .ask(silent) }
        let best = peers.filter { !finished.contains($0) }.compactMap { peer in stands[peer].map { (peer, $0) } }
            .max { $0.1 < $1.1 }
        // Of equals, a peer has what a damaged log claims and cannot prove.
        guard let (peer, stand) = best, stand > own || (stand == own && hasDamage && !hasTaken) else { return .lead }
        source = peer
        return .take(peer, upTo: stand.logEnd)
    }

    /// A peer said where its log ends.
    package mutating func told(_ stand: ReplicaStand, by peer: NodeID) {
        if peer != source { stands[peer] = stand }
    }

    /// All that the source had when it was asked was taken over. Who answered meanwhile may have more.
    package mutating func taken() {
        guard let peer = source else { preconditionFailure("nobody to take from") }
        finished.append(peer)
        (source, hasTaken) = (nil, true)
    }

    /// The source did not answer: it is asked anew where its log ends, and waited for as long as at first.
    package mutating func lost(at now: Instant) {
        guard let peer = source else { preconditionFailure("nobody to lose") }
        stands[peer] = nil
        (source, since) = (nil, now)
    }

    /// The source has another log, or cannot read its own: who has most of the others is taken.
    package mutating func refused() {
        guard let peer = source else { preconditionFailure("nobody to refuse") }
        finished.append(peer)
        source = nil
    }
}

/// How far a replica's log goes. The greater one has all that was ever committed that the other has, if both were in sync.
package struct ReplicaStand: Comparable, Sendable {
    package let latestEpoch: LeaderEpoch
    package let logEnd: Offset

    package init(latestEpoch: LeaderEpoch, logEnd: Offset) {
        self.latestEpoch = latestEpoch
        self.logEnd = logEnd
    }

    package init(_ response: Replicas.FetchLogResponse) {
        self.init(latestEpoch: response.latestEpoch, logEnd: response.logEndOffset)
    }

    package static func < (left: ReplicaStand, right: ReplicaStand) -> Bool {
        (left.latestEpoch, left.logEnd) < (right.latestEpoch, right.logEnd)
    }
}
