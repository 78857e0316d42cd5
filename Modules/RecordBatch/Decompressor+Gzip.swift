// SPDX-License-Identifier: Apache-2.0

internal import CCompression

extension Decompressor {
    /// 15 bits of window, and 16 more to say that gzip's wrapper is expected (zlib's manual, `inflateInit2`).
    static var gzipWindowBits: Int32 { 15 + 16 }

    /// Inflates one or more gzip members (RFC 1952) that fill the input.
    func expandGzip(_ input: UnsafeRawBufferPointer, limit: Int) throws(DecompressionRefusal) {
        let stream = unsafe readyInflateStream()
        let inputCount = input.count
        // zlib counts in 32 bits and a batch's length has 31. It takes the input as mutable but only reads it.
        unsafe stream.pointee.next_in = UnsafeMutablePointer(
            mutating: input.baseAddress?.assumingMemoryBound(to: UInt8.self))
        unsafe stream.pointee.avail_in = UInt32(input.count)
        while true {
            guard output.grow(upTo: limit + 1) else {
                throw .tooLarge(.gzip, inputByteCount: inputCount, outputBytesMax: limit)
            }
            let spare = unsafe output.spare
            unsafe stream.pointee.next_out = spare.baseAddress?.assumingMemoryBound(to: UInt8.self)
            unsafe stream.pointee.avail_out = UInt32(clamping: spare.count)
            let room = unsafe stream.pointee.avail_out
            let status = unsafe inflate(stream, Z_NO_FLUSH)
            output.advance(Int(unsafe room - stream.pointee.avail_out))
            switch status {
            case Z_STREAM_END:
                guard output.count <= limit else {
                    throw .tooLarge(.gzip, inputByteCount: inputCount, outputBytesMax: limit)
                }
                if unsafe stream.pointee.avail_in == 0 { return }
                guard unsafe inflateReset(stream) == Z_OK else { throw .corrupt(.gzip) }
            case Z_OK where unsafe stream.pointee.avail_out == 0: continue
            default: throw .corrupt(.gzip)
            }
        }
    }

    private func readyInflateStream() -> UnsafeMutablePointer<z_stream> {
        if let stream = unsafe inflateStream {
            unsafe inflateReset(stream)
            return unsafe stream
        }
        // zlib remembers the address of the stream, so it lives on the heap and never moves.
        let stream = UnsafeMutablePointer<z_stream>.allocate(capacity: 1)
        unsafe stream.initialize(to: z_stream())
        let status = unsafe inflateInit2_(
            stream, Self.gzipWindowBits, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size))
        precondition(status == Z_OK, "zlib refused to start: \(status)")
        unsafe inflateStream = unsafe stream
        return unsafe stream
    }

    func freeInflateStream() {
        guard let stream = unsafe inflateStream else { return }
        unsafe inflateEnd(stream)
        unsafe stream.deallocate()
    }
}
