// SPDX-License-Identifier: Apache-2.0

public import Primitives

/// One complete v2 batch: 61 header bytes and its records, compressed or not, sharing the memory it was found in.
///
/// Complete means that all bytes its length field claims are there. The checksum is checked by `verifyChecksum`, the
/// records by `BatchValidator`; until then nobody vouches for more than the length and the magic.
public struct Batch: Equatable, Sendable {
    public let header: BatchHeader
    /// The whole batch, `header.totalByteCount` bytes.
    public let bytes: SharedBytes

    /// Reads the batch at `position`; bytes after its end are left alone.
    ///
    /// - Throws: `.truncated` when the batch is not all there, `.invalidValue` for a magic other than 2 or an impossible
    ///   length.
    public init(parsing bytes: SharedBytes, at position: Int = 0) throws(DecodeError) {
        header = try BatchHeader(parsing: bytes, at: position)
        let available = bytes.count - position
        guard header.totalByteCount <= available else {
            throw DecodeError(.truncated(needed: header.totalByteCount, available: available), at: position)
        }
        self.bytes = bytes.slice(from: position, count: header.totalByteCount)
    }

    init(header: BatchHeader, bytes: SharedBytes) {
        precondition(header.totalByteCount == bytes.count, "length \(header.totalByteCount) of \(bytes.count) bytes")
        self.header = header
        self.bytes = bytes
    }

    /// The records as they travel: compressed when `header.codec` says so.
    public var payload: SharedBytes {
        bytes.slice(from: BatchHeader.byteCount, count: bytes.count - BatchHeader.byteCount)
    }

    public var computedChecksum: UInt32 {
        let start = BatchHeader.checksumStart
        return CRC32C.checksum(of: bytes.slice(from: start, count: bytes.count - start))
    }

    /// Demands that the bytes from 21 on have the checksum the header states.
    ///
    /// - Throws: `.checksumMismatch` at the position of the checksum, byte 17.
    public func verifyChecksum() throws(DecodeError) {
        let actual = computedChecksum
        guard actual == header.checksum else {
            throw DecodeError(.checksumMismatch(expected: header.checksum, actual: actual), at: 17)
        }
    }
}
