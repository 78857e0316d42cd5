// SPDX-License-Identifier: Apache-2.0

public import Primitives
internal import RecordBatch

// MARK: Markers

extension PartitionLog {
    /// Stages the control batch that ends a producer's transaction here, also where the producer has no records: from then
    /// on older epochs of it are refused. Written and made durable as after `append`.
    ///
    /// - Returns: As `append`; a duplicate where the same marker of version 2 was written already, with the last offset of
    ///   the log, which is not before it.
    /// - Throws: `.invalidProducerEpoch` for a marker that comes late, `.transactionCoordinatorFenced` for one of a
    ///   coordinator that was replaced.
    public mutating func appendMarker(
        _ marker: TransactionMarker, epoch: LeaderEpoch, at now: Timestamp
    ) throws(AppendRefusal) -> Appended {
        let batch = BatchBuilder.endTransaction(
            marker.committed ? .committed : .aborted, producerID: marker.producerID,
            producerEpoch: marker.producerEpoch, coordinatorEpoch: marker.coordinatorEpoch, timestamp: now)
        var header = batch.header
        try check(header, epoch: epoch)
        if try producers.check(marker) {
            let last = logEndOffset - 1
            return Appended(baseOffset: last, lastOffset: last, isDuplicate: true)
        }
        header.baseOffset = logEndOffset
        header.partitionLeaderEpoch = epoch
        stage(batch, header, stamp: .place, at: now)
        return Appended(baseOffset: header.baseOffset, lastOffset: header.lastOffset, isDuplicate: false)
    }

    /// The entry that a control batch adds to the index; nil when it aborts nothing.
    static func aborted(
        by marker: EndTransactionMarker, _ header: BatchHeader, in producers: ProducerStates
    ) -> AbortedTransaction? {
        guard marker.outcome == .aborted, let start = producers.state(of: header.producerID)?.transactionStart else {
            return nil
        }
        let stable = producers.transactions.firstOpenOffset(but: header.producerID) ?? header.nextOffset
        return AbortedTransaction(
            producerID: header.producerID, firstOffset: start, lastOffset: header.baseOffset, lastStableOffset: stable)
    }
}

// MARK: What readers may know

extension PartitionLog {
    /// First offset that a reader of committed records may not have: the high watermark, or the first record of a
    /// transaction that has no marker below it.
    ///
    /// After a restart, or a cut, it is the log's start until the high watermark has come to where the producers' snapshot was
    /// taken: which transactions ended between the two is not known, and such an end may yet be lost with this leader.
    public func lastStableOffset(below highWatermark: Offset) -> Offset {
        guard highWatermark >= producers.transactions.endsKnownFrom else { return logStartOffset }
        guard let first = producers.transactions.firstOffset(undecidedAt: highWatermark) else { return highWatermark }
        return max(logStartOffset, min(first, highWatermark))
    }

    /// From where on the high watermark bounds what readers of committed records may have, and not only the log's start.
    package var transactionEndsKnownFrom: Offset { producers.transactions.endsKnownFrom }

    /// Whether a high watermark that rises can leave the last stable offset where it is.
    public var hasUndecidedTransactions: Bool { !producers.transactions.isEmpty }

    /// Drops transactions that ended below the high watermark from what bounds the last stable offset.
    public mutating func settleTransactions(below highWatermark: Offset) {
        producers.transactions.settle(below: highWatermark)
    }

    /// Whether a batch of the producer would go on with a transaction that is open here.
    public func hasOpenTransaction(of producer: ProducerID, epoch: ProducerEpoch) -> Bool {
        guard let state = producers.state(of: producer) else { return false }
        return state.transactionStart != nil && state.epoch == epoch
    }

    /// Transactions without a marker, in the order of their first offsets.
    public var openTransactions: [OpenTransaction] {
        producers.transactions.openProducers.map { id in
            guard let state = producers.state(of: id), let start = state.transactionStart else {
                preconditionFailure("producer \(id) has a transaction open and is not known")
            }
            return OpenTransaction(
                producerID: id, producerEpoch: state.epoch, firstOffset: start, lastWrite: state.lastWrite)
        }
    }

    public var openTransactionCount: Int { producers.transactions.openCount }

    /// Aborted transactions that have records in `start..<end`, or may have, in the order of their markers.
    ///
    /// - Parameter end: At most the last stable offset: what began before it and was aborted has its marker here.
    /// - Throws: `.cold` when an index has to come from the device first; then ask again.
    public mutating func abortedTransactions(
        from start: Offset, to end: Offset, on disk: any Disk
    ) throws(ReadRefusal) -> [AbortedTransaction] {
        guard state != .closed else { throw .closed }
        var found: [AbortedTransaction] = []
        for number in segmentNumber(holding: start)..<segments.count {
            for entry in try abortedTransactions(inSegment: number, on: disk) {
                if entry.lastOffset >= start, entry.firstOffset < end { found.append(entry) }
                if entry.lastStableOffset >= end { return found }
            }
        }
        return found
    }

    /// The aborted transactions whose markers are in a segment, in their order.
    mutating func abortedTransactions(
        inSegment number: Int, on disk: any Disk
    ) throws(ReadRefusal) -> [AbortedTransaction] {
        if let known = segments[number].aborted { return known }
        if let summary = segments[number].abortedSummary {
            guard summary.count > 0 else { return [] }
            let bytes = try abortedIndexIfCached(ofSegment: number, on: disk)
            if let entries = AbortedIndex.decode(bytes, summary) {
                segments[number].aborted = entries
                return entries
            }
        }
        do throws(DiskFault) { return try rebuildAborted(ofSegment: number, on: disk) } catch { throw .disk(error) }
    }

