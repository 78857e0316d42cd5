// SPDX-License-Identifier: Apache-2.0

internal import NIOCore

/// A few buffers that the connections of one loop take turns with, so that an idle connection holds none.
///
/// A buffer may come back while frames still share its memory; it is lent again only once nobody else refers to it.
struct BufferPool {
    private let byteCount: Int
    private let countMax: Int
    private var buffers: [ByteBuffer] = []

    init(byteCount: Int, countMax: Int) {
        self.byteCount = byteCount
        self.countMax = countMax
    }

    /// An empty buffer with room for at least `byteCount` bytes.
    mutating func take() -> ByteBuffer {
        for index in buffers.indices.reversed()
        where buffers[index].modifyIfUniquelyOwned({ $0.clear() }) != nil {
            buffers.swapAt(index, buffers.count - 1)
            return buffers.removeLast()
        }
        return ByteBufferAllocator().buffer(capacity: byteCount)
    }

    /// Keeps `buffer` for the next taker, unless there are enough or its size is not what takers expect.
    mutating func give(_ buffer: consuming ByteBuffer) {
        guard buffer.capacity >= byteCount, buffer.capacity <= 4 * byteCount else { return }
        if buffers.count == countMax { buffers.removeFirst() }
        buffers.append(buffer)
    }
}
