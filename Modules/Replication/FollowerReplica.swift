// SPDX-License-Identifier: Apache-2.0

public import Primitives
internal import RecordBatch

/// One partition's follower: decides what to do with what a leader sends, and up to where it may serve reads (KIP-392).
///
/// Holds no log: the caller brings the standing of the log with each question, carries out the decision, and tells what
/// came of it. Lives in memory only; a fresh one after a restart begins by comparing logs.
/// - SeeAlso: docs/decisions/0014-replication.md
public struct FollowerReplica: Sendable {
    /// Of the newest leader heard of, by metadata or by an append.
    public private(set) var leaderEpoch: LeaderEpoch
    /// First offset that consumers may not read; goes back only when the log is cut below it.
    public private(set) var highWatermark: Offset
    /// Whether the whole log is known to be a beginning of the leader's.
    public private(set) var isMatched = false

    /// - Parameter highWatermark: The last one known; the log start after a restart.
    public init(leaderEpoch: LeaderEpoch, highWatermark: Offset) {
        self.leaderEpoch = leaderEpoch
        self.highWatermark = highWatermark
    }

    /// Takes note of a leader that metadata names; an older one changes nothing.
    public mutating func follow(_ epoch: LeaderEpoch) {
        guard epoch > leaderEpoch else { return }
        leaderEpoch = epoch
        isMatched = false
    }

    /// Decides about an append. A header of a newer leader is believed: epochs come from the controller only.
    ///
    /// After `.cut` and `.restart` are carried out and reported with `discarded`, ask again with the new standing.
    public mutating func decide(
        on header: AppendHeader, standing: ReplicaStanding, epochs: some EpochTable
    ) -> FollowerDecision {
        guard header.leaderEpoch >= leaderEpoch else { return .answer(.fenced(current: leaderEpoch)) }
        follow(header.leaderEpoch)
        switch header.order {
        case .cut(let target, ifEnding: standing.end):
            let cut = Self.cut(for: target, standing: standing, epochs: epochs)
            if cut < standing.logEnd { return .cut(to: cut) }
        case .restart(let offset, ifEnding: standing.end) where !standing.isEmpty || offset != standing.logEnd:
            return .restart(at: offset)
        case .append, .compare, .cut, .restart: break
        }
        if !isMatched { isMatched = Self.agrees(with: header.previous, standing: standing) }
        let isHere =
            switch header.order {
            case .append: header.previous.offset <= standing.logEnd
            // Who is asked says where it ends, even when what it has agrees.
            case .compare: header.previous.offset == standing.logEnd
            case .cut, .restart: true
            }
        guard isMatched, isHere else {
            return .answer(.diverged(standing))
        }
        note(header, logEnd: standing.logEnd)
        return .append(from: standing.logEnd)
    }

    /// Takes note that the batches of an append are in the log, which ends at `logEnd` now.
    public mutating func appended(_ header: AppendHeader, logEnd: Offset) {
        guard header.leaderEpoch == leaderEpoch, isMatched else { return }
        note(header, logEnd: logEnd)
    }

    /// Takes note that the log was cut or begun again, and ends at `logEnd` now.
    public mutating func discarded(logEnd: Offset) {
        highWatermark = min(highWatermark, logEnd)
        isMatched = false
    }

    private mutating func note(_ header: AppendHeader, logEnd: Offset) {
        highWatermark = max(highWatermark, min(header.highWatermark, logEnd))
    }

    /// Whether the logs are equal up to where this one ends. An epoch that the leader does not know belongs to a record
    /// that it no longer has.
    private static func agrees(with previous: OffsetAndEpoch, standing: ReplicaStanding) -> Bool {
        guard previous.offset == standing.logEnd else { return false }
        return standing.isEmpty || previous.epoch == .none || previous.epoch == standing.lastEpoch
    }

    /// The end both logs may have in common, as far as this one can tell.
    private static func cut(
        for target: OffsetAndEpoch, standing: ReplicaStanding, epochs: some EpochTable
    ) -> Offset {
        guard let own = epochs.lastEpoch(atOrBefore: target.epoch) else { return standing.logStart }
        return max(standing.logStart, min(own.offset, target.offset))
    }

    /// The whole batches in `bytes` from the one that begins at `offset` on: those before are in the log already.
    ///
    /// What does not parse is left in, for the log to refuse; so is what stands for compacted offsets on both sides of
    /// `offset`, of which the log takes the rest.
    public static func batches(in bytes: SharedBytes, from offset: Offset) -> SharedBytes {
        var position = 0
        do throws(DecodeError) {
            while position < bytes.count {
                let header = try BatchHeader(parsing: bytes, at: position)
                guard header.baseOffset < offset, header.totalByteCount <= bytes.count - position,
                    !header.isFiller || header.ends(before: offset)
                else { break }
                position += header.totalByteCount
            }
        } catch {}
        return bytes.slice(from: position, count: bytes.count - position)
    }
}

/// What a follower does with an append.
public enum FollowerDecision: Hashable, Sendable {
    /// Append the batches from this offset on; those before are there. With none left, answer at once.
    case append(from: Offset)
    /// Drop the records from this offset on, then ask again.
    case cut(to: Offset)
    /// Drop all records and begin at this offset, then ask again.
    case restart(at: Offset)
    /// Touch nothing and say so.
    case answer(AppendAnswer)
}

extension BatchHeader {
    /// Whether all its offsets lie before `offset`. A garbled header may have any, so nothing is added up.
    fileprivate func ends(before offset: Offset) -> Bool {
        baseOffset < .zero || Int64(lastOffsetDelta) < offset.distance(from: baseOffset)
    }
}
