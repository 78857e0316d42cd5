// SPDX-License-Identifier: Apache-2.0

internal import Primitives

/// What of a node's promises and log is durable, and what waits for it.
struct RaftDisk: Sendable {
    private(set) var hardState: HardState
    private(set) var durableEnd: Offset
    private var isHardStateDirty = false
    private var truncateTo: Offset?
    private var entries: [RaftEntry] = []
    private var lastWrite = RaftWriteNumber.zero
    private var durableWrite = RaftWriteNumber.zero
    /// The last write with a hard state in it.
    private var hardStateWrite = RaftWriteNumber.zero
    /// Writes in flight, and how far the log is durable after each.
    private var writes: [(number: RaftWriteNumber, end: Offset)] = []
    /// Messages that rest on a hard state in flight; at most one of a kind to each replica.
    private var held: [RaftMessage] = []

    init(hardState: HardState, durableEnd: Offset) {
        self.hardState = hardState
        self.durableEnd = durableEnd
    }

    var isHardStateDurable: Bool { !isHardStateDirty && hardStateWrite <= durableWrite }

    mutating func set(_ newer: HardState) {
        precondition(newer.term >= hardState.term, "term \(newer.term) after \(hardState.term)")
        // What was to be said in the former term interests nobody any more.
        if newer.term > hardState.term { held = [] }
        hardState = newer
        isHardStateDirty = true
    }

    mutating func append(_ entry: RaftEntry) { entries.append(entry) }

    mutating func truncate(to end: Offset) {
        precondition(entries.isEmpty, "a cut to \(end) after \(entries.count) entries of the same step")
        truncateTo = end
        durableEnd = min(durableEnd, end)
        for index in writes.indices { writes[index].end = min(writes[index].end, end) }
    }

    /// A snapshot from the leader has taken the place of the log; writes in flight say nothing about the new one.
    mutating func reset(to end: Offset) {
        durableEnd = end
        for index in writes.indices { writes[index].end = min(writes[index].end, end) }
    }

    mutating func hold(_ message: RaftMessage, atMost limit: Int) {
        if let index = held.firstIndex(where: { $0.to == message.to && $0.body.kind == message.body.kind }) {
            held[index] = message
        } else if held.count < limit {
            held.append(message)
        }
    }

    /// Everything that this step wants written.
    mutating func takeWrite(logEnd: Offset) -> RaftWrite? {
        guard isHardStateDirty || truncateTo != nil || !entries.isEmpty else { return nil }
        lastWrite = lastWrite.next
        if isHardStateDirty { hardStateWrite = lastWrite }
        writes.append((lastWrite, logEnd))
        defer {
            isHardStateDirty = false
            truncateTo = nil
            entries = []
        }
        return RaftWrite(
            number: lastWrite, truncateTo: truncateTo, entries: entries, hardState: isHardStateDirty ? hardState : nil)
    }

    /// - Returns: The messages that may leave now.
    mutating func persisted(_ number: RaftWriteNumber) -> [RaftMessage] {
        precondition(number <= lastWrite, "write \(number) of \(lastWrite) is durable")
        durableWrite = max(durableWrite, number)
        while let first = writes.first, first.number <= number {
            durableEnd = max(durableEnd, first.end)
            writes.removeFirst()
        }
        guard isHardStateDurable else { return [] }
        defer { held = [] }
        return held
    }
}

extension RaftMessage.Body {
    /// A number for each case.
    var kind: UInt8 {
        switch self {
        case .preVote: 1
        case .preVoteReply: 2
        case .vote: 3
        case .voteReply: 4
        case .append: 5
        case .appendReply: 6
        case .snapshotChunk: 7
        case .snapshotChunkReply: 8
        case .timeoutNow: 9
        case .observe: 10
        }
    }
}
