// SPDX-License-Identifier: Apache-2.0

internal import CCompression
public import Primitives

/// Expands what a codec wrote, within limits. Keeps contexts and a block of memory: have one per shard, used by one
/// thread at a time.
@safe public final class Decompressor {
    public let limits: DecompressionLimits
    /// Memory kept between calls; what a larger batch needed goes back to the system when it is done.
    static let retainedByteCountMax = 1 << 20

    let output = GrowableBytes()
    /// Contexts of the libraries, made when first needed, freed with this object and used by nobody else.
    var inflateStream: UnsafeMutablePointer<z_stream>?
    var lz4Context: OpaquePointer?
    var zstdContext: OpaquePointer?

    public init(limits: DecompressionLimits = .standard) { self.limits = limits }

    deinit {
        freeInflateStream()
        unsafe LZ4F_freeDecompressionContext(lz4Context)
        unsafe ZSTD_freeDCtx(zstdContext)
    }

    /// The bytes that `codec` wrote into `bytes`, in memory of their own; for `.none` the bytes themselves.
    ///
    /// Snappy is read in both framings: Java's blocks and a single raw block.
    public func decompress(_ bytes: SharedBytes, codec: Codec) throws(DecompressionRefusal) -> SharedBytes {
        guard codec != .none else { return bytes }
        try expand(bytes, codec: codec)
        return output.take()
    }

    /// Expands into `expanded`.
    func expand(_ bytes: SharedBytes, codec: Codec) throws(DecompressionRefusal) {
        output.clear()
        let limit = limits.outputBytesMax(forInput: bytes.count)
        do throws(DecompressionRefusal) {
            try unsafe bytes.withUnsafeBytes { input throws(DecompressionRefusal) in
                switch codec {
                case .none: preconditionFailure("nothing to expand without a codec")
                case .gzip: try unsafe expandGzip(input, limit: limit)
                case .snappy: try unsafe expandSnappy(input, limit: limit)
                case .lz4: try unsafe expandLZ4(input, limit: limit)
                case .zstd: try unsafe expandZstd(input, limit: limit)
                }
            }
        } catch {
            releaseExcess()
            throw error
        }
    }

    /// What the last `expand` made; valid until the next call of this object.
    var expanded: UnsafeRawBufferPointer { unsafe output.filled }

    func releaseExcess() { output.release(above: Self.retainedByteCountMax) }
}
