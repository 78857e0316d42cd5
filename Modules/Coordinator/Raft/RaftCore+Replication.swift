// SPDX-License-Identifier: Apache-2.0

internal import Primitives

extension RaftCore {
    /// Why replicas are written to.
    enum Occasion {
        /// There are entries to send, or room for them.
        case append
        /// More is committed; those that keep up shall know at once.
        case commit
        /// Each replica gets at least one message.
        case heartbeat
    }

    mutating func replicate(on occasion: Occasion) {
        for index in leadership.replicas.indices { replicate(to: index, on: occasion) }
    }

    mutating func replicate(to index: Int, on occasion: Occasion) {
        switch leadership.replicas[index].mode {
        case .probe:
            if occasion == .heartbeat { sendAppend(to: index, from: leadership.replicas[index].next) }
        case .replicate:
            let hasSent = sendEntries(to: index)
            if !hasSent, occasion != .append { sendAppend(to: index, from: leadership.replicas[index].next) }
        case .snapshot(let transfer):
            guard occasion == .heartbeat else { return }
            sendAppend(to: index, from: log.last.end)
            let patience = limits.electionTimeoutMilliseconds
            if now >= transfer.since.advanced(byMilliseconds: patience) { readChunk(for: index, transfer) }
        }
    }

    /// - Returns: Whether anything was sent.
    private mutating func sendEntries(to index: Int) -> Bool {
        var hasSent = false
        let inFlightMax = min(limits.appendsInFlightMax, leadership.replicas[index].window)
        while leadership.replicas[index].inFlight.count < inFlightMax {
            let next = leadership.replicas[index].next
            guard next >= log.start.end else {
                beginSnapshot(for: index)
                return true
            }
            let entries = log.entries(from: next, byteCountMax: limits.messageByteCountMax)
            guard let last = entries.last else { break }
            sendAppend(to: index, from: next, entries)
            leadership.replicas[index].next = last.end
            leadership.replicas[index].inFlight.append(last.end)
            hasSent = true
        }
        return hasSent
    }

    private mutating func sendAppend(to index: Int, from offset: Offset, _ entries: [RaftEntry] = []) {
        guard let previousTerm = log.term(at: offset) else { return beginSnapshot(for: index) }
        let append = RaftAppend(
            previous: LogPosition(end: offset, term: previousTerm), entries: entries, commit: commit,
            round: leadership.round)
        send(.append(append), to: leadership.replicas[index].key)
    }

    // MARK: Answers

    mutating func receive(_ reply: RaftAppendReply, from key: ReplicaKey) {
        guard role == .leader, let index = identify(key) else { return }
        leadership.replicas[index].lastHeard = now
        let confirmed = min(reply.round, leadership.round)
        leadership.replicas[index].confirmedRound = max(leadership.replicas[index].confirmedRound, confirmed)
        switch reply.outcome {
        case .accepted(let end): accepted(end, at: index)
        case .rejected(let previous, let hint): rejected(previous, hint, at: index)
        }
        confirmReadRound()
    }

    /// The replica of that key; one whose directory was not known takes it from its first answer.
    private mutating func identify(_ key: ReplicaKey) -> Int? {
        if let index = leadership.index(of: key) { return index }
        guard let index = leadership.index(of: ReplicaKey(id: key.id, directory: nil)) else { return nil }
        leadership.replicas[index].key = key
        return index
    }

    private mutating func accepted(_ end: Offset, at index: Int) {
        guard end < log.start.end || log.term(at: end) != nil else { return }
        leadership.replicas[index].acknowledge(end)
        switch leadership.replicas[index].mode {
        case .probe: leadership.replicas[index].mode = .replicate
        case .replicate: break
        case .snapshot(let transfer):
            if end >= log.start.end {
                leadership.replicas[index].probe(from: end)
                leadership.replicas[index].mode = .replicate
            } else if end >= transfer.snapshot.position.end {
                // What followed that snapshot is gone meanwhile.
                return beginSnapshot(for: index)
            }
        }
        let before = commit
        advanceCommit()
        if commit == before { replicate(to: index, on: .append) }
        advanceChange()
        if role == .leader { advanceTransfer() }
    }

