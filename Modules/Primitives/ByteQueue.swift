// SPDX-License-Identifier: Apache-2.0

/// Bytes that come in pieces of one size and are taken from the front in pieces of another.
///
/// What lies in one piece is sliced; only what spans pieces is copied.
public struct ByteQueue: Sendable {
    /// Pieces are joined up to this size as they come, else who sends byte by byte costs many times what it sends.
    static let pieceBytesMin = 8 << 10

    private var pieces: [SharedBytes] = []
    /// Bytes that were appended and not taken.
    public private(set) var count = 0

    public init() {}

    public mutating func append(_ bytes: SharedBytes) {
        guard !bytes.isEmpty else { return }
        count += bytes.count
        guard let last = pieces.last, last.count + bytes.count <= Self.pieceBytesMin else {
            return pieces.append(bytes)
        }
        pieces[pieces.count - 1] = SharedBytes(joining: [last, bytes])
    }

    /// The piece in front, made to hold at least `byteCount` bytes; it may hold more.
    ///
    /// - Precondition: that many bytes are there, one at least.
    public mutating func front(holding byteCount: Int) -> SharedBytes {
        precondition(byteCount <= count && count > 0, "\(byteCount) bytes of a queue of \(count)")
        guard pieces[0].count < byteCount else { return pieces[0] }
        var joined = 0
        var used = 0
        while joined < byteCount {
            joined += pieces[used].count
            used += 1
        }
        pieces.replaceSubrange(0..<used, with: CollectionOfOne(SharedBytes(joining: pieces[0..<used])))
        return pieces[0]
    }

    /// Takes the first `byteCount` bytes away.
    ///
    /// - Precondition: as for `front(holding:)`.
    public mutating func take(_ byteCount: Int) -> SharedBytes {
        let first = front(holding: byteCount)
        count -= byteCount
        if first.count == byteCount {
            pieces.removeFirst()
        } else {
            pieces[0] = first.slice(from: byteCount, count: first.count - byteCount)
        }
        return first.slice(from: 0, count: byteCount)
    }
}

extension SharedBytes {
    /// The bytes of `parts`, one after the other, in memory of their own.
    public init(joining parts: some Collection<SharedBytes>) {
        unsafe self.init(count: parts.reduce(0) { $0 + $1.count }) { target in
            var position = 0
            for part in parts {
                // Proof: the parts' sizes add up to that of the target.
                unsafe part.withUnsafeBytes { source in
                    unsafe UnsafeMutableRawBufferPointer(rebasing: target[position...]).copyMemory(from: source)
                }
                position += part.count
            }
        }
    }
}
