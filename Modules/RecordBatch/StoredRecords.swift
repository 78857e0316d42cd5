// SPDX-License-Identifier: Apache-2.0

public import Primitives

/// A record as compaction looks at it: what decides whether it stays, and the bytes to copy if it does.
public struct StoredRecord: Sendable {
    public let offset: Offset
    public let key: SharedBytes?
    /// False for a tombstone.
    public let hasValue: Bool
    /// Less the batch's base timestamp, whoever stamped the batch.
    let timestampDelta: Int64
    /// From the length on.
    let bytes: SharedBytes
    /// From the offset delta on.
    let afterTimestamp: SharedBytes
}

/// Reads the records of one stored batch without reading their headers or values, for compaction.
///
/// Trusts no length and no count. Does not check the checksum, and takes gaps between offsets.
public struct StoredRecords: Sendable {
    public let header: BatchHeader
    private let bytes: SharedBytes
    private var reader: ByteReader
    private var remainingCount: Int32

    public init(_ batch: Batch, using decompressor: Decompressor) throws(RecordsError) {
        header = batch.header
        remainingCount = header.recordCount
        guard let codec = header.codec else { throw .unknownCodec(header.attributes & BatchHeader.codecMask) }
        do throws(DecompressionRefusal) {
            bytes = try header.recordCount == 0 ? .empty : decompressor.decompress(batch.payload, codec: codec)
        } catch { throw .undecompressible(error) }
        reader = ByteReader(bytes)
    }

    /// The next record, or nil after as many as the header counts.
    public mutating func next() throws(RecordsError) -> StoredRecord? {
        do throws(DecodeError) {
            guard remainingCount > 0 else {
                try reader.finish()
                return nil
            }
            remainingCount -= 1
            return try readRecord()
        } catch { throw .malformed(error) }
    }

    private mutating func readRecord() throws(DecodeError) -> StoredRecord {
        let begin = reader.position
        let length = Int(try reader.readVarint32())
        let content = try reader.readBytes(count: length)
        var fields = ByteReader(content)
        try fields.skip(1)  // Attributes: no bit has a meaning.
        let timestampDelta = try fields.readVarint64()
        let afterTimestamp = content.slice(from: fields.position, count: content.count - fields.position)
        let offsetDelta = try fields.readVarint32()
        guard offsetDelta >= 0, offsetDelta <= header.lastOffsetDelta else {
            throw DecodeError(.invalidValue(Int64(offsetDelta)), at: begin + fields.position)
        }
        let keyLength = Int(try fields.readVarint32())
        let key = keyLength == -1 ? nil : try fields.readBytes(count: keyLength)
        let valueLength = try fields.readVarint32()
        return StoredRecord(
            offset: header.baseOffset + Int64(offsetDelta), key: key, hasValue: valueLength != -1,
            timestampDelta: timestampDelta, bytes: bytes.slice(from: begin, count: reader.position - begin),
            afterTimestamp: afterTimestamp)
    }
}
