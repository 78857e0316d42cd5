// SPDX-License-Identifier: Apache-2.0

internal import Primitives

/// What a follower knows of the log of the leader of its term.
struct Following: Sendable {
    /// The logs are equal before this.
    var matchedEnd = Offset.zero
    /// What the leader was last told to be durable.
    var acknowledgedEnd = Offset.zero
    /// The last round of read confirmation seen.
    var round: UInt64 = 0
    /// Survives a change of the leader while it is being installed.
    var incoming: IncomingSnapshot?

    init(matchedEnd: Offset = .zero) { self.matchedEnd = matchedEnd }

    /// Everything that was committed is in the log of every later leader.
    mutating func newTerm(matchedEnd: Offset) {
        self.matchedEnd = matchedEnd
        acknowledgedEnd = .zero
        round = 0
    }
}

/// A snapshot that comes in chunks.
struct IncomingSnapshot: Sendable {
    let snapshot: RaftSnapshot
    /// Another node's snapshot at the same place may have other bytes.
    let source: ReplicaKey
    var nextPosition: Int64 = 0
    /// The driver has the next chunk.
    var isWriting = false
    /// The driver has the last one.
    var isInstalling = false
}

extension RaftCore {
    mutating func receive(_ append: RaftAppend, from leader: ReplicaKey) {
        let isNewRound = append.round > following.round
        following.round = max(following.round, append.round)
        // A log that is about to be replaced takes nothing, but the leader hears that somebody is there.
        guard following.incoming?.isInstalling != true else { return acknowledge() }
        guard let (previous, entries) = beyondCommitted(append) else { return }
        guard log.contains(previous) else {
            let hint = log.lastPosition(notBeyond: previous)
            let outcome = RaftAppendReply.Outcome.rejected(previous: append.previous.end, hint: hint)
            return send(.appendReply(RaftAppendReply(outcome: outcome, round: following.round)), to: leader)
        }
        let hasAppended = take(entries)
        following.matchedEnd = max(following.matchedEnd, entries.last?.end ?? previous.end)
        let known = min(append.commit, following.matchedEnd)
        if known > commit, log.term(at: known) != nil { commit = known }
        // The disk answers for new entries; a heartbeat or a read does not wait for it.
        if !hasAppended || isNewRound { acknowledge() }
    }

    /// The message without what is known to be the same because it is committed, and may not be in memory any more.
    ///
    /// - Returns: nil for entries that no leader of this term can have.
    private func beyondCommitted(_ append: RaftAppend) -> (previous: LogPosition, entries: ArraySlice<RaftEntry>)? {
        var last = append.previous
        for entry in append.entries {
            guard entry.base == last.end, entry.term >= last.term, entry.term <= term else { return nil }
            last = entry.position
        }
        guard append.previous.end < commit else { return (append.previous, append.entries[...]) }
        guard let committedTerm = log.term(at: commit) else { preconditionFailure("no entry ends at \(commit)") }
        let entries = append.entries.drop { $0.end <= commit }
        guard entries.first.map({ $0.base == commit }) ?? true else { return nil }
        return (LogPosition(end: commit, term: committedTerm), entries)
    }

    /// Appends what is new, after cutting what another leader left and this one contradicts.
    ///
    /// - Returns: Whether anything was.
    private mutating func take(_ entries: ArraySlice<RaftEntry>) -> Bool {
        let new = entries.drop { log.contains($0.position) }
        guard let first = new.first else { return false }
        if first.base < log.last.end {
            precondition(first.base >= commit, "a cut to \(first.base), and \(commit) is committed")
            log.truncate(to: first.base)
            disk.truncate(to: first.base)
        }
        for entry in new {
            log.append(entry)
            disk.append(entry)
        }
        return true
    }

    /// Tells the leader how much is the same and durable here.
    private mutating func acknowledge() {
        guard let leader else { return }
        let end = min(following.matchedEnd, disk.durableEnd)
        following.acknowledgedEnd = max(following.acknowledgedEnd, end)
        let reply = RaftAppendReply(outcome: .accepted(durableEnd: end), round: following.round)
        send(.appendReply(reply), to: leader)
    }

    /// The disk has more than the leader was told.
    mutating func acknowledgeDurable() {
        guard role == .follower, leader != nil else { return }
        if min(following.matchedEnd, disk.durableEnd) > following.acknowledgedEnd { acknowledge() }
    }

    // MARK: Snapshots

    mutating func receive(_ chunk: SnapshotChunk, from source: ReplicaKey) {
        let position = chunk.snapshot.position
        guard following.incoming?.isInstalling != true else { return }
        // Snapshots hold what is committed, so a log that has their position needs none.
        guard position.end > commit, !log.contains(position) else {
            if position.end > commit { commit = position.end }
            following.matchedEnd = max(following.matchedEnd, commit)
            following.incoming = nil
            return acknowledge()
        }
        if following.incoming?.snapshot != chunk.snapshot || following.incoming?.source != source {
            guard chunk.position == 0 else { return askForChunk(of: position, 0, from: source) }
            following.incoming = IncomingSnapshot(snapshot: chunk.snapshot, source: source)
        }
        guard var incoming = following.incoming, !incoming.isWriting else { return }
        guard chunk.position == incoming.nextPosition else {
            return askForChunk(of: position, incoming.nextPosition, from: source)
        }
        incoming.isWriting = true
        incoming.isInstalling = chunk.isLast
        following.incoming = incoming
        output.append(.writeSnapshot(chunk))
    }

    private mutating func askForChunk(of position: LogPosition, _ next: Int64, from source: ReplicaKey) {
        send(.snapshotChunkReply(snapshot: position, nextPosition: next), to: source)
    }

    mutating func chunkWritten(of position: LogPosition, _ next: Int64) {
        guard var incoming = following.incoming, incoming.snapshot.position == position, incoming.isWriting,
            !incoming.isInstalling, next > incoming.nextPosition
        else { return }
        incoming.nextPosition = next
        incoming.isWriting = false
        following.incoming = incoming
        askForChunk(of: position, next, from: incoming.source)
    }

    mutating func snapshotInstalled(_ position: LogPosition) {
        guard let incoming = following.incoming, incoming.snapshot.position == position, incoming.isInstalling else {
            preconditionFailure("a snapshot at \(position) was installed that did not come")
        }
        following.incoming = nil
        log.reset(to: incoming.snapshot)
        disk.reset(to: position.end)
        commit = position.end
        handedOut = position.end
        following.matchedEnd = position.end
        acknowledge()
    }

    mutating func snapshotRefused(_ position: LogPosition) {
        guard let incoming = following.incoming, incoming.snapshot.position == position else { return }
        following.incoming = nil
        askForChunk(of: position, 0, from: incoming.source)
    }

    /// The driver has a newer snapshot: the log before it is needed only by followers that are a little behind.
    mutating func takeSnapshot(_ snapshot: RaftSnapshot) {
        let end = snapshot.position.end
        precondition(end <= handedOut, "a snapshot at \(end), and \(handedOut) is committed")
        guard end > log.snapshot.position.end else { return }
        log.trim(to: snapshot, retaining: limits.retainedByteCountMax)
    }
}
