// SPDX-License-Identifier: Apache-2.0

internal import Primitives

/// The file `checkpoint`: all that recovery needs to know about what lies before the recovery point.
///
/// One file under one checksum, so that offsets, producers and epochs always belong together.
/// - SeeAlso: docs/formats/log.md
struct LogCheckpoint: Sendable {
    /// A segment that ends at or before the recovery point.
    struct SegmentEntry: Equatable, Sendable {
        var baseOffset: Offset
        var nextOffset: Offset
        var byteCount: Int64
        var largestTimestamp: SegmentIndex.TimeEntry
        var firstAppend: Timestamp
        var entryCounts: Segment.EntryCounts
        var aborted: AbortedSummary
    }

    var partition: PartitionID
    /// The log was closed: no bytes follow the last segment's.
    var isClean: Bool
    var logStartOffset: Offset
    /// Segments in order. The recovery point is the end of the last one; empty in a log without records.
    var segments: [SegmentEntry]
    var epochs: [LeaderEpochs.Entry]
    var damages: [LogDamage]
    /// A producer snapshot at the recovery point.
    var producers: SharedBytes
    /// Everything below was compacted.
    var cleanedOffset = Offset.zero
    /// How many cleaned segments have taken the place of others; files of a higher number were never in it.
    var exchangeCount: Int64 = 0

    private static let magic: UInt32 = 0x4d59_4c43
    /// Version 1 knew no transactions and no compaction: it ends before `cleanedOffset`, and segments before `aborted`.
    private static let version: UInt16 = 2

    var encoded: SharedBytes {
        var writer = ByteWriter(capacity: 128 + segments.count * 60 + epochs.count * 12 + producers.count)
        writer.writeInteger(Self.magic)
        writer.writeInteger(Self.version)
        writer.writeInteger(UInt16(isClean ? 1 : 0))
        writer.writeInteger(partition.topic.high)
        writer.writeInteger(partition.topic.low)
        writer.writeInt32(partition.index.rawValue)
        writer.writeInt64(logStartOffset.rawValue)
        writer.writeInt32(Int32(segments.count))
        for segment in segments { Self.write(segment, to: &writer) }
        writer.writeInt32(Int32(epochs.count))
        for entry in epochs {
            writer.writeInt32(entry.epoch.rawValue)
            writer.writeInt64(entry.startOffset.rawValue)
        }
        writer.writeInt32(Int32(damages.count))
        for damage in damages { Self.write(damage, to: &writer) }
        writer.writeInt32(Int32(producers.count))
        writer.writeBytes(producers)
        writer.writeInt64(cleanedOffset.rawValue)
        writer.writeInt64(exchangeCount)
        writer.writeInteger(CRC32C.checksum(of: writer.bytes))
        return writer.shared
    }

    private static func write(_ segment: SegmentEntry, to writer: inout ByteWriter) {
        writer.writeInt64(segment.baseOffset.rawValue)
        writer.writeInt64(segment.nextOffset.rawValue)
        writer.writeInt64(segment.byteCount)
        writer.writeInt64(segment.largestTimestamp.timestamp.rawValue)
        writer.writeInt32(segment.largestTimestamp.lastOffsetDelta)
        writer.writeInt64(segment.firstAppend.rawValue)
        writer.writeInt32(segment.entryCounts.offsets)
        writer.writeInt32(segment.entryCounts.times)
        writer.writeInt32(segment.aborted.count)
        writer.writeInteger(segment.aborted.checksum)
    }

    private static func write(_ damage: LogDamage, to writer: inout ByteWriter) {
        writer.writeInt64(damage.segment.rawValue)
        writer.writeInt64(damage.position)
        writer.writeInt64(damage.byteCount)
        writer.writeInt64(damage.offsets.lowerBound.rawValue)
        writer.writeInt64(damage.offsets.upperBound.rawValue)
        writer.writeUInt8(damage.evidence.rawValue)
    }
}

