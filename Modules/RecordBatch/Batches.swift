// SPDX-License-Identifier: Apache-2.0

public import Primitives

/// Why the next batch could not be taken, with the position it would begin at.
public enum BatchesError: Error, Equatable, Sendable {
    /// What is there may be the beginning of a batch, but the bytes end before it does: read more, or a torn tail.
    /// `needed` is the size of the batch, or of its header while the length is not known.
    case partial(at: Int, needed: Int, available: Int)
    /// No batch begins like this, however many bytes follow: magic or length is impossible.
    case garbage(at: Int, DecodeError)
}

/// Takes one batch after the other from bytes that nobody vouches for.
///
/// Checks lengths and magics, not checksums. After an error the position stays where the refused batch begins.
public struct Batches: Sendable {
    public let bytes: SharedBytes
    /// Where the next batch begins.
    public private(set) var position: Int

    public init(_ bytes: SharedBytes, from position: Int = 0) {
        precondition(position >= 0 && position <= bytes.count, "position \(position) of \(bytes.count)")
        self.bytes = bytes
        self.position = position
    }

    /// The next batch, or nil when exactly nothing is left.
    public mutating func next() throws(BatchesError) -> Batch? {
        let available = bytes.count - position
        guard available > 0 else { return nil }
        try checkBeginning(available: available)
        do throws(DecodeError) {
            let batch = try Batch(parsing: bytes, at: position)
            position += batch.bytes.count
            return batch
        } catch {
            guard case .truncated(let needed, _) = error.reason else { throw .garbage(at: position, error) }
            throw .partial(at: position, needed: needed, available: available)
        }
    }

    /// Refuses a length or magic that is visible and impossible even where the header is cut short.
    private func checkBeginning(available: Int) throws(BatchesError) {
        guard available < BatchHeader.byteCount else { return }
        if available >= BatchHeader.lengthPrefixByteCount {
            let length: Int32 = bytes.loadBigEndian(at: position + 8)
            guard length >= Int32(BatchHeader.byteCount - BatchHeader.lengthPrefixByteCount) else {
                throw .garbage(at: position, DecodeError(.invalidValue(Int64(length)), at: position + 8))
            }
        }
        if available > 16 {
            let magic = Int8(bitPattern: bytes[position + 16])
            guard magic == BatchHeader.magic else {
                throw .garbage(at: position, DecodeError(.invalidValue(Int64(magic)), at: position + 16))
            }
        }
    }
}
