// SPDX-License-Identifier: Apache-2.0

public import Primitives

extension Batch {
    /// The batch with another base offset and leader epoch, as two pieces to write one after the other: 16 fresh bytes
    /// and the untouched rest. Nothing of the payload is copied or read: both fields lie outside the checksum.
    public func pieces(baseOffset: Offset, leaderEpoch: LeaderEpoch) -> [SharedBytes] {
        var writer = ByteWriter(capacity: Self.stampByteCount)
        writer.writeInt64(baseOffset.rawValue)
        writer.writeInt32(header.batchLength)
        writer.writeInt32(leaderEpoch.rawValue)
        return [writer.shared, bytes.slice(from: Self.stampByteCount, count: bytes.count - Self.stampByteCount)]
    }

    /// The batch with another base offset, leader epoch and max timestamp, as two pieces: 61 fresh bytes and the
    /// untouched payload, which is read once for the new checksum and not copied.
    ///
    /// - Parameter timestampType: `.logAppendTime` makes `maxTimestamp` the time of every record (attribute bit 3).
    public func pieces(
        baseOffset: Offset, leaderEpoch: LeaderEpoch, maxTimestamp: Timestamp, timestampType: TimestampType
    ) -> [SharedBytes] {
        var changed = header
        changed.baseOffset = baseOffset
        changed.partitionLeaderEpoch = leaderEpoch
        changed.maxTimestamp = maxTimestamp
        changed.attributes &= ~BatchHeader.logAppendTimeBit
        if timestampType == .logAppendTime { changed.attributes |= BatchHeader.logAppendTimeBit }
        changed.checksum = changed.computedChecksum(payload: payload)
        return [changed.encoded, payload]
    }

    /// Base offset, length and leader epoch: what a broker writes afresh.
    static let stampByteCount = 16
}
