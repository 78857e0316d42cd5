// SPDX-License-Identifier: Apache-2.0

import Foundation
import Primitives
import RecordBatch
import Testing

@Suite("compression and its limits")
struct CodecTests {
    static let codecs = Codec.allCases.filter { $0 != .none }

    @Test("records come back from every codec as they went in", arguments: codecs, UInt64(1)...6)
    func roundTrips(codec: Codec, seed: UInt64) throws {
        var entropy = Entropy(seed: seed)
        let decompressor = Decompressor()
        for count in [1, 7, 60] {
            let records = RandomRecords.records(count: count, using: &entropy)
            var builder = BatchBuilder(codec: codec)
            for record in records { builder.append(record) }
            let batch = builder.build(using: Compressor())
            _ = try BatchValidator(decompressor: decompressor).validate(batch.bytes, rules: .standard)
            var reader = try Records(batch, using: decompressor)
            #expect(try reader.remaining() == records)
        }
    }

    @Test("bytes of every size come back from every codec", arguments: codecs)
    func sizes(codec: Codec) throws {
        let compressor = Compressor()
        let decompressor = Decompressor()
        for count in [0, 1, 31, 32 << 10, (32 << 10) + 1, 200_001] {
            let bytes = SharedBytes((0..<count).map { UInt8(truncatingIfNeeded: $0 &* $0 >> 7) })
            #expect(try decompressor.decompress(compressor.compress(bytes, codec: codec), codec: codec) == bytes)
        }
    }

    @Test("both framings of snappy are read")
    func snappyFramings() throws {
        let text = SharedBytes(String(repeating: "snappy ", count: 10_000))
        let framed = Compressor(snappyFraming: .xerial).compress(text, codec: .snappy)
        let raw = Compressor(snappyFraming: .raw).compress(text, codec: .snappy)
        #expect(framed.slice(from: 0, count: 8).array == [0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0])
        #expect(framed != raw)
        for bytes in [framed, raw] {
            #expect(try Decompressor().decompress(bytes, codec: .snappy) == text)
        }
    }

    @Test("several gzip members and several zstd frames are read as one")
    func concatenations() throws {
        for codec in [Codec.gzip, .zstd] {
            let two = ["one, ", "two"].map { Compressor().compress($0, codec: codec) }.joined
            #expect(try Decompressor().decompress(two, codec: codec) == "one, two")
        }
    }

    @Test("levels change the size and not the contents")
    func levels() throws {
        var entropy = Entropy(seed: 1)
        let words = ["batch ", "record ", "offset ", "epoch ", "leader ", "broker ", "log ", "segment "]
        let text = SharedBytes((0..<5000).map { _ in words[entropy.index(below: words.count)] }.joined())
        let low = Compressor(levels: CompressionLevels(gzip: 1, lz4: 1, zstd: 1))
        let high = Compressor(levels: CompressionLevels(gzip: 9, lz4: 12, zstd: 19))
        for codec in [Codec.gzip, .lz4, .zstd] {
            let (one, other) = (low.compress(text, codec: codec), high.compress(text, codec: codec))
            #expect(other.count < one.count)
            #expect(try Decompressor().decompress(other, codec: codec) == text)
        }
    }

