// SPDX-License-Identifier: Apache-2.0

internal import CCompression

extension Decompressor {
    /// Expands one LZ4 frame that fills the input. The library's own buffers follow the frame's block size, at most
    /// 4 MiB by the format.
    func expandLZ4(_ input: UnsafeRawBufferPointer, limit: Int) throws(DecompressionRefusal) {
        let context = unsafe readyLZ4Context()
        var isComplete = false
        defer { if !isComplete { discardLZ4Context() } }
        var consumed = 0
        while true {
            guard output.grow(upTo: limit + 1) else {
                throw .tooLarge(.lz4, inputByteCount: input.count, outputBytesMax: limit)
            }
            let spare = unsafe output.spare
            var written = spare.count
            var read = input.count - consumed
            let hint = unsafe LZ4F_decompress(
                context, spare.baseAddress, &written, input.baseAddress.map { unsafe $0 + consumed }, &read, nil)
            guard LZ4F_isError(hint) == 0 else { throw .corrupt(.lz4) }
            output.advance(written)
            consumed += read
            if hint == 0 {
                isComplete = true
                break
            }
            // Neither bytes in nor bytes out: the frame ends early.
            guard read > 0 || written > 0 else { throw .corrupt(.lz4) }
        }
        guard output.count <= limit else {
            throw .tooLarge(.lz4, inputByteCount: input.count, outputBytesMax: limit)
        }
        guard consumed == input.count else { throw .trailingBytes(.lz4, count: input.count - consumed) }
    }

    private func readyLZ4Context() -> OpaquePointer? {
        if unsafe lz4Context == nil {
            let status = unsafe LZ4F_createDecompressionContext(&lz4Context, UInt32(LZ4F_VERSION))
            precondition(LZ4F_isError(status) == 0, "lz4 refused to start: \(status)")
        }
        unsafe LZ4F_resetDecompressionContext(lz4Context)
        return unsafe lz4Context
    }

    /// A context that stopped inside a frame is not used again: its reset (lz4 1.9.4) keeps how many bytes that frame
    /// still owed, and the next frame that does not tell its size would be called wrong.
    private func discardLZ4Context() {
        unsafe LZ4F_freeDecompressionContext(lz4Context)
        unsafe lz4Context = nil
    }
}