extension LogCheckpoint {
    init(decoding bytes: SharedBytes) throws(DecodeError) {
        let checksumPosition = bytes.count - 4
        guard checksumPosition >= 0 else { throw DecodeError(.truncated(needed: 4, available: bytes.count), at: 0) }
        let expected: UInt32 = bytes.loadBigEndian(at: checksumPosition)
        let content = bytes.slice(from: 0, count: checksumPosition)
        let actual = CRC32C.checksum(of: content)
        guard expected == actual else {
            throw DecodeError(.checksumMismatch(expected: expected, actual: actual), at: checksumPosition)
        }
        var reader = ByteReader(content)
        let magic: UInt32 = try reader.readInteger()
        let version: UInt16 = try reader.readInteger()
        guard magic == Self.magic, version == 1 || version == Self.version else {
            throw DecodeError(.invalidValue(Int64(version)), at: 4)
        }
        let flags: UInt16 = try reader.readInteger()
        isClean = flags & 1 != 0
        let topic = TopicID(high: try reader.readInteger(), low: try reader.readInteger())
        partition = PartitionID(topic: topic, index: PartitionIndex(try reader.readInt32()))
        logStartOffset = Offset(try reader.readInt64())
        segments = []
        for _ in 0..<(try reader.checkCount(Int(reader.readInt32()), elementByteCountMin: version == 1 ? 52 : 60)) {
            segments.append(try Self.segment(&reader, version))
        }
        epochs = []
        for _ in 0..<(try reader.checkCount(Int(reader.readInt32()), elementByteCountMin: 12)) {
            epochs.append(
                .init(epoch: LeaderEpoch(try reader.readInt32()), startOffset: Offset(try reader.readInt64())))
        }
        damages = []
        for _ in 0..<(try reader.checkCount(Int(reader.readInt32()), elementByteCountMin: 41)) {
            damages.append(try Self.damage(&reader))
        }
        producers = try reader.readBytes(count: Int(reader.readInt32()))
        if version >= 2 {
            cleanedOffset = Offset(try reader.readInt64())
            exchangeCount = try reader.readInt64()
        }
        try reader.finish()
        guard isPossible else { throw DecodeError(.invalidValue(logStartOffset.rawValue), at: 28) }
    }

    /// Whether some log could have written this: recovery counts on what a right checksum alone does not promise.
    private var isPossible: Bool {
        let bounds = Offset.zero...LogFiles.offsetMax
        var end = Offset.zero
        for segment in segments {
            guard segment.baseOffset >= end, segment.nextOffset >= segment.baseOffset,
                segment.nextOffset <= bounds.upperBound,
                segment.nextOffset.distance(from: segment.baseOffset) <= Int64(Int32.max) + 1,
                (0...Int64(Int32.max)).contains(segment.byteCount), segment.entryCounts.offsets >= 0,
                segment.entryCounts.times >= 0, segment.aborted.count >= 0
            else { return false }
            end = segment.nextOffset
        }
        return bounds.contains(logStartOffset) && bounds.contains(cleanedOffset) && exchangeCount >= 0
            && (segments.isEmpty || logStartOffset <= end)
            && epochs.allSatisfy { bounds.contains($0.startOffset) }
            && damages.allSatisfy {
                bounds.contains($0.offsets.lowerBound) && bounds.contains($0.offsets.upperBound)
                    && (0...Int64(Int32.max)).contains($0.position) && (0...Int64(Int32.max)).contains($0.byteCount)
            }
    }

    private static func segment(
        _ reader: inout ByteReader, _ version: UInt16
    ) throws(DecodeError) -> SegmentEntry {
        SegmentEntry(
            baseOffset: Offset(try reader.readInt64()), nextOffset: Offset(try reader.readInt64()),
            byteCount: try reader.readInt64(),
            largestTimestamp: .init(
                timestamp: Timestamp(try reader.readInt64()), lastOffsetDelta: try reader.readInt32()),
            firstAppend: Timestamp(try reader.readInt64()),
            entryCounts: .init(offsets: try reader.readInt32(), times: try reader.readInt32()),
            aborted: version == 1
                ? .none : .init(count: try reader.readInt32(), checksum: try reader.readInteger()))
    }

    private static func damage(_ reader: inout ByteReader) throws(DecodeError) -> LogDamage {
        let segment = Offset(try reader.readInt64())
        let (position, byteCount) = (try reader.readInt64(), try reader.readInt64())
        let (first, end) = (Offset(try reader.readInt64()), Offset(try reader.readInt64()))
        let number = try reader.readUInt8()
        guard let evidence = LogDamage.Evidence(rawValue: number), first <= end else {
            throw DecodeError(.invalidValue(Int64(number)), at: reader.position - 1)
        }
        return LogDamage(
            segment: segment, position: position, byteCount: byteCount, offsets: first..<end, evidence: evidence)
    }
}
