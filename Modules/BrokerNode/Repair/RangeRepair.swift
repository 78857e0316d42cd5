// SPDX-License-Identifier: Apache-2.0

package import Primitives
internal import RecordBatch
package import StorageEngine

/// The repair of one damaged range: which replica is asked for what, and what its answers mean.
///
/// A replica is believed when it has the record behind the damage in the epoch in which it stands here: by log matching
/// all that lies before is then the same in both logs. Where nothing follows the damage nobody can prove what was there;
/// that is for replication, which begins at the damage again.
/// - SeeAlso: docs/decisions/0016-repair.md
package struct RangeRepair: Sendable {
    package enum Step: Equatable, Sendable {
        /// Ask for the batches of these offsets, at most so many bytes.
        case ask(NodeID, Range<Offset>, byteCountMax: Int32)
        /// Put these batches into the place of `damage`.
        case mend(SharedBytes)
        case finished(Outcome)
    }

    package enum Outcome: Equatable, Sendable {
        case mended
        /// Nobody has the records. `isShared`: the leader has not got them either.
        case exhausted(isShared: Bool)
    }

    package enum Answer: Sendable {
        case given(SharedBytes)
        /// Its log does not have them.
        case outOfRange
        /// They are damaged there too.
        case damaged
        /// No answer in time, or one that it cannot give at present.
        case silent
    }

    /// The record behind the damage.
    package struct Witness: Equatable, Sendable {
        package let offset: Offset
        package let epoch: LeaderEpoch

        package init(_ offset: Offset, _ epoch: LeaderEpoch) {
            self.offset = offset
            self.epoch = epoch
        }
    }

    /// Bytes asked for at once: what a mend holds up the shard with.
    package static let pieceByteCountMax: Int32 = 1 << 20

    package private(set) var damage: LogDamage
    package private(set) var step: Step
    private let witness: Witness?
    private let leader: NodeID?
    private var peers: [NodeID]
    private var isProven = false
    private var isShared = false

    /// - Parameters:
    ///   - witness: nil when nothing follows the damage.
    ///   - peers: In the order in which they are asked.
    ///   - leader: nil when there is none, or it is this replica.
    package init(_ damage: LogDamage, witness: Witness?, peers: [NodeID], leader: NodeID?) {
        self.damage = damage
        self.witness = witness
        self.leader = leader
        self.peers = witness == nil ? [] : peers
        step = .finished(.exhausted(isShared: false))
        prove()
    }

    /// Whom to ask: the leader first, then who is in sync, then the others, which may have had the records for long.
    package static func peers(of node: NodeID, replicas: [NodeID], inSync: [NodeID], leader: NodeID) -> [NodeID] {
        let others = replicas.filter { $0 != node }
        let members = others.filter { inSync.contains($0) }
        let ordered = others.filter { $0 == leader } + members + others
        return ordered.enumerated().filter { !ordered[..<$0.offset].contains($0.element) }.map(\.element)
    }

    /// Takes the answer to the last `.ask`.
    package mutating func answered(_ answer: Answer) {
        guard case .ask = step else { preconditionFailure("an answer to \(step)") }
        switch answer {
        case .given(let bytes): isProven ? take(bytes) : compare(bytes)
        case .damaged, .outOfRange:
            if peers.first == leader { isShared = true }
            nextPeer()
        case .silent: nextPeer()
        }
    }

    /// Takes what came of the last `.mend`: what is left of the damage, nil when it is mended.
    package mutating func mended(left: LogDamage?) {
        guard let left else { return step = .finished(.mended) }
        damage = left
        copy()
    }

    /// The log did not take the batches.
    package mutating func refused() { nextPeer() }

    // MARK: Helpers

    private mutating func prove() {
        guard let peer = peers.first, let witness else { return step = .finished(.exhausted(isShared: isShared)) }
        isProven = false
        step = .ask(peer, witness.offset..<witness.offset + 1, byteCountMax: 1)
    }

    private mutating func compare(_ bytes: SharedBytes) {
        guard let header = BatchRun(bytes).first, header.baseOffset == witness?.offset,
            header.partitionLeaderEpoch == witness?.epoch
        else { return nextPeer() }
        isProven = true
        copy()
    }

    private mutating func copy() {
        guard let peer = peers.first else { preconditionFailure("copying from nobody") }
        step = .ask(peer, damage.offsets, byteCountMax: Self.pieceByteCountMax)
    }

    private mutating func take(_ bytes: SharedBytes) {
        let run = BatchRun(bytes).ending(before: damage.offsets.upperBound).beginning(at: damage.offsets.lowerBound)
        guard !run.bytes.isEmpty else { return nextPeer() }
        step = .mend(run.bytes)
    }

    private mutating func nextPeer() {
        peers.removeFirst()
        prove()
    }
}
