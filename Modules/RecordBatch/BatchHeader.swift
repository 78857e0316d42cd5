// SPDX-License-Identifier: Apache-2.0

public import Primitives

/// The compression of a batch's records: attribute bits 0-2.
public enum Codec: UInt8, Sendable, CaseIterable {
    case none = 0
    case gzip = 1
    case snappy = 2
    case lz4 = 3
    case zstd = 4
}

/// Who stamped the records: attribute bit 3.
public enum TimestampType: UInt8, Sendable {
    case createTime = 0
    case logAppendTime = 1
}

/// The 61 fixed bytes before the records of a v2 batch (KIP-98; docs/formats/record-batch.md).
///
/// Base offset and leader epoch lie outside the checksum, so a broker sets them without touching the rest.
public struct BatchHeader: Equatable, Sendable {
    public static let byteCount = 61
    /// Bytes before those that `batchLength` counts: base offset and the length itself.
    public static let lengthPrefixByteCount = 12
    /// Where the bytes covered by the checksum begin.
    public static let checksumStart = 21
    public static let magic: Int8 = 2

    public var baseOffset: Offset
    /// Bytes after this field: the whole batch less 12.
    public var batchLength: Int32
    public var partitionLeaderEpoch: LeaderEpoch
    public var checksum: UInt32
    public var attributes: Int16
    public var lastOffsetDelta: Int32
    public var baseTimestamp: Timestamp
    public var maxTimestamp: Timestamp
    public var producerID: ProducerID
    public var producerEpoch: ProducerEpoch
    /// Sequence number of the first record, −1 without idempotence.
    public var baseSequence: Int32
    public var recordCount: Int32

    /// Reads the header at `position`, checking only that its bytes are there and that length and magic are possible.
    ///
    /// - Throws: `.truncated`, or `.invalidValue` for a magic other than 2 or a length below that of an empty batch.
    public init(parsing bytes: SharedBytes, at position: Int = 0) throws(DecodeError) {
        guard bytes.count - position >= Self.byteCount else {
            throw DecodeError(.truncated(needed: Self.byteCount, available: bytes.count - position), at: position)
        }
        baseOffset = Offset(bytes.loadBigEndian(at: position))
        batchLength = bytes.loadBigEndian(at: position + 8)
        partitionLeaderEpoch = LeaderEpoch(bytes.loadBigEndian(at: position + 12))
        let magic = Int8(bitPattern: bytes[position + 16])
        checksum = bytes.loadBigEndian(at: position + 17)
        attributes = bytes.loadBigEndian(at: position + 21)
        lastOffsetDelta = bytes.loadBigEndian(at: position + 23)
        baseTimestamp = Timestamp(bytes.loadBigEndian(at: position + 27))
        maxTimestamp = Timestamp(bytes.loadBigEndian(at: position + 35))
        producerID = ProducerID(bytes.loadBigEndian(at: position + 43))
        producerEpoch = ProducerEpoch(bytes.loadBigEndian(at: position + 51))
        baseSequence = bytes.loadBigEndian(at: position + 53)
        recordCount = bytes.loadBigEndian(at: position + 57)
        guard magic == Self.magic else { throw DecodeError(.invalidValue(Int64(magic)), at: position + 16) }
        guard batchLength >= Int32(Self.byteCount - Self.lengthPrefixByteCount) else {
            throw DecodeError(.invalidValue(Int64(batchLength)), at: position + 8)
        }
    }

    /// The whole batch, header and length field included.
    public var totalByteCount: Int { Int(batchLength) + Self.lengthPrefixByteCount }
    public var lastOffset: Offset { baseOffset + Int64(lastOffsetDelta) }
    /// Offset after the last record's.
    public var nextOffset: Offset { lastOffset.next }
    public var codec: Codec? { Codec(rawValue: UInt8(truncatingIfNeeded: attributes & 0x7)) }
    public var timestampType: TimestampType {
        get { attributes & 0x8 == 0 ? .createTime : .logAppendTime }
        set { attributes = attributes & ~0x8 | (newValue == .logAppendTime ? 0x8 : 0) }
    }
    public var isTransactional: Bool { attributes & 0x10 != 0 }
    /// Holds markers, not records of clients.
    public var isControl: Bool { attributes & 0x20 != 0 }
    public var hasProducer: Bool { producerID.rawValue >= 0 }
    /// Sequence number of the last record; wraps from 2^31-1 to 0.
    public var lastSequence: Int32 {
        Int32(truncatingIfNeeded: (Int64(baseSequence) + Int64(lastOffsetDelta)) & 0x7fff_ffff)
    }
}