    @Test("compressed bytes are refused at every shorter prefix", arguments: codecs)
    func truncations(codec: Codec) {
        let text = SharedBytes(String(repeating: "every prefix is refused; ", count: 40))
        let bytes = Compressor().compress(text, codec: codec)
        let decompressor = Decompressor()
        // Java's snappy framing has no end mark: 16 bytes of header alone are an empty stream.
        for length in 0..<bytes.count where !(codec == .snappy && length == 16) {
            #expect(throws: DecompressionRefusal.self) {
                try decompressor.decompress(bytes.slice(from: 0, count: length), codec: codec)
            }
        }
        #expect(throws: Never.self) { try decompressor.decompress(bytes, codec: codec) }
    }

    @Test("bytes after the compressed data are refused", arguments: codecs)
    func trailing(codec: Codec) {
        let bytes = Compressor().compress("text", codec: codec)
        #expect(throws: DecompressionRefusal.self) {
            try Decompressor().decompress([bytes, [0, 0, 0, 0, 0]].joined, codec: codec)
        }
    }

    @Test("output up to the limit passes, one byte more does not", arguments: codecs)
    func limit(codec: Codec) throws {
        let limits = DecompressionLimits(outputBytesMax: 100_000, ratioMax: 10, ratioFreeBytes: 100_000)
        let decompressor = Decompressor(limits: limits)
        let fits = Compressor().compress(SharedBytes(Array(repeating: 7, count: 100_000)), codec: codec)
        let tooLong = Compressor().compress(SharedBytes(Array(repeating: 7, count: 100_001)), codec: codec)
        #expect(try decompressor.decompress(fits, codec: codec).count == 100_000)
        #expect(
            throws: DecompressionRefusal.tooLarge(codec, inputByteCount: tooLong.count, outputBytesMax: 100_000)
        ) { try decompressor.decompress(tooLong, codec: codec) }
        #expect(try decompressor.decompress(fits, codec: codec).count == 100_000)
    }

    @Test("a claimed size of 2^32-1 is not believed")
    func snappyClaim() {
        let claim: SharedBytes = [0xff, 0xff, 0xff, 0xff, 0x0f, 0x00, 0x61]
        #expect(throws: DecompressionRefusal.tooLarge(.snappy, inputByteCount: 7, outputBytesMax: 4 << 20)) {
            try Decompressor().decompress(claim, codec: .snappy)
        }
        let smaller: SharedBytes = [0x80, 0x80, 0x80, 0x01, 0x00, 0x61]  // 2 MiB, within the limits.
        #expect(throws: DecompressionRefusal.corrupt(.snappy)) {
            try Decompressor().decompress(smaller, codec: .snappy)
        }
    }

    @Test("a bomb of each codec is refused within 64 MiB of memory")
    func bombs() async {
        // In a process of its own, so that other tests' memory is not counted.
        await #expect(processExitsWith: .success) {
            for codec in Self.codecs {
                let bomb = Self.bomb(codec)
                let before = try ResidentMemory.resetPeak()
                let error = #expect(throws: DecompressionRefusal.self) {
                    try Decompressor().decompress(bomb, codec: codec)
                }
                guard case .tooLarge = error else {
                    preconditionFailure("\(codec) refused as \(String(describing: error))")
                }
                let growth = try ResidentMemory.peak() - before
                precondition(
                    growth <= 64 << 20 || ResidentMemory.keepsWhatIsFreed, "\(codec) grew by \(growth) bytes")
            }
        }
    }

    /// Zeros that would expand to far more than the limit: as many as the codec packs into about a mebibyte.
    static func bomb(_ codec: Codec) -> SharedBytes {
        switch codec {
        case .zstd:
            // 60,000 blocks of one repeated byte, 128 KiB each: 240 KB that become 7.8 GB, in a window of 128 MiB.
            let block: [UInt8] = [0x02, 0x00, 0x10, 0x00]
            let blocks = [[UInt8]](repeating: block, count: 60_000).flatMap { $0 }
            return SharedBytes([0x28, 0xb5, 0x2f, 0xfd, 0x00, 0x88] + blocks + [0x03, 0x00, 0x10, 0x00])
        default:
            let zeros = SharedBytes(Array(repeating: 0, count: 200 << 20))
            return Compressor(snappyFraming: .raw).compress(zeros, codec: codec)
        }
    }
}

/// What Linux says about this process.
enum ResidentMemory {
    /// AddressSanitizer gives freed memory back late, to find who still uses it: its peak says nothing.
    static let keepsWhatIsFreed = dlsym(dlopen(nil, RTLD_NOW), "__asan_init") != nil

    /// Starts a new peak at the present size, which comes back in bytes.
    static func resetPeak() throws -> Int {
        try "5".write(toFile: "/proc/self/clear_refs", atomically: false, encoding: .utf8)
        return try peak()
    }

    static func peak() throws -> Int {
        let status = try String(contentsOfFile: "/proc/self/status", encoding: .utf8)
        let line = status.split(separator: "\n").first { $0.hasPrefix("VmHWM:") } ?? ""
        return Int(line.split(separator: " ").dropFirst().first ?? "").map { $0 << 10 } ?? .max
    }
}
