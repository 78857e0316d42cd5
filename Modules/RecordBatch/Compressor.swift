// SPDX-License-Identifier: Apache-2.0

internal import CCompression
public import Primitives

/// How snappy blocks are framed.
public enum SnappyFraming: Sendable {
    /// Blocks of 32 KiB with a header, as snappy-java writes them: what Kafka's own clients produce.
    case xerial
    /// One raw block.
    case raw
}

/// How hard each codec tries; nil is the library's own default.
public struct CompressionLevels: Equatable, Sendable {
    /// 1 to 9.
    public var gzip: Int32?
    /// 1 to 12; from 3 on the slower high-compression mode.
    public var lz4: Int32?
    /// Negative for speed, up to 22.
    public var zstd: Int32?

    public init(gzip: Int32? = nil, lz4: Int32? = nil, zstd: Int32? = nil) {
        self.gzip = gzip
        self.lz4 = lz4
        self.zstd = zstd
    }
}

/// Compresses records as Kafka clients expect them. Keeps contexts: have one per shard, used by one thread at a time.
@safe public final class Compressor {
    public let levels: CompressionLevels
    public let snappyFraming: SnappyFraming
    private let output = GrowableBytes()
    /// Contexts of the libraries, made when first needed, freed with this object and used by nobody else.
    private var deflateStream: UnsafeMutablePointer<z_stream>?
    private var zstdContext: OpaquePointer?

    public init(levels: CompressionLevels = CompressionLevels(), snappyFraming: SnappyFraming = .xerial) {
        self.levels = levels
        self.snappyFraming = snappyFraming
    }

    deinit {
        if let stream = unsafe deflateStream {
            unsafe deflateEnd(stream)
            unsafe stream.deallocate()
        }
        unsafe ZSTD_freeCCtx(zstdContext)
    }

    /// `bytes` as `codec` writes them, in memory of their own; for `.none` the bytes themselves.
    ///
    /// - Precondition: fewer than 2^31 bytes, the most a batch can hold.
    public func compress(_ bytes: SharedBytes, codec: Codec) -> SharedBytes {
        precondition(bytes.count <= Int(Int32.max), "\(bytes.count) bytes do not fit into a batch")
        guard codec != .none else { return bytes }
        output.clear()
        unsafe bytes.withUnsafeBytes { input in
            switch codec {
            case .none: break
            case .gzip: unsafe compressGzip(input)
            case .snappy: unsafe compressSnappy(input)
            case .lz4: unsafe compressLZ4(input)
            case .zstd: unsafe compressZstd(input)
            }
        }
        return output.take()
    }

    private func compressGzip(_ input: UnsafeRawBufferPointer) {
        let stream = unsafe readyDeflateStream()
        unsafe output.reserve(Int(deflateBound(stream, UInt(input.count))))
        // zlib takes the input as mutable but only reads it.
        unsafe stream.pointee.next_in = UnsafeMutablePointer(
            mutating: input.baseAddress?.assumingMemoryBound(to: UInt8.self))
        unsafe stream.pointee.avail_in = UInt32(input.count)
        let spare = unsafe output.spare
        unsafe stream.pointee.next_out = spare.baseAddress?.assumingMemoryBound(to: UInt8.self)
        unsafe stream.pointee.avail_out = UInt32(clamping: spare.count)
        let status = unsafe deflate(stream, Z_FINISH)
        precondition(status == Z_STREAM_END, "zlib ended with \(status) inside its own bound")
        output.advance(unsafe Int(stream.pointee.total_out))
    }

    private func readyDeflateStream() -> UnsafeMutablePointer<z_stream> {
        if let stream = unsafe deflateStream {
            unsafe deflateReset(stream)
            return unsafe stream
        }
        // zlib remembers the address of the stream, so it lives on the heap and never moves.
        let stream = UnsafeMutablePointer<z_stream>.allocate(capacity: 1)
        unsafe stream.initialize(to: z_stream())
        let memoryLevel: Int32 = 8  // zlib's default
        let status = unsafe deflateInit2_(
            stream, levels.gzip ?? Z_DEFAULT_COMPRESSION, Z_DEFLATED, Decompressor.gzipWindowBits, memoryLevel,
            Z_DEFAULT_STRATEGY, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size))
        precondition(status == Z_OK, "zlib refused level \(levels.gzip ?? Z_DEFAULT_COMPRESSION): \(status)")
        unsafe deflateStream = unsafe stream
        return unsafe stream
    }

    private func compressSnappy(_ input: UnsafeRawBufferPointer) {
        guard snappyFraming == .xerial else { return unsafe compressSnappyBlock(input) }
        append(XerialFraming.magic)
        append(XerialFraming.version)
        append(XerialFraming.version)
        for start in stride(from: 0, to: input.count, by: XerialFraming.blockByteCount) {
            let end = min(input.count, start + XerialFraming.blockByteCount)
            let lengthPosition = output.count
            append(Int32(0))
            unsafe compressSnappyBlock(UnsafeRawBufferPointer(rebasing: input[start..<end]))
            output.overwrite(Int32(output.count - lengthPosition - 4), at: lengthPosition)
        }
    }

    private func compressSnappyBlock(_ input: UnsafeRawBufferPointer) {
        var count = snappy_max_compressed_length(input.count)
        output.reserve(count)
        let status = unsafe snappy_compress(
            input.baseAddress?.assumingMemoryBound(to: CChar.self), input.count,
            output.spare.baseAddress?.assumingMemoryBound(to: CChar.self), &count)
        precondition(status == SNAPPY_OK, "snappy failed inside its own bound")
        output.advance(count)
    }

    /// Blocks are independent because Java's reader takes no others; the content size is left out for old readers.
    private func compressLZ4(_ input: UnsafeRawBufferPointer) {
        var preferences = LZ4F_preferences_t()
        preferences.frameInfo.blockSizeID = LZ4F_max64KB
        preferences.frameInfo.blockMode = LZ4F_blockIndependent
        preferences.compressionLevel = levels.lz4 ?? 0
        let bound = unsafe LZ4F_compressFrameBound(input.count, &preferences)
        output.reserve(bound)
        let count = unsafe LZ4F_compressFrame(
            output.spare.baseAddress, bound, input.baseAddress, input.count, &preferences)
        precondition(LZ4F_isError(count) == 0, "lz4 failed inside its own bound")
        output.advance(count)
    }

    private func compressZstd(_ input: UnsafeRawBufferPointer) {
        if unsafe zstdContext == nil {
            unsafe zstdContext = ZSTD_createCCtx()
            unsafe precondition(zstdContext != nil, "no memory for a zstd context")
        }
        let bound = ZSTD_compressBound(input.count)
        output.reserve(bound)
        let count = unsafe ZSTD_compressCCtx(
            zstdContext, output.spare.baseAddress, bound, input.baseAddress, input.count,
            levels.zstd ?? ZSTD_defaultCLevel())
        precondition(ZSTD_isError(count) == 0, "zstd failed inside its own bound")
        output.advance(count)
    }

    private func append(_ bytes: [UInt8]) {
        output.reserve(bytes.count)
        unsafe output.spare.copyBytes(from: bytes)
        output.advance(bytes.count)
    }

    private func append(_ value: Int32) {
        output.reserve(4)
        output.advance(4)
        output.overwrite(value, at: output.count - 4)
    }
}