    private mutating func rejected(_ previous: Offset, _ hint: LogPosition, at index: Int) {
        let replica = leadership.replicas[index]
        switch replica.mode {
        case .snapshot: return
        // An answer from before: what it denies has been acknowledged, or asked otherwise, since.
        case .replicate: guard previous >= replica.durableEnd else { return }
        case .probe:
            guard previous == replica.next else { return }
            // It has lost what it once had: it counts for nothing until it says anew what it has.
            if previous <= replica.durableEnd { leadership.replicas[index].durableEnd = .zero }
        }
        replyToRejection(hint, at: index)
    }

    private mutating func replyToRejection(_ hint: LogPosition, at index: Int) {
        let replica = leadership.replicas[index]
        let common = log.lastPosition(notBeyond: hint)
        // An entry of an older term where this log begins: the logs part before it.
        let partsBefore = hint.end < log.start.end || hint.term < log.start.term
        if partsBefore, replica.durableEnd < log.start.end {
            beginSnapshot(for: index)
        } else {
            leadership.replicas[index].probe(from: max(common.end, replica.durableEnd))
            sendAppend(to: index, from: leadership.replicas[index].next)
        }
    }

    // MARK: Snapshots

    private mutating func beginSnapshot(for index: Int) {
        counts.snapshotsSent += 1
        leadership.replicas[index].probe(from: log.snapshot.position.end)
        let transfer = SnapshotTransfer(snapshot: log.snapshot, position: 0, since: now, isReading: true)
        readChunk(for: index, transfer)
    }

    private mutating func readChunk(for index: Int, _ former: SnapshotTransfer) {
        var transfer = former
        transfer.since = now
        transfer.isReading = true
        leadership.replicas[index].mode = .snapshot(transfer)
        let read = SnapshotRead(
            follower: leadership.replicas[index].key, snapshot: transfer.snapshot, position: transfer.position,
            byteCountMax: limits.snapshotChunkByteCountMax.rawValue)
        output.append(.readSnapshot(read))
    }

    mutating func sendChunk(_ chunk: SnapshotChunk?, for read: SnapshotRead) {
        guard role == .leader, let index = leadership.index(of: read.follower),
            case .snapshot(var transfer) = leadership.replicas[index].mode, transfer.isReading,
            transfer.snapshot == read.snapshot, transfer.position == read.position
        else { return }
        transfer.isReading = false
        transfer.since = now
        if let chunk {
            precondition(
                chunk.position == read.position && chunk.bytes.count <= read.byteCountMax,
                "\(chunk.bytes.count) bytes at \(chunk.position) for a read of \(read.byteCountMax) at \(read.position)"
            )
            send(.snapshotChunk(chunk), to: read.follower)
        } else {
            let newest = SnapshotTransfer(snapshot: log.snapshot, position: 0, since: now, isReading: false)
            // Replaced meanwhile: at once, or the next one would be replaced as well before its turn comes.
            if newest.snapshot != transfer.snapshot { return readChunk(for: index, newest) }
            // Unreadable: again when a heartbeat finds nothing under way.
            transfer = newest
        }
        leadership.replicas[index].mode = .snapshot(transfer)
    }

    /// The follower has written so much, or wants it from there again.
    mutating func chunkWritten(of position: LogPosition, _ next: Int64, at key: ReplicaKey) {
        guard role == .leader, let index = identify(key) else { return }
        leadership.replicas[index].lastHeard = now
        guard case .snapshot(var transfer) = leadership.replicas[index].mode, transfer.snapshot.position == position,
            transfer.position != next, next >= 0
        else { return }
        transfer.position = next
        readChunk(for: index, transfer)
    }
}
