// SPDX-License-Identifier: Apache-2.0

public import Primitives

extension BatchHeader {
    static let codecMask: Int16 = 0x07
    static let logAppendTimeBit: Int16 = 0x08
    static let transactionalBit: Int16 = 0x10
    static let controlBit: Int16 = 0x20
    /// The base timestamp is the time from which compaction may drop the batch's tombstones (KIP-534).
    static let deleteHorizonBit: Int16 = 0x40
    /// Bits that no version of the format has given a meaning.
    static let reservedBits: Int16 = ~0x7f

    public init(
        baseOffset: Offset = .zero, batchLength: Int32, partitionLeaderEpoch: LeaderEpoch = .none, checksum: UInt32 = 0,
        attributes: Int16, lastOffsetDelta: Int32, baseTimestamp: Timestamp, maxTimestamp: Timestamp,
        producerID: ProducerID = .none, producerEpoch: ProducerEpoch = .none, baseSequence: Int32 = -1,
        recordCount: Int32
    ) {
        self.baseOffset = baseOffset
        self.batchLength = batchLength
        self.partitionLeaderEpoch = partitionLeaderEpoch
        self.checksum = checksum
        self.attributes = attributes
        self.lastOffsetDelta = lastOffsetDelta
        self.baseTimestamp = baseTimestamp
        self.maxTimestamp = maxTimestamp
        self.producerID = producerID
        self.producerEpoch = producerEpoch
        self.baseSequence = baseSequence
        self.recordCount = recordCount
    }

    /// The 61 bytes as they travel, `checksum` as it stands.
    public var encoded: SharedBytes {
        var writer = ByteWriter(capacity: Self.byteCount)
        write(to: &writer)
        return writer.shared
    }

    /// Appends the 61 bytes as they travel, `checksum` as it stands.
    public func write(to writer: inout ByteWriter) {
        writer.writeInt64(baseOffset.rawValue)
        writer.writeInt32(batchLength)
        writer.writeInt32(partitionLeaderEpoch.rawValue)
        writer.writeInt8(Self.magic)
        writer.writeInteger(checksum)
        writer.writeInt16(attributes)
        writer.writeInt32(lastOffsetDelta)
        writer.writeInt64(baseTimestamp.rawValue)
        writer.writeInt64(maxTimestamp.rawValue)
        writer.writeInt64(producerID.rawValue)
        writer.writeInt16(producerEpoch.rawValue)
        writer.writeInt32(baseSequence)
        writer.writeInt32(recordCount)
    }

    /// The checksum that belongs to this header before `payload`: over byte 21 to the end of the batch.
    public func computedChecksum(payload: SharedBytes) -> UInt32 {
        var crc = CRC32C()
        crc.update(encoded.slice(from: Self.checksumStart, count: Self.byteCount - Self.checksumStart))
        crc.update(payload)
        return crc.value
    }
}
