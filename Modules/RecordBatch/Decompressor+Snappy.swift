// SPDX-License-Identifier: Apache-2.0

internal import CCompression

/// The framing that snappy-java puts around snappy blocks, and every Kafka client reads: eight bytes of magic, version and
/// oldest compatible version, then blocks with a big-endian 32-bit length before each.
enum XerialFraming {
    static let magic: [UInt8] = [0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0x00]
    static let version: Int32 = 1
    static let headerByteCount = 16
    /// What snappy-java puts into a block.
    static let blockByteCount = 32 << 10

    static func matches(_ input: UnsafeRawBufferPointer) -> Bool {
        unsafe input.count >= headerByteCount && input.prefix(magic.count).elementsEqual(magic)
    }
}

extension Decompressor {
    /// Expands Java's blocks, or one raw block.
    func expandSnappy(_ input: UnsafeRawBufferPointer, limit: Int) throws(DecompressionRefusal) {
        guard unsafe XerialFraming.matches(input) else {
            return try unsafe expandSnappyBlock(input, inputByteCount: input.count, limit: limit)
        }
        var position = XerialFraming.headerByteCount
        while position < input.count {
            guard input.count - position >= 4 else { throw .corrupt(.snappy) }
            let length = unsafe Int(
                Int32(bigEndian: input.loadUnaligned(fromByteOffset: position, as: Int32.self)))
            position += 4
            guard length > 0, length <= input.count - position else { throw .corrupt(.snappy) }
            let block = unsafe UnsafeRawBufferPointer(rebasing: input[position..<position + length])
            try unsafe expandSnappyBlock(block, inputByteCount: input.count, limit: limit)
            position += length
        }
    }

    /// A block begins with the size it claims to have. Memory grows by it only after a pass over the block has proved
    /// the claim; where there is room already, expanding proves it.
    private func expandSnappyBlock(
        _ block: UnsafeRawBufferPointer, inputByteCount: Int, limit: Int
    ) throws(DecompressionRefusal) {
        guard unsafe !block.isEmpty else { throw .corrupt(.snappy) }
        let source = unsafe block.baseAddress?.assumingMemoryBound(to: CChar.self)
        var claimed = 0
        guard unsafe snappy_uncompressed_length(source, block.count, &claimed) == SNAPPY_OK, claimed >= 0 else {
            throw .corrupt(.snappy)
        }
        guard claimed <= limit - output.count else {
            throw .tooLarge(.snappy, inputByteCount: inputByteCount, outputBytesMax: limit)
        }
        if claimed > output.capacity - output.count {
            guard unsafe snappy_validate_compressed_buffer(source, block.count) == SNAPPY_OK else {
                throw .corrupt(.snappy)
            }
            output.reserve(max(claimed, min(output.capacity, limit - output.count)))
        }
        // Some address is needed even where nothing comes out.
        output.reserve(1)
        let target = unsafe output.spare.baseAddress?.assumingMemoryBound(to: CChar.self)
        guard unsafe snappy_uncompress(source, block.count, target, &claimed) == SNAPPY_OK else {
            throw .corrupt(.snappy)
        }
        output.advance(claimed)
    }
}
