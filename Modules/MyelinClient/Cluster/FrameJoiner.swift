// SPDX-License-Identifier: Apache-2.0

package import Primitives

/// Cuts a stream of bytes that comes in pieces into frames, each behind its size as four bytes, big-endian.
///
/// A frame that lies in one piece is a slice of it; only one that spans pieces is copied.
package struct FrameJoiner {
    /// Largest frame that is believed.
    package let frameByteCountMax: Int
    private var queue = ByteQueue()

    package init(frameByteCountMax: Int) { self.frameByteCountMax = frameByteCountMax }

    /// Takes the next piece and hands out each frame that is complete with it.
    ///
    /// - Throws: `.invalidValue` for a size that is negative or above the limit; the stream is of no use then.
    package mutating func append(_ piece: SharedBytes, _ frame: (SharedBytes) -> Void) throws(DecodeError) {
        queue.append(piece)
        while queue.count >= 4 {
            let size: Int32 = queue.front(holding: 4).loadBigEndian(at: 0)
            guard (0...frameByteCountMax).contains(Int(size)) else {
                throw DecodeError(.invalidValue(Int64(size)), at: 0)
            }
            guard queue.count >= 4 + Int(size) else { return }
            frame(queue.take(4 + Int(size)).slice(from: 4, count: Int(size)))
        }
    }
}
