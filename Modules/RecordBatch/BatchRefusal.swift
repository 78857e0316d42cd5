// SPDX-License-Identifier: Apache-2.0

public import Primitives

/// Why a batch is not taken from a producer.
public enum BatchRefusal: Error, Equatable, Sendable {
    /// Not one whole batch: cut short, an impossible length, or bytes after it.
    case malformed(DecodeError)
    case unsupportedMagic(Int8)
    case checksumMismatch(expected: UInt32, actual: UInt32)
    case tooLarge(byteCount: Int, byteCountMax: Int)
    /// Attribute bits 0-2 name no codec.
    case unknownCodec(Int16)
    /// Attribute bits are set that have no meaning or that only a broker may set.
    case reservedAttributes(Int16)
    /// Attribute bit 3 is set: only brokers stamp append time.
    case timestampTypeSetByProducer
    /// No record, or a count other than `lastOffsetDelta` + 1.
    case recordCountMismatch(recordCount: Int32, lastOffsetDelta: Int32)
    /// Producer id, epoch and sequence do not go together, or a transactional batch has no producer.
    case inconsistentProducer(ProducerID, ProducerEpoch, baseSequence: Int32)
    case undecompressible(DecompressionRefusal)
    /// A record's fields contradict its length or its place. `index` counts records from 0, `position` bytes of the
    /// uncompressed records.
    case malformedRecord(RecordDefect, index: Int, position: Int)
    /// Bytes are left over after the last record.
    case trailingBytes(count: Int)
    /// A compacted topic needs a key in each record.
    case missingKey(index: Int)
    case timestampOutOfRange(index: Int, Timestamp, earliest: Timestamp, latest: Timestamp)
}

/// What is wrong with a record.
public enum RecordDefect: Error, Equatable, Sendable {
    /// The records end inside this one.
    case truncated
    /// A variable-length integer longer than its type.
    case varintTooLong
    /// A length or count below the smallest legal one.
    case negativeLength
    /// A field reaches beyond the record's stated length.
    case fieldTooLong
    /// The fields end before the record's stated length.
    case lengthMismatch
    /// Offset deltas must be 0, 1, 2 and so on.
    case offsetDelta(Int64)
    /// The time is outside 64 bits.
    case timestampOverflow
}
