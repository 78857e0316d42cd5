// SPDX-License-Identifier: Apache-2.0

public import Primitives

/// Why the records of a batch could not be read.
public enum RecordsError: Error, Equatable, Sendable {
    case unknownCodec(Int16)
    case undecompressible(DecompressionRefusal)
    /// Positions count from the start of the uncompressed records.
    case malformed(DecodeError)
}

/// Reads the records of one batch, keys and values sharing memory: the batch's own, or, where it was compressed, that of
/// the expanded records.
///
/// Trusts no length and no count. Does not check the checksum, and takes gaps between offsets: compaction leaves them.
public struct Records: Sendable {
    public let header: BatchHeader
    private var reader: ByteReader
    private var remainingCount: Int32

    public init(_ batch: Batch, using decompressor: Decompressor) throws(RecordsError) {
        header = batch.header
        remainingCount = header.recordCount
        guard let codec = header.codec else { throw .unknownCodec(header.attributes & BatchHeader.codecMask) }
        do throws(DecompressionRefusal) {
            reader = ByteReader(try decompressor.decompress(batch.payload, codec: codec))
        } catch { throw .undecompressible(error) }
    }

    /// The next record, or nil after as many as the header counts.
    ///
    /// - Throws: `.malformed`; what came before stands, nothing more can be read.
    public mutating func next() throws(RecordsError) -> Record? {
        do throws(DecodeError) {
            guard remainingCount > 0 else {
                try reader.finish()
                return nil
            }
            remainingCount -= 1
            return try readRecord()
        } catch { throw .malformed(error) }
    }

    /// All records that are left. Reserves nothing by the header's count.
    public mutating func remaining() throws(RecordsError) -> [Record] {
        var records: [Record] = []
        while let record = try next() { records.append(record) }
        return records
    }

    private mutating func readRecord() throws(DecodeError) -> Record {
        let length = Int(try reader.readVarint32())
        let begin = reader.position
        var fields = ByteReader(try reader.readBytes(count: length))
        do throws(DecodeError) {
            try fields.skip(1)  // Attributes: no bit has a meaning.
            let timestamp = try readTimestamp(&fields)
            let offset = try readOffset(&fields)
            let key = try Self.readNullable(&fields)
            let value = try Self.readNullable(&fields)
            let headers = try Self.readHeaders(&fields)
            try fields.finish()
            return Record(offset: offset, timestamp: timestamp, key: key, value: value, headers: headers)
        } catch { throw DecodeError(error.reason, at: begin + error.position) }
    }

    private func readTimestamp(_ fields: inout ByteReader) throws(DecodeError) -> Timestamp {
        let begin = fields.position
        let delta = try fields.readVarint64()
        guard header.timestampType == .createTime else { return header.maxTimestamp }
        let (value, overflow) = header.baseTimestamp.rawValue.addingReportingOverflow(delta)
        guard !overflow else { throw DecodeError(.invalidValue(delta), at: begin) }
        return Timestamp(value)
    }

    private func readOffset(_ fields: inout ByteReader) throws(DecodeError) -> Offset {
        let begin = fields.position
        let delta = Int64(try fields.readVarint32())
        let (value, overflow) = header.baseOffset.rawValue.addingReportingOverflow(delta)
        guard delta >= 0, delta <= Int64(header.lastOffsetDelta), !overflow else {
            throw DecodeError(.invalidValue(delta), at: begin)
        }
        return Offset(value)
    }

    private static func readNullable(_ fields: inout ByteReader) throws(DecodeError) -> SharedBytes? {
        let length = Int(try fields.readVarint32())
        return length == -1 ? nil : try fields.readBytes(count: length)
    }

    private static func readHeaders(_ fields: inout ByteReader) throws(DecodeError) -> [RecordHeader] {
        let count = try fields.checkCount(Int(try fields.readVarint32()), elementByteCountMin: 2)
        guard count > 0 else { return [] }
        var headers: [RecordHeader] = []
        headers.reserveCapacity(min(count, 16))
        for _ in 0..<count {
            let begin = fields.position
            guard let key = try readNullable(&fields) else { throw DecodeError(.unexpectedNull, at: begin) }
            headers.append(RecordHeader(key: key, value: try readNullable(&fields)))
        }
        return headers
    }
}
