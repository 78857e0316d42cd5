// SPDX-License-Identifier: Apache-2.0

package import Primitives

/// Cuts a stream of bytes that comes in pieces into frames, each behind its size as four bytes, big-endian.
///
/// A frame that lies in one piece is a slice of it; only one that spans pieces is copied.
package struct FrameJoiner {
    /// Largest frame that is believed.
    package let frameByteCountMax: Int
    /// Bytes of the frame that has begun, size included.
    private var pieces: [SharedBytes] = []
    private var heldByteCount = 0

    package init(frameByteCountMax: Int) { self.frameByteCountMax = frameByteCountMax }

    /// Takes the next piece and hands out each frame that is complete with it.
    ///
    /// - Throws: `.invalidValue` for a size that is negative or above the limit; the stream is of no use then.
    package mutating func append(_ piece: SharedBytes, _ frame: (SharedBytes) -> Void) throws(DecodeError) {
        guard !piece.isEmpty else { return }
        pieces.append(piece)
        heldByteCount += piece.count
        while heldByteCount >= 4 {
            let size = try frameSize()
            guard heldByteCount >= 4 + size else { return }
            frame(take(4 + size).slice(from: 4, count: size))
        }
    }

    private mutating func frameSize() throws(DecodeError) -> Int {
        if pieces[0].count < 4 { join(4) }
        var reader = ByteReader(pieces[0])
        let size = Int(try reader.readInt32())
        guard (0...frameByteCountMax).contains(size) else {
            throw DecodeError(.invalidValue(Int64(size)), at: 0)
        }
        return size
    }

    /// Makes the first piece hold at least `byteCount` bytes.
    private mutating func join(_ byteCount: Int) {
        guard pieces[0].count < byteCount else { return }
        var taken = 0
        var index = 0
        while taken < byteCount {
            taken += pieces[index].count
            index += 1
        }
        var writer = ByteWriter(capacity: taken)
        for piece in pieces[..<index] { writer.writeBytes(piece) }
        pieces.replaceSubrange(..<index, with: [writer.shared])
    }

    private mutating func take(_ byteCount: Int) -> SharedBytes {
        join(byteCount)
        let first = pieces[0]
        heldByteCount -= byteCount
        if first.count == byteCount {
            pieces.removeFirst()
        } else {
            pieces[0] = first.slice(from: byteCount, count: first.count - byteCount)
        }
        return first.slice(from: 0, count: byteCount)
    }
}
