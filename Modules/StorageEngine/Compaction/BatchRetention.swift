// SPDX-License-Identifier: Apache-2.0

internal import Primitives
internal import RecordBatch

/// Decides, batch by batch in the order of the log, what a pass keeps: Kafka's rules (KIP-98, KIP-534).
struct BatchRetention: Sendable {
    /// The last offset of each key among the records that the pass has met.
    let map: OffsetMap
    /// Records behind it are newer than the map and stay.
    let lastMapped: Offset
    /// When the pass began.
    let now: Timestamp
    let deleteRetentionMilliseconds: Int64
    let producers: [ProducerID: LastOfProducer]
    var transactions: CleanedTransactions

    enum Verdict {
        /// As it is.
        case keep
        case replace(Batch)
        /// All its records go and nothing has to be remembered.
        case drop
    }

    /// - Throws: `.unreadable` when a batch whose checksum holds cannot be taken apart.
    mutating func verdict(
        on batch: Batch, with codecs: CompactionCodecs, counting counts: inout CompactionCounts
    ) throws(CompactionFault) -> Verdict {
        let header = batch.header
        counts.readRecordCount += Int64(header.recordCount)
        guard !header.isFiller else { return .drop }
        do throws(RecordsError) {
            let verdict =
                header.isControl
                ? try judgeMarker(batch, with: codecs) : try judgeRecords(batch, with: codecs)
            switch verdict {
            case .keep: counts.keptRecordCount += Int64(header.recordCount)
            case .replace(let batch): counts.keptRecordCount += Int64(batch.header.recordCount)
            case .drop: break
            }
            return verdict
        } catch { throw .unreadable(header.baseOffset) }
    }

    /// A marker goes when no batch of its transaction is left and readers had `delete.retention.ms` to see it.
    private mutating func judgeMarker(
        _ batch: Batch, with codecs: CompactionCodecs
    ) throws(RecordsError) -> Verdict {
        let header = batch.header
        let endsNothing = try transactions.markerIsFree(batch, with: codecs)
        guard endsNothing, header.lastOffset <= lastMapped else { return .keep }
        guard !header.isEmpty else { return isLastOfProducer(header) ? .keep : .drop }
        guard let horizon = header.deleteHorizon else { return try withHorizon(batch, with: codecs) }
        return horizon <= now ? emptiedOrDropped(batch) : .keep
    }

    private func withHorizon(_ batch: Batch, with codecs: CompactionCodecs) throws(RecordsError) -> Verdict {
        var rewriter = BatchRewriter(batch.header, deleteHorizon: newHorizon)
        var records = try StoredRecords(batch, using: codecs.decompressor)
        while let record = try records.next() {
            guard rewriter.keep(record) else { return .keep }
        }
        return .replace(rewriter.build(using: codecs.compressor))
    }

    private mutating func judgeRecords(
        _ batch: Batch, with codecs: CompactionCodecs
    ) throws(RecordsError) -> Verdict {
        let header = batch.header
        if transactions.isAborted(header) { return emptiedOrDropped(batch) }
        guard !header.isEmpty else { return isLastOfProducer(header) ? .keep : .drop }
        var kept: [StoredRecord] = []
        var hasTombstone = false
        var records = try StoredRecords(batch, using: codecs.decompressor)
        while let record = try records.next() {
            guard isKept(record, in: header) else { continue }
            kept.append(record)
            hasTombstone = hasTombstone || !record.hasValue && record.offset <= lastMapped
        }
        guard !kept.isEmpty else { return emptiedOrDropped(batch) }
        let horizon = hasTombstone && header.deleteHorizon == nil ? newHorizon : nil
        guard kept.count < Int(header.recordCount) || horizon != nil else { return .keep }
        if let rewritten = Self.rewrite(header, kept, horizon, codecs) { return .replace(rewritten) }
        // Times that cannot be told from the horizon: such a tombstone is kept for ever.
        return Self.rewrite(header, kept, nil, codecs).map { .replace($0) } ?? .keep
    }

    private static func rewrite(
        _ header: BatchHeader, _ kept: [StoredRecord], _ horizon: Timestamp?, _ codecs: CompactionCodecs
    ) -> Batch? {
        var rewriter = BatchRewriter(header, deleteHorizon: horizon)
        for record in kept {
            guard rewriter.keep(record) else { return nil }
        }
        return rewriter.build(using: codecs.compressor)
    }

    /// The newest of its key, and not a tombstone that was visible for long enough. Records without a key, from before the
    /// topic was compacted, have nothing to be the newest of.
    private func isKept(_ record: StoredRecord, in header: BatchHeader) -> Bool {
        guard record.offset <= lastMapped else { return true }
        guard let key = record.key else { return false }
        if let last = map.offset(of: key), record.offset < last { return false }
        guard !record.hasValue, let horizon = header.deleteHorizon else { return true }
        return now < horizon
    }

    private var newHorizon: Timestamp { now.advanced(byMilliseconds: deleteRetentionMilliseconds) }

    private func emptiedOrDropped(_ batch: Batch) -> Verdict {
        guard isLastOfProducer(batch.header) else { return .drop }
        return batch.header.isEmpty ? .keep : .replace(.emptied(batch.header))
    }

    /// Whether the batch alone tells the last sequence, or the epoch, of a producer that may go on.
    private func isLastOfProducer(_ header: BatchHeader) -> Bool {
        guard header.hasProducer, let last = producers[header.producerID] else { return false }
        guard let offset = last.offset else { return header.isControl && header.producerEpoch == last.epoch }
        return header.lastOffset == offset
    }
}

/// Contexts that a pass reuses from batch to batch; used by one thread at a time.
struct CompactionCodecs: @unchecked Sendable {
    // Proof of @unchecked: a pass is a value that moves from thread to thread as a whole, and is stepped by one at a time.
    let decompressor = Decompressor()
    let compressor = Compressor()
}
