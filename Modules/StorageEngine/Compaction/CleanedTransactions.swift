// SPDX-License-Identifier: Apache-2.0

internal import Primitives
internal import RecordBatch

/// Follows the transactions of a log while a pass goes through it, so that it knows which batches were aborted and which
/// markers still end something.
///
/// All transactions that it sees have ended, since a pass ends at the last stable offset; their markers may lie behind it.
struct CleanedTransactions: Sendable {
    /// In the order they began, and how many of them have so far.
    private let aborted: [AbortedTransaction]
    private var begunCount = 0
    /// Aborted ones that have begun and whose marker has not come, and whether a batch of theirs was met.
    private var ongoingAborted: [ProducerID: (transaction: AbortedTransaction, hasBatch: Bool)] = [:]
    /// Producers with batches since their last marker that were not aborted.
    private var ongoingCommitted: Set<ProducerID> = []
    /// Aborted transactions of which batches are left, or were until this pass: readers have to know of them.
    private(set) var retained: [AbortedTransaction] = []

    /// - Parameter start: Where the pass begins to look: of what ended before it no marker will come.
    init(aborted: [AbortedTransaction], from start: Offset) {
        self.aborted = aborted.filter { $0.lastOffset >= start }
            .sorted { ($0.firstOffset, $0.lastOffset) < ($1.firstOffset, $1.lastOffset) }
    }

    /// Takes note of a batch of records; whether its transaction was aborted.
    mutating func isAborted(_ header: BatchHeader) -> Bool {
        begin(upTo: header.lastOffset)
        guard header.isTransactional else { return false }
        guard ongoingAborted[header.producerID] != nil else {
            ongoingCommitted.insert(header.producerID)
            return false
        }
        ongoingAborted[header.producerID]?.hasBatch = true
        return true
    }

    /// Takes note of a marker; whether no batch of its transaction was met.
    mutating func markerIsFree(_ batch: Batch, with codecs: CompactionCodecs) throws(RecordsError) -> Bool {
        begin(upTo: batch.header.lastOffset)
        // Emptied by an earlier pass: it ends nothing any more.
        guard !batch.header.isEmpty else { return true }
        var records = try Records(batch, using: codecs.decompressor)
        guard let record = try records.next() else { return true }
        let marker: EndTransactionMarker?
        do throws(DecodeError) { marker = try EndTransactionMarker(record) } catch { throw .malformed(error) }
        switch marker?.outcome {
        case .aborted:
            guard let ended = ongoingAborted.removeValue(forKey: batch.header.producerID) else {
                // What is left of it was emptied, and no index tells of it any more.
                return ongoingCommitted.remove(batch.header.producerID) == nil
            }
            if ended.hasBatch { retained.append(ended.transaction) }
            return !ended.hasBatch
        case .committed: return ongoingCommitted.remove(batch.header.producerID) == nil
        // A kind of control record that this version does not know: kept.
        case nil: return false
        }
    }

    /// Hands over what `retained` holds.
    mutating func takeRetained() -> [AbortedTransaction] {
        defer { retained = [] }
        return retained
    }

    private mutating func begin(upTo offset: Offset) {
        while begunCount < aborted.count, aborted[begunCount].firstOffset <= offset {
            ongoingAborted[aborted[begunCount].producerID] = (aborted[begunCount], false)
            begunCount += 1
        }
    }
}