    private mutating func abortedIndexIfCached(
        ofSegment number: Int, on disk: any Disk
    ) throws(ReadRefusal) -> SharedBytes {
        let byteCount: Int
        let file: FileID
        let bytes: SharedBytes?
        do throws(DiskFault) {
            file = try openAbortedFile(ofSegment: number, on: disk)
            byteCount = Int(try disk.size(of: file))
            bytes = byteCount == 0 ? .empty : try disk.readIfCached(file, at: 0, count: byteCount)
        } catch { throw .disk(error) }
        guard let bytes, bytes.count == byteCount else { throw .cold(file, position: 0, byteCount: byteCount) }
        disk.close(file)
        segments[number].abortedFile = nil
        return bytes
    }
}

// MARK: The index on disk

extension PartitionLog {
    private mutating func openAbortedFile(ofSegment number: Int, on disk: any Disk) throws(DiskFault) -> FileID {
        if let file = segments[number].abortedFile { return file }
        let file = try disk.open(path(segments[number], LogFiles.transactionIndex), .createOrOpen)
        segments[number].abortedFile = file
        return file
    }

    /// Writes `.txnindex` where it changed. Not synchronized: a checkpoint vouches for it by a checksum.
    mutating func storeAborted(ofSegment number: Int, on disk: any Disk) throws(DiskFault) {
        guard let entries = segments[number].aborted else { return }
        guard segments[number].abortedSummary.map({ Int($0.count) != entries.count }) ?? true else { return }
        let bytes = AbortedIndex.encode(entries)
        let path = path(segments[number], LogFiles.transactionIndex)
        if !entries.isEmpty || disk.exists(path) { try LogFiles.overwrite(path, with: bytes, on: disk) }
        segments[number].abortedSummary = AbortedIndex.summary(of: bytes)
    }

    /// The active segment's entries, read from the file or found again. Waits for the device: for opening.
    mutating func loadAborted(ofSegment number: Int, on disk: any Disk) throws(DiskFault) {
        guard segments[number].aborted == nil else { return }
        if let summary = segments[number].abortedSummary {
            let name = path(segments[number], LogFiles.transactionIndex)
            let bytes = summary == .none ? .empty : try LogFiles.read(name, on: disk) ?? .empty
            segments[number].aborted = AbortedIndex.decode(bytes, summary)
        }
        if segments[number].aborted == nil { try rebuildAborted(ofSegment: number, on: disk) }
    }

    /// Finds a segment's aborted transactions again, from the producers before it and its batches. Waits for the disk.
    @discardableResult
    private mutating func rebuildAborted(
        ofSegment number: Int, on disk: any Disk
    ) throws(DiskFault) -> [AbortedTransaction] {
        var states = try producersBefore(segment: number, on: disk)
        var found: [AbortedTransaction] = []
        try walkProducers(ofSegment: number, noting: &states, on: disk) { aborted in found.append(aborted) }
        (segments[number].aborted, segments[number].abortedSummary) = (found, nil)
        try storeAborted(ofSegment: number, on: disk)
        recovery.rebuiltIndexCount += 1
        return found
    }

    /// Notes the producers of a segment's batches, in their order.
    mutating func walkProducers(
        ofSegment number: Int, noting states: inout ProducerStates, on disk: any Disk,
        _ didAbort: (AbortedTransaction) -> Void = { _ in }
    ) throws(DiskFault) {
        let file = try openCheckedFile(ofSegment: number, on: disk)
        var noted = states
        try walk(segment: number, on: disk) { (header, position) throws(DiskFault) in
            if let aborted = try noted.replay(header, at: position, in: file, on: disk) { didAbort(aborted) }
            return true
        }
        states = noted
    }

    mutating func closeAbortedFile(ofSegment number: Int, on disk: any Disk) {
        guard let file = segments[number].abortedFile else { return }
        disk.close(file)
        segments[number].abortedFile = nil
    }
}

extension ProducerStates {
    /// Control batches of brokers are this long at most; what is longer is none.
    private static let controlByteCountMax = 4096

    /// Notes a batch that was found in a file.
    ///
    /// - Returns: The transaction that it aborts.
    mutating func replay(
        _ header: BatchHeader, at position: Int64, in file: FileID, on disk: any Disk
    ) throws(DiskFault) -> AbortedTransaction? {
        var bytes = SharedBytes.empty
        if header.isControl, header.totalByteCount <= Self.controlByteCountMax {
            bytes = try disk.read(file, at: position, count: header.totalByteCount)
        }
        return replay(header, bytes, wroteAt: header.maxTimestamp)
    }

    /// - Parameter bytes: A control batch whole; of others nothing is needed.
    mutating func replay(
        _ header: BatchHeader, _ bytes: SharedBytes, wroteAt time: Timestamp
    ) -> AbortedTransaction? {
        // Batches were compacted away, and with them what they told of their producers.
        if header.isFiller { hasForgotten = true }
        guard header.hasProducer else { return nil }
        let marker = header.isControl ? EndTransactionMarker(parsing: bytes) : nil
        let aborted = marker.flatMap { PartitionLog.aborted(by: $0, header, in: self) }
        note(header, marker, at: header.baseOffset, wroteAt: time)
        return aborted
    }
}

extension EndTransactionMarker {
    fileprivate init?(parsing bytes: SharedBytes) {
        do throws(DecodeError) { self.init(try Batch(parsing: bytes)) } catch { return nil }
    }
}
