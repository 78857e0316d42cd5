// SPDX-License-Identifier: Apache-2.0

internal import Primitives

/// The tail of the log in memory, the quorum at each place of it, and the newest snapshot.
struct RaftLog: Sendable {
    /// Where `entries` begin; at or before the snapshot's position.
    private(set) var start: LogPosition
    private(set) var snapshot: RaftSnapshot
    /// Contiguous from `start.end` on; terms never fall.
    private var entries: [RaftEntry]
    /// The quorum of the snapshot, then each one that an entry after it set, by the end of that entry.
    private var voterHistory: [(end: Offset, voters: VoterSet)]

    init(_ recovery: RaftRecovery) {
        start = recovery.start
        snapshot = recovery.snapshot
        entries = []
        voterHistory = [(recovery.snapshot.position.end, recovery.snapshot.voters)]
        for entry in recovery.entries { append(entry) }
        let position = snapshot.position
        precondition(contains(position), "a snapshot at \(position) is outside of a log from \(start) to \(last)")
    }

    var last: LogPosition { entries.last?.position ?? start }
    /// The quorum in force: of the last entry that set one, committed or not.
    var voters: VoterSet { voterHistory[voterHistory.count - 1].voters }
    /// Where the entry with the present voters ends.
    var votersEnd: Offset { voterHistory[voterHistory.count - 1].end }
    /// Whether the quorum can be learned from the log or a snapshot, and not only from how this node was set up.
    var hasWrittenVoters: Bool { voterHistory.count > 1 || snapshot.position.end > .zero }

    func voters(at end: Offset) -> VoterSet {
        precondition(end >= snapshot.position.end, "voters at \(end), before the snapshot at \(snapshot.position)")
        return voterHistory.last { $0.end <= end }?.voters ?? voterHistory[0].voters
    }

    /// Whether a replica votes at `end`, or by any entry behind it.
    func votes(_ replica: ReplicaKey, from end: Offset) -> Bool {
        voters(at: end).contains(replica) || voterHistory.contains { $0.end > end && $0.voters.contains(replica) }
    }

    /// The term of the entry that ends there; nil where none does, or where it is not in memory any more.
    func term(at end: Offset) -> Term? {
        if end == start.end { return start.term }
        let index = countOfEntries(endingBy: end)
        guard index > 0, entries[index - 1].end == end else { return nil }
        return entries[index - 1].term
    }

    func contains(_ position: LogPosition) -> Bool { term(at: position.end) == position.term }

    /// The last position that has neither a greater end nor a greater term; the start if all have.
    func lastPosition(notBeyond position: LogPosition) -> LogPosition {
        let index = count { $0.end <= position.end && $0.term <= position.term }
        return index > 0 ? entries[index - 1].position : start
    }

    /// Entries from `offset`, where one begins, as many as `byteCountMax` holds, at least one if there is any.
    func entries(from offset: Offset, byteCountMax: ByteCount) -> [RaftEntry] {
        let first = indexOfEntry(beginningAt: offset)
        var byteCount = 0
        var index = first
        while index < entries.count {
            byteCount += entries[index].byteCount
            if byteCount > byteCountMax.rawValue, index > first { break }
            index += 1
        }
        return Array(entries[first..<index])
    }

    /// All entries between two places where one begins.
    func entries(from offset: Offset, upTo end: Offset) -> [RaftEntry] {
        Array(entries[indexOfEntry(beginningAt: offset)..<indexOfEntry(beginningAt: end)])
    }

    mutating func append(_ entry: RaftEntry) {
        precondition(entry.base == last.end, "an entry from \(entry.base) after \(last)")
        precondition(entry.term >= last.term, "an entry of term \(entry.term) after \(last)")
        entries.append(entry)
        if case .voters(let voters) = entry.kind, entry.end > snapshot.position.end {
            voterHistory.append((entry.end, voters))
        }
    }

    /// Drops everything from `end` on, and the quorums that it set.
    mutating func truncate(to end: Offset) {
        precondition(end >= snapshot.position.end, "a cut to \(end), before the snapshot at \(snapshot.position)")
        entries.removeSubrange(indexOfEntry(beginningAt: end)...)
        while voterHistory.count > 1, voterHistory[voterHistory.count - 1].end > end { voterHistory.removeLast() }
    }

    /// Lets go of what the snapshot covers, except for the last `retained` bytes of it.
    mutating func trim(to newer: RaftSnapshot, retaining retained: ByteCount) {
        precondition(contains(newer.position), "a snapshot at \(newer.position) of a log that ends at \(last)")
        var index = countOfEntries(endingBy: newer.position.end)
        var byteCount = 0
        while index > 0, byteCount + entries[index - 1].byteCount <= retained.rawValue {
            byteCount += entries[index - 1].byteCount
            index -= 1
        }
        if index > 0 { start = entries[index - 1].position }
        entries.removeFirst(index)
        voterHistory.removeAll { $0.end <= newer.position.end }
        voterHistory.insert((newer.position.end, newer.voters), at: 0)
        snapshot = newer
    }

    /// Begins anew after a snapshot that came from the leader.
    mutating func reset(to installed: RaftSnapshot) {
        start = installed.position
        snapshot = installed
        entries = []
        voterHistory = [(installed.position.end, installed.voters)]
    }

    private func indexOfEntry(beginningAt offset: Offset) -> Int {
        let index = countOfEntries(endingBy: offset)
        let end = index > 0 ? entries[index - 1].end : start.end
        precondition(end == offset, "no entry begins at \(offset): the last one before ends at \(end)")
        return index
    }

    private func countOfEntries(endingBy end: Offset) -> Int { count { $0.end <= end } }

    /// How many entries `isBefore` holds for; it holds for all before one that it holds for.
    private func count(where isBefore: (RaftEntry) -> Bool) -> Int {
        var low = 0
        var high = entries.count
        while low < high {
            let middle = (low + high) / 2
            if isBefore(entries[middle]) { low = middle + 1 } else { high = middle }
        }
        return low
    }
}
