// SPDX-License-Identifier: Apache-2.0

/// Settings of one partition log, with Kafka's defaults. All may change while the log is open.
public struct LogConfiguration: Equatable, Sendable {
    /// `segment.bytes`: a batch that would make a segment larger begins a new one.
    public var segmentByteCountMax: Int64 = 1 << 30
    /// `segment.ms`: age, by the clock given to `append`, after which the next batch begins a new segment.
    public var segmentMilliseconds: Int64 = 7 * 86_400_000
    /// `segment.jitter.ms`: each segment's age limit is lowered by up to this much, drawn from `jitterSeed` and its
    /// base offset, so that partitions created together do not roll together.
    public var segmentJitterMilliseconds: Int64 = 0
    public var jitterSeed: UInt64 = 0
    /// `index.interval.bytes`: bytes between two index entries, at least.
    public var indexIntervalByteCount: Int = 4096
    /// `segment.index.bytes`: a segment whose offset or time index would exceed this is closed.
    public var indexByteCountMax: Int = 10 << 20
    /// `retention.ms`; nil keeps records for ever.
    public var retentionMilliseconds: Int64? = 7 * 86_400_000
    /// `retention.bytes`; nil sets no bound.
    public var retentionByteCount: Int64?
    /// Present when `cleanup.policy` says `compact`.
    public var compaction: CompactionConfiguration?
    /// `file.delete.delay.ms`: how long a removed segment stays on disk under `.deleted`, so that readers may finish.
    public var fileDeleteDelayMilliseconds: Int64 = 60_000
    /// `producer.id.expiration.ms`: how long a producer that writes nothing is remembered.
    public var producerExpirationMilliseconds: Int64 = 86_400_000
    /// Producers remembered at once; the one that wrote longest ago is forgotten first.
    public var producerCountMax: Int = 10_000
    /// Space reserved for the first batch of a segment; doubles with each further reservation.
    public var preallocationByteCountMin: Int64 = 16 << 10
    /// Largest single reservation.
    public var preallocationByteCountMax: Int64 = 64 << 20
    /// Entries of an index kept in memory. When a segment has more, every second one is dropped and the interval
    /// doubles, so that a loaded partition's index stays within 20 bytes × this.
    public var indexEntryCountMax: Int = 4096

    public init() {}
}
