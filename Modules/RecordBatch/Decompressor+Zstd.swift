// SPDX-License-Identifier: Apache-2.0

internal import CCompression

extension Decompressor {
    /// Expands zstd frames that fill the input, in one call: the output itself is the window, so that a frame that
    /// claims a window of 128 MiB costs no memory for it.
    func expandZstd(_ input: UnsafeRawBufferPointer, limit: Int) throws(DecompressionRefusal) {
        let bound = try unsafe ZstdFrames.outputBytesMax(input, limit: limit)
        output.reserve(max(1, bound))
        if unsafe zstdContext == nil {
            unsafe zstdContext = ZSTD_createDCtx()
            unsafe precondition(zstdContext != nil, "no memory for a zstd context")
        }
        let room = unsafe min(output.spare.count, limit)
        let count = unsafe ZSTD_decompressDCtx(
            zstdContext, output.spare.baseAddress, room, input.baseAddress, input.count)
        guard ZSTD_isError(count) == 0 else {
            // Errors are the code's negative.
            guard 0 &- count == UInt(ZSTD_error_dstSize_tooSmall.rawValue) else { throw .corrupt(.zstd) }
            guard bound >= limit else { throw .corrupt(.zstd) }
            throw .tooLarge(.zstd, inputByteCount: input.count, outputBytesMax: limit)
        }
        output.advance(count)
    }
}

/// The outline of zstd frames (RFC 8878, section 3.1): enough to know how much the blocks that arrived can become.
enum ZstdFrames {
    static let blockByteCountMax = 128 << 10

    /// Most bytes the frames in `input` can become, at most `limit`. Counts blocks; the frame's own claim can only
    /// lower it.
    static func outputBytesMax(_ input: UnsafeRawBufferPointer, limit: Int) throws(DecompressionRefusal) -> Int {
        var position = 0
        var total = 0
        guard unsafe !input.isEmpty else { throw .corrupt(.zstd) }
        while position < input.count {
            let magic = try unsafe load(input, at: position, byteCount: 4)
            if magic & 0xffff_fff0 == 0x184d_2a50 {
                let size = try unsafe load(input, at: position + 4, byteCount: 4)
                position += 8 + Int(size)
                guard position <= input.count else { throw .corrupt(.zstd) }
            } else {
                guard magic == 0xfd2f_b528 else { throw .corrupt(.zstd) }
                total += try unsafe frame(input, at: &position)
            }
            if total >= limit { return limit }
        }
        return total
    }

    /// Steps over the frame at `position`; what comes back is the most it can become.
    private static func frame(
        _ input: UnsafeRawBufferPointer, at position: inout Int
    ) throws(DecompressionRefusal) -> Int {
        let descriptor = try unsafe load(input, at: position + 4, byteCount: 1)
        position += 5
        let isSingleSegment = descriptor & 0x20 != 0
        if !isSingleSegment { position += 1 }
        position += [0, 1, 2, 4][Int(descriptor & 0x3)]
        let claim = try unsafe contentSize(input, at: &position, flag: descriptor >> 6, isSingleSegment)
        var total = 0
        while true {
            let header = try unsafe load(input, at: position, byteCount: 3)
            let size = Int(header >> 3)
            position += 3
            switch header >> 1 & 0x3 {
            case 0:  // Raw: the bytes themselves.
                position += size
                total += size
            case 1:  // One byte, repeated.
                position += 1
                total += size
            case 2:
                position += size
                total += blockByteCountMax
            default: throw .corrupt(.zstd)
            }
            guard size <= blockByteCountMax, position <= input.count else { throw .corrupt(.zstd) }
            if header & 1 != 0 { break }
        }
        if descriptor & 0x04 != 0 { position += 4 }
        guard position <= input.count else { throw .corrupt(.zstd) }
        return min(total, claim)
    }

    private static func contentSize(
        _ input: UnsafeRawBufferPointer, at position: inout Int, flag: UInt64, _ isSingleSegment: Bool
    ) throws(DecompressionRefusal) -> Int {
        let byteCount = flag == 0 ? (isSingleSegment ? 1 : 0) : 1 << Int(flag)
        guard byteCount > 0 else { return .max }
        let value = try unsafe load(input, at: position, byteCount: byteCount)
        position += byteCount
        // Two bytes count from 256, because one byte reaches to 255.
        return Int(clamping: byteCount == 2 ? value + 256 : value)
    }

    private static func load(
        _ input: UnsafeRawBufferPointer, at position: Int, byteCount: Int
    ) throws(DecompressionRefusal) -> UInt64 {
        guard position <= input.count - byteCount else { throw .corrupt(.zstd) }
        var value: UInt64 = 0
        for index in 0..<byteCount { value |= unsafe UInt64(input[position + index]) << UInt64(8 * index) }
        return value
    }
}
