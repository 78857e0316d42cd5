// SPDX-License-Identifier: Apache-2.0

import Primitives
import RecordBatch

// Feeds arbitrary bytes to everything that reads batches from the network or the disk.
//
// The checksum is made to fit first: libFuzzer would not find its way past it. What validation takes, the reader must
// read, and as many records as the header counts.

/// The run loop of libFuzzer, which is linked in by `-sanitize=fuzzer`.
@_silgen_name("LLVMFuzzerRunDriver")
func runFuzzer(
    _ argumentCount: UnsafeMutablePointer<CInt>,
    _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>>,
    _ callback: @convention(c) (UnsafePointer<UInt8>?, Int) -> CInt
) -> CInt

/// Small limits: the fuzzer looks for wrong steps, not for patience.
let limits = DecompressionLimits(outputBytesMax: 1 << 20, ratioMax: 100, ratioFreeBytes: 1 << 18)

func resealed(_ bytes: [UInt8]) -> SharedBytes {
    var bytes = bytes
    guard bytes.count >= BatchHeader.byteCount else { return SharedBytes(bytes) }
    let length = UInt32(bytes.count - BatchHeader.lengthPrefixByteCount)
    for index in 0..<4 { bytes[8 + index] = UInt8(truncatingIfNeeded: length >> UInt32(24 - 8 * index)) }
    let checksum = CRC32C.checksum(of: Array(bytes[BatchHeader.checksumStart...]))
    for index in 0..<4 { bytes[17 + index] = UInt8(truncatingIfNeeded: checksum >> UInt32(24 - 8 * index)) }
    return SharedBytes(bytes)
}

func iterate(_ bytes: SharedBytes) {
    var batches = Batches(bytes)
    do {
        while let batch = try batches.next() { readRecords(batch) }
    } catch {}
}

func readRecords(_ batch: Batch) {
    do {
        var records = try Records(batch, using: Decompressor(limits: limits))
        while let record = try records.next() { _ = try EndTransactionMarker(record) }
    } catch {}
    do {
        var records = try StoredRecords(batch, using: Decompressor(limits: limits))
        while try records.next() != nil {}
    } catch {}
}

/// Compaction finds the same records, and what it makes of them reads with the same offsets and times.
func rewrite(_ validated: ValidatedBatch, using decompressor: Decompressor) throws {
    var originals = try Records(validated.batch, using: decompressor)
    var stored = try StoredRecords(validated.batch, using: decompressor)
    var rewriter = BatchRewriter(validated.header, deleteHorizon: Timestamp(1_700_000_000_000))
    var expected: [Record] = []
    while let record = try stored.next() {
        guard let original = try originals.next() else { preconditionFailure("a record too many at \(record.offset)") }
        precondition(
            record.offset == original.offset && record.key == original.key
                && record.hasValue == (original.value != nil),
            "\(record) is not \(original)")
        if rewriter.keep(record) { expected.append(original) }
    }
    guard !expected.isEmpty else { return }
    let rewritten = rewriter.build(using: Compressor())
    try rewritten.verifyChecksum()
    var again = try Records(rewritten, using: decompressor)
    let found = try again.remaining()
    precondition(found == expected, "\(found) of \(expected)")
}

func validate(_ bytes: SharedBytes) {
    let decompressor = Decompressor(limits: limits)
    guard let validated = try? BatchValidator(decompressor: decompressor).validate(bytes, rules: .standard) else {
        return
    }
    do {
        var records = try Records(validated.batch, using: decompressor)
        let count = try records.remaining().count
        precondition(count == Int(validated.header.recordCount), "\(count) records of \(validated.header.recordCount)")
        try rewrite(validated, using: decompressor)
        let stored = validated.pieces(baseOffset: Offset(1), leaderEpoch: LeaderEpoch(2)).flatMap(\.array)
        try Batch(parsing: SharedBytes(stored)).verifyChecksum()
        let plain = try validated.recompressed(to: .none, using: decompressor, Compressor())
        _ = try BatchValidator().validate(plain.batch.bytes, rules: BatchRules(batchBytesMax: 4 << 20))
    } catch {
        preconditionFailure("validation took what cannot be read: \(error)")
    }
}

var arguments = CommandLine.unsafeArgv
var argumentCount = CommandLine.argc
let status = withUnsafeMutablePointer(to: &arguments) { pointer in
    pointer.withMemoryRebound(
        to: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>.self, capacity: 1
    ) { rebound in
        runFuzzer(&argumentCount, rebound) { start, count in
            let bytes = Array(UnsafeBufferPointer(start: start, count: count))
            iterate(SharedBytes(bytes))
            validate(resealed(bytes))
            for codec in Codec.allCases {
                _ = try? Decompressor(limits: limits).decompress(SharedBytes(bytes), codec: codec)
            }
            return 0
        }
    }
}
precondition(status == 0, "the fuzzer ended with \(status)")
