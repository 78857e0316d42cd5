// SPDX-License-Identifier: Apache-2.0

public import Primitives

extension BatchHeader {
    /// When compaction may drop the batch's tombstones or marker (KIP-534); nil while no pass has met them.
    public var deleteHorizon: Timestamp? { attributes & Self.deleteHorizonBit == 0 ? nil : baseTimestamp }

    /// Holds no record: what compaction leaves of a batch for its offsets and its producer's sequence.
    public var isEmpty: Bool { recordCount == 0 }

    /// Holds no record and speaks of no producer: it only stands for offsets whose batches are gone.
    public var isFiller: Bool { isEmpty && !hasProducer && !isControl }
}

/// Puts a stored batch together again from some of its records.
///
/// Offsets, leader epoch, producer, sequences and codec stay, so that nobody who counts them notices (KIP-98, KIP-534).
public struct BatchRewriter: Sendable {
    private let original: BatchHeader
    private let baseTimestamp: Timestamp
    private let isRebased: Bool
    private var attributes: Int16
    private var records = ByteWriter()
    private var fields = ByteWriter()
    private var recordCount: Int32 = 0
    private var maxTimestamp = Timestamp.none

    /// - Parameter deleteHorizon: Becomes the base of the record's times and is marked as such; nil leaves both as they are.
    public init(_ original: BatchHeader, deleteHorizon: Timestamp? = nil) {
        self.original = original
        baseTimestamp = deleteHorizon ?? original.baseTimestamp
        isRebased = baseTimestamp != original.baseTimestamp
        attributes = original.attributes
        if deleteHorizon != nil { attributes |= BatchHeader.deleteHorizonBit }
    }

    public var isEmpty: Bool { recordCount == 0 }

    /// Keeps a record of the batch; they come in the order they had.
    ///
    /// - Returns: False, with nothing kept, when its time cannot be told from the new base: 292 million years apart.
    public mutating func keep(_ record: StoredRecord) -> Bool {
        let time = original.baseTimestamp.rawValue &+ record.timestampDelta
        if isRebased {
            let (delta, isTooFar) = time.subtractingReportingOverflow(baseTimestamp.rawValue)
            guard !isTooFar else { return false }
            fields.reset()
            fields.writeInt8(0)
            fields.writeVarint64(delta)
            fields.writeBytes(record.afterTimestamp)
            records.writeVarint32(Int32(fields.count))
            records.writeBytes(fields.bytes)
        } else {
            records.writeBytes(record.bytes)
        }
        recordCount += 1
        maxTimestamp = max(maxTimestamp, Timestamp(time))
        return true
    }

    /// The batch with the records kept, compressed as the original was.
    ///
    /// - Precondition: at least one record was kept.
    public func build(using compressor: Compressor) -> Batch {
        precondition(!isEmpty, "a batch without records is emptied, not rewritten")
        var header = original
        header.attributes = attributes
        header.baseTimestamp = baseTimestamp
        if original.timestampType == .createTime { header.maxTimestamp = maxTimestamp }
        header.recordCount = recordCount
        return Batch(header, payload: compressor.compress(records.shared, codec: original.codec ?? .none))
    }
}

extension Batch {
    /// What is left of a batch when all its records go: its offsets, time, and its producer's epoch and sequences.
    public static func emptied(_ original: BatchHeader) -> Batch {
        var header = original
        header.attributes &= ~(BatchHeader.codecMask | BatchHeader.deleteHorizonBit)
        header.baseTimestamp = .none
        header.recordCount = 0
        return Batch(header, payload: .empty)
    }

    /// Stands for `offsets`, of which no record is left, so that the batches of a log cover its offsets without a gap.
    ///
    /// - Parameter leaderEpoch: Of the batches that were there.
    /// - Precondition: at least one offset, at most 2^31 of them.
    public static func filler(_ offsets: Range<Offset>, leaderEpoch: LeaderEpoch) -> Batch {
        let delta = offsets.upperBound.distance(from: offsets.lowerBound) - 1
        precondition(delta >= 0 && delta <= Int64(Int32.max), "a filler for \(delta + 1) offsets")
        let header = BatchHeader(
            baseOffset: offsets.lowerBound, batchLength: 0, partitionLeaderEpoch: leaderEpoch, attributes: 0,
            lastOffsetDelta: Int32(delta), baseTimestamp: .none, maxTimestamp: .none, recordCount: 0)
        return Batch(header, payload: .empty)
    }
}
