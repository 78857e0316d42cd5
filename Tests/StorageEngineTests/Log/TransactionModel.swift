// SPDX-License-Identifier: Apache-2.0

import Primitives
import RecordBatch
import Simulation
import StorageEngine

/// A batch of a producer's transaction as a client sends it.
func transactionalBatch(count: Int, producer id: Int64, epoch: Int16 = 0, sequence: Int32) -> Batch {
    let producer = BatchProducer(id: ProducerID(id), epoch: ProducerEpoch(epoch), baseSequence: sequence)
    var builder = BatchBuilder(producer: producer, isTransactional: true)
    for index in 0..<count {
        builder.append(timestamp: Timestamp(1_700_000_000_000), value: SharedBytes("record \(index) of \(sequence)"))
    }
    return builder.build(using: Compressor())
}

extension TransactionMarker {
    static func commit(_ id: Int64, epoch: Int16 = 0, coordinator: Int32 = 0, version: Int16 = 1) -> Self {
        TransactionMarker(
            producerID: ProducerID(id), producerEpoch: ProducerEpoch(epoch), committed: true,
            coordinatorEpoch: coordinator, transactionVersion: version)
    }

    static func abort(_ id: Int64, epoch: Int16 = 0, coordinator: Int32 = 0, version: Int16 = 1) -> Self {
        TransactionMarker(
            producerID: ProducerID(id), producerEpoch: ProducerEpoch(epoch), committed: false,
            coordinatorEpoch: coordinator, transactionVersion: version)
    }
}

/// What the batches of a log say about transactions, worked out the slow way.
struct TransactionModel {
    struct Transaction {
        let producerID: ProducerID
        let firstOffset: Offset
        /// The marker's, and whether it aborts.
        var end: (offset: Offset, aborts: Bool)?
    }

    private(set) var transactions: [Transaction] = []
    private(set) var logEnd = Offset.zero

    init(_ batches: [Batch]) {
        for batch in batches { take(batch) }
    }

    private mutating func take(_ batch: Batch) {
        let header = batch.header
        logEnd = header.nextOffset
        guard header.isTransactional else { return }
        let open = transactions.lastIndex { $0.producerID == header.producerID && $0.end == nil }
        if header.isControl {
            guard let open, let marker = EndTransactionMarker(batch) else { return }
            transactions[open].end = (header.baseOffset, marker.outcome == .aborted)
        } else if open == nil {
            transactions.append(Transaction(producerID: header.producerID, firstOffset: header.baseOffset))
        }
    }

    func lastStableOffset(below highWatermark: Offset) -> Offset {
        let undecided = transactions.filter { $0.end.map { $0.offset >= highWatermark } ?? true }
        return min(highWatermark, undecided.map(\.firstOffset).min() ?? highWatermark)
    }

    /// Producer and first offset of each, in the order of their markers.
    func aborted(from start: Offset, to end: Offset) -> [(ProducerID, Offset, Offset)] {
        transactions.compactMap { transaction -> (ProducerID, Offset, Offset)? in
            guard let marker = transaction.end, marker.aborts, transaction.firstOffset < end, marker.offset >= start
            else { return nil }
            return (transaction.producerID, transaction.firstOffset, marker.offset)
        }.sorted { $0.2 < $1.2 }
    }

    var open: [(ProducerID, Offset)] {
        transactions.filter { $0.end == nil }.map { ($0.producerID, $0.firstOffset) }
    }
}

extension LogFixture {
    @discardableResult
    mutating func end(_ marker: TransactionMarker, epoch: Int32 = 0) throws -> Appended {
        let appended = try log.appendMarker(marker, epoch: LeaderEpoch(epoch), at: now)
        try log.writeStaged(on: disk)
        return appended
    }

    /// As a node does: what is cold is read, and then the question is asked again.
    mutating func aborted(from start: Offset, to end: Offset) throws -> [AbortedTransaction] {
        while true {
            do throws(ReadRefusal) {
                return try log.abortedTransactions(from: start, to: end, on: disk)
            } catch {
                guard case .cold(let file, let position, let byteCount) = error else { throw error }
                _ = try disk.read(file, at: position, count: byteCount)
            }
        }
    }

    /// Where the log says something else of its transactions than its own batches do; empty when all agrees.
    mutating func disagreements(with model: TransactionModel) throws -> [String] {
        var found: [String] = []
        for offset in stride(from: log.logStartOffset.rawValue, through: log.writtenOffset.rawValue, by: 3) {
            let highWatermark = Offset(offset)
            let stable = log.lastStableOffset(below: highWatermark)
            let isKnown = highWatermark >= log.transactionEndsKnownFrom
            let expected = isKnown ? model.lastStableOffset(below: highWatermark) : log.logStartOffset
            if stable != expected { found.append("stable \(stable), not \(expected), below \(offset)") }
        }
        let limit = model.lastStableOffset(below: log.writtenOffset)
        for start in stride(from: log.logStartOffset.rawValue, to: limit.rawValue, by: 5) {
            for end in [start + 1, start + 9, limit.rawValue] where end <= limit.rawValue {
                let told = try aborted(from: Offset(start), to: Offset(end)).map {
                    ($0.producerID, $0.firstOffset, $0.lastOffset)
                }
                let expected = model.aborted(from: Offset(start), to: Offset(end))
                if !told.elementsEqual(expected, by: ==) { found.append("\(start)..<\(end): \(told), not \(expected)") }
            }
        }
        let open = log.openTransactions.map { ($0.producerID, $0.firstOffset) }
        if !open.elementsEqual(model.open, by: ==) { found.append("open \(open), not \(model.open)") }
        return found
    }
}
