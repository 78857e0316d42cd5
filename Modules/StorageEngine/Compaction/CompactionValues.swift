// SPDX-License-Identifier: Apache-2.0

public import Primitives

/// How a compacted log is to be cleaned: settings of its topic, with Kafka's defaults.
public struct CompactionConfiguration: Equatable, Sendable {
    /// `min.cleanable.dirty.ratio`: share of bytes not compacted yet above which a log is compacted.
    public var dirtyRatioMin: Double = 0.5
    /// `min.compaction.lag.ms`: a segment with a record younger than this is left alone.
    public var lagMillisecondsMin: Int64 = 0
    /// `max.compaction.lag.ms`: a log with a record older than this that was not compacted yet is compacted at any ratio.
    public var lagMillisecondsMax: Int64 = .max
    /// `delete.retention.ms`: how long a tombstone can be read after a pass has met it.
    public var deleteRetentionMilliseconds: Int64 = 86_400_000

    public init() {}
}

/// What one pass may use.
public struct CompactionLimits: Equatable, Sendable {
    /// Bytes of the map from keys to offsets (`log.cleaner.dedupe.buffer.size`). Kafka takes 128 MiB at the start; here it
    /// is allocated for a pass, no larger than its records need.
    public var mapByteCountMax: Int
    /// Share of the map that is filled (`log.cleaner.io.buffer.load.factor`).
    public var mapLoadFactor: Double

    public init(mapByteCountMax: Int = 128 << 20, mapLoadFactor: Double = 0.9) {
        self.mapByteCountMax = mapByteCountMax
        self.mapLoadFactor = mapLoadFactor
    }
}

/// How much of a log is compacted, and whether it is time to go on.
public struct CompactionStanding: Hashable, Sendable {
    /// First offset that no pass has met.
    public let firstDirty: Offset
    /// First offset that no pass may touch yet.
    public let end: Offset
    /// Bytes before `firstDirty`, whole segments.
    public let cleanByteCount: Int64
    /// Bytes from there to `end`.
    public let dirtyByteCount: Int64
    /// A record waits longer than `max.compaction.lag.ms`.
    public let isOverdue: Bool
    /// Something can be done and should be.
    public let isDue: Bool

    public init(
        firstDirty: Offset, end: Offset, cleanByteCount: Int64, dirtyByteCount: Int64, isOverdue: Bool, isDue: Bool
    ) {
        self.firstDirty = firstDirty
        self.end = end
        self.cleanByteCount = cleanByteCount
        self.dirtyByteCount = dirtyByteCount
        self.isOverdue = isOverdue
        self.isDue = isDue
    }

    /// Between 0 and 1.
    public var dirtyRatio: Double {
        let total = cleanByteCount + dirtyByteCount
        return total == 0 ? 0 : Double(dirtyByteCount) / Double(total)
    }
}

/// Why a pass over a log ended early. The log is as before it, or partly compacted; the next pass begins anew.
public enum CompactionFault: Error, Hashable, Sendable {
    case disk(DiskFault)
    /// Bytes below the high watermark are not what was written: they have to be mended first.
    case damaged(LogDamage)
    /// A batch whose checksum holds has records that do not read: some writer's bug, kept for ever.
    case unreadable(Offset)
    /// The segment that would come out cannot be indexed: 2 GiB.
    case tooLarge(segment: Offset)
}

/// What a producer that the log remembers wrote last: compaction keeps the batch.
struct LastOfProducer: Hashable, Sendable {
    /// Of its last record; nil when only a marker tells its epoch.
    let offset: Offset?
    let epoch: ProducerEpoch
}

/// One segment that is read for a new one.
struct CompactionSource: Equatable, Sendable {
    let baseOffset: Offset
    let nextOffset: Offset
    let byteCount: Int64
    let firstAppend: Timestamp
}

/// What a pass has done so far, for metrics and logs.
public struct CompactionCounts: Equatable, Sendable {
    public var readByteCount: Int64 = 0
    public var writtenByteCount: Int64 = 0
    public var readRecordCount: Int64 = 0
    public var keptRecordCount: Int64 = 0
    /// Distinct keys in the map.
    public var keyCount: Int = 0
    public var mapByteCount: Int = 0

    public init() {}
}
