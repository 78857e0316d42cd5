// SPDX-License-Identifier: Apache-2.0

public import Primitives

/// What a topic demands of a produced batch. Times are absolute, so that the validator needs no clock.
public struct BatchRules: Equatable, Sendable {
    /// `max.message.bytes`: the whole batch as it travels, header included.
    public var batchBytesMax: Int
    /// Compacted topics: each record needs a key.
    public var requiresKeys: Bool
    /// Earliest and latest create time taken: now − `message.timestamp.before.max.ms` and now + `…after.max.ms`.
    /// Not applied to topics with append time: leave them open there.
    public var earliestTimestamp: Timestamp
    public var latestTimestamp: Timestamp

    public init(
        batchBytesMax: Int, requiresKeys: Bool = false, earliestTimestamp: Timestamp = Timestamp(.min),
        latestTimestamp: Timestamp = Timestamp(.max)
    ) {
        self.batchBytesMax = batchBytesMax
        self.requiresKeys = requiresKeys
        self.earliestTimestamp = earliestTimestamp
        self.latestTimestamp = latestTimestamp
    }

    /// Kafka's defaults: 1 MiB and 12 bytes, any time.
    public static let standard = BatchRules(batchBytesMax: 1_048_588)
}

/// A batch whose every record was checked.
public struct ValidatedBatch: Equatable, Sendable {
    public let batch: Batch
    /// Latest create time among the records. The header may state another one (older clients do): store this.
    public let maxTimestamp: Timestamp
    /// Offset delta of the first record that has it.
    public let maxTimestampOffsetDelta: Int32
    /// Bytes of the records when not compressed.
    public let recordsByteCount: Int

    public var header: BatchHeader { batch.header }
    public var statesMaxTimestamp: Bool { header.maxTimestamp == maxTimestamp }

    /// The pieces to store for a topic with create time; the header's max timestamp is corrected where it was wrong.
    public func pieces(baseOffset: Offset, leaderEpoch: LeaderEpoch) -> [SharedBytes] {
        guard !statesMaxTimestamp else { return batch.pieces(baseOffset: baseOffset, leaderEpoch: leaderEpoch) }
        return batch.pieces(
            baseOffset: baseOffset, leaderEpoch: leaderEpoch, maxTimestamp: maxTimestamp, timestampType: .createTime)
    }

    /// The pieces to store for a topic with append time: `appendTime` becomes the time of all its records.
    public func pieces(baseOffset: Offset, leaderEpoch: LeaderEpoch, appendTime: Timestamp) -> [SharedBytes] {
        batch.pieces(
            baseOffset: baseOffset, leaderEpoch: leaderEpoch, maxTimestamp: appendTime, timestampType: .logAppendTime)
    }

    /// The same batch under another codec, for a topic whose `compression.type` differs from the producer's.
    ///
    /// Its size is new: the caller compares it with `batchBytesMax` again.
    public func recompressed(
        to codec: Codec, using decompressor: Decompressor, _ compressor: Compressor
    ) throws(RecordsError) -> ValidatedBatch {
        ValidatedBatch(
            batch: try batch.recompressed(to: codec, using: decompressor, compressor), maxTimestamp: maxTimestamp,
            maxTimestampOffsetDelta: maxTimestampOffsetDelta, recordsByteCount: recordsByteCount)
    }
}
