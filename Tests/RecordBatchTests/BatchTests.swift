// SPDX-License-Identifier: Apache-2.0

import Primitives
import RecordBatch
import Testing

@Suite("reading and stamping batches")
struct BatchTests {
    let batch = batch(of: 3)

    static func batch(of count: Int, codec: Codec = .none) -> Batch {
        var builder = BatchBuilder(codec: codec)
        for index in 0..<count {
            builder.append(
                timestamp: Timestamp(1000 + Int64(index)), key: SharedBytes("k\(index)"), value: "value of a record")
        }
        return builder.build(using: Compressor())
    }

    @Test("batches come one after the other until nothing is left")
    func iterates() throws {
        var batches = Batches([batch.bytes, batch.bytes].joined)
        #expect(try batches.next() == batch)
        #expect(batches.position == batch.bytes.count)
        #expect(try batches.next() == batch)
        #expect(try batches.next() == nil)
    }

    @Test("a batch that the bytes end in is partial, and says what it needs")
    func partial() throws {
        let count = batch.bytes.count
        var batches = Batches([batch.bytes, batch.bytes.slice(from: 0, count: 70)].joined)
        _ = try batches.next()
        #expect(throws: BatchesError.partial(at: count, needed: count, available: 70)) { try batches.next() }
        #expect(batches.position == count)
    }

    @Test("an impossible length or magic is garbage however few bytes follow", arguments: [17, 30, 61, 100])
    func garbage(length: Int) {
        let wrongMagic = batch.bytes.changed { $0[16] = 1 }.slice(from: 0, count: length)
        let short = batch.bytes.changed { $0.replaceSubrange(8..<12, with: [0, 0, 0, 48]) }
            .slice(from: 0, count: length)
        var first = Batches(wrongMagic)
        #expect(throws: BatchesError.garbage(at: 0, DecodeError(.invalidValue(1), at: 16))) { try first.next() }
        var second = Batches(short)
        #expect(throws: BatchesError.garbage(at: 0, DecodeError(.invalidValue(48), at: 8))) { try second.next() }
    }

    @Test("zeros, as preallocated files end in, are garbage and not a batch")
    func zeros() {
        var batches = Batches(SharedBytes(Array(repeating: 0, count: 4096)))
        #expect(throws: BatchesError.garbage(at: 0, DecodeError(.invalidValue(0), at: 16))) { try batches.next() }
    }

    @Test("base offset and leader epoch change without the checksum")
    func stamps() throws {
        let stored = batch.pieces(baseOffset: Offset(1 << 40), leaderEpoch: LeaderEpoch(7))
        #expect(stored.map(\.count) == [16, batch.bytes.count - 16])
        let read = try Batch(parsing: stored.joined)
        try read.verifyChecksum()
        #expect(read.header.baseOffset == Offset(1 << 40))
        #expect(read.header.lastOffset == Offset(1 << 40 + 2))
        #expect(read.header.partitionLeaderEpoch == LeaderEpoch(7))
        #expect(read.payload == batch.payload)
    }

    @Test("append time becomes the time of all records")
    func stampsAppendTime() throws {
        let validated = try BatchValidator().validate(batch.bytes, rules: .standard)
        let stored = validated.pieces(
            baseOffset: Offset(5), leaderEpoch: LeaderEpoch(1), appendTime: Timestamp(9_999_999))
        #expect(stored.map(\.count) == [61, batch.bytes.count - 61])
        let read = try Batch(parsing: stored.joined)
        try read.verifyChecksum()
        #expect(read.header.timestampType == .logAppendTime)
        var records = try Records(read, using: Decompressor())
        #expect(try records.remaining().map(\.timestamp) == Array(repeating: Timestamp(9_999_999), count: 3))
    }

    @Test("a max timestamp that the client got wrong is corrected when stored")
    func correctsMaxTimestamp() throws {
        let wrong = batch.bytes.changed { $0[42] = 0xff }.resealed()
        let validated = try BatchValidator().validate(wrong, rules: .standard)
        #expect(!validated.statesMaxTimestamp)
        #expect(validated.maxTimestamp == Timestamp(1002))
        #expect(validated.pieces(baseOffset: .zero, leaderEpoch: .none).joined == batch.bytes)
    }

    @Test("a batch keeps its records under any other codec", arguments: Codec.allCases)
    func recompresses(codec: Codec) throws {
        let validated = try BatchValidator().validate(Self.batch(of: 50).bytes, rules: .standard)
        let decompressor = Decompressor()
        let changed = try validated.recompressed(to: codec, using: decompressor, Compressor())
        #expect(changed.header.codec == codec)
        #expect(try BatchValidator().validate(changed.batch.bytes, rules: .standard) == changed)
        let back = try changed.batch.recompressed(to: .none, using: decompressor, Compressor())
        #expect(back == validated.batch)
    }
}
