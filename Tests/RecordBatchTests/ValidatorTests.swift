// SPDX-License-Identifier: Apache-2.0

import Primitives
import RecordBatch
import Testing

@Suite("validation of produced batches")
struct ValidatorTests {
    let validator = BatchValidator()

    /// A batch of three records with keys `k0`, null and `k2`, 10 ms apart from 1000.
    static let plain: SharedBytes = {
        var builder = BatchBuilder()
        for index in 0..<3 {
            builder.append(
                timestamp: Timestamp(1000 + 10 * Int64(index)), key: index == 1 ? nil : SharedBytes("k\(index)"),
                value: "value")
        }
        return builder.build(using: Compressor()).bytes
    }()

    func refusal(_ bytes: SharedBytes, rules: BatchRules = .standard) -> BatchRefusal? {
        do {
            _ = try validator.validate(bytes, rules: rules)
            return nil
        } catch { return error }
    }

    /// `plain` with bytes of its header replaced, and a checksum that fits.
    func refusal(patching position: Int, with bytes: [UInt8]) -> BatchRefusal? {
        refusal(Self.plain.changed { $0.replaceSubrange(position..<position + bytes.count, with: bytes) }.resealed())
    }

    /// A batch of `count` records by the header and `records` as bytes.
    func refusal(records: [UInt8], count: Int32 = 1, rules: BatchRules = .standard) -> BatchRefusal? {
        refusal(Self.batch(records: records, count: count), rules: rules)
    }

    static func batch(records: [UInt8], count: Int32, attributes: Int16 = 0) -> SharedBytes {
        let header = BatchHeader(
            batchLength: Int32(49 + records.count), attributes: attributes, lastOffsetDelta: count - 1,
            baseTimestamp: Timestamp(1000), maxTimestamp: Timestamp(1000), recordCount: count)
        var writer = ByteWriter()
        header.write(to: &writer)
        writer.writeBytes(records)
        return writer.shared.resealed()
    }

    @Test("size, magic, rest and checksum")
    func envelope() {
        let plain = Self.plain
        #expect(
            refusal(plain, rules: BatchRules(batchBytesMax: plain.count - 1))
                == .tooLarge(byteCount: plain.count, byteCountMax: plain.count - 1))
        #expect(refusal(plain, rules: BatchRules(batchBytesMax: plain.count)) == nil)
        #expect(refusal(plain.changed { $0[16] = 1 }) == .unsupportedMagic(1))
        #expect(
            refusal([plain, [0]].joined) == .malformed(DecodeError(.trailingBytes(1), at: plain.count)))
        guard case .checksumMismatch = refusal(plain.changed { $0[20] ^= 1 }) else {
            Issue.record("a wrong checksum passed")
            return
        }
    }

    @Test("attributes that a producer may not set")
    func attributes() {
        #expect(refusal(patching: 21, with: [0, 5]) == .unknownCodec(5))
        #expect(refusal(patching: 21, with: [0, 7]) == .unknownCodec(7))
        #expect(refusal(patching: 21, with: [0, 8]) == .timestampTypeSetByProducer)
        #expect(refusal(patching: 21, with: [0, 0x40]) == .reservedAttributes(0x40))
        #expect(refusal(patching: 21, with: [0, 0x80]) == .reservedAttributes(0x80))
        #expect(refusal(patching: 21, with: [0x80, 0]) == .reservedAttributes(.min))
    }

    @Test("a count that does not belong to the last offset")
    func counts() {
        #expect(
            refusal(patching: 57, with: [0, 0, 0, 2]) == .recordCountMismatch(recordCount: 2, lastOffsetDelta: 2))
        #expect(
            refusal(patching: 57, with: [0, 0, 0, 0]) == .recordCountMismatch(recordCount: 0, lastOffsetDelta: 2))
        #expect(
            refusal(Self.batch(records: [], count: 0)) == .recordCountMismatch(recordCount: 0, lastOffsetDelta: -1))
        #expect(
            refusal(patching: 57, with: [0x80, 0, 0, 0])
                == .recordCountMismatch(recordCount: .min, lastOffsetDelta: 2))
    }

    @Test("a count of 2^31-1 costs no more than the bytes that came")
    func largestCount() {
        let records: [UInt8] = [0x0e, 0, 0, 0, 1, 2, 0x61, 0]
        #expect(
            refusal(records: records, count: .max)
                == .malformedRecord(.truncated, index: 1, position: records.count))
    }

    @Test("producer id, epoch and sequence go together")
    func producer() {
        let none = [UInt8](repeating: 0xff, count: 8)
        let some: [UInt8] = [0, 0, 0, 0, 0, 0, 0, 9]
        #expect(refusal(patching: 43, with: some + [0, 1] + [0, 0, 0, 0]) == nil)
        // kafkajs writes epoch 0, Sarama sequence 0, where there is no producer.
        #expect(refusal(patching: 43, with: none + [0, 0] + [0, 0, 0, 0]) == nil)
        for fields in [
            some + [0xff, 0xff, 0, 0, 0, 0], some + [0, 1, 0xff, 0xff, 0xff, 0xff],
            [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xfe, 0, 0, 0, 0, 0, 0],
        ] {
            guard case .inconsistentProducer = refusal(patching: 43, with: fields) else {
                Issue.record("producer fields \(fields) passed")
                continue
            }
        }
        #expect(
            refusal(patching: 21, with: [0, 0x10])
                == .inconsistentProducer(.none, .none, baseSequence: -1))
    }

    @Test("keys where the topic needs them")
    func keys() {
        #expect(
            refusal(Self.plain, rules: BatchRules(batchBytesMax: 1000, requiresKeys: true)) == .missingKey(index: 1))
    }

    @Test("times within the bounds, both included, and records without a time")
    func times() throws {
        func rules(_ earliest: Int64, _ latest: Int64) -> BatchRules {
            BatchRules(
                batchBytesMax: 1000, earliestTimestamp: Timestamp(earliest), latestTimestamp: Timestamp(latest))
        }
        #expect(refusal(Self.plain, rules: rules(1000, 1020)) == nil)
        #expect(
            refusal(Self.plain, rules: rules(1001, 1020))
                == .timestampOutOfRange(
                    index: 0, Timestamp(1000), earliest: Timestamp(1001), latest: Timestamp(1020)))
        #expect(
            refusal(Self.plain, rules: rules(1000, 1019))
                == .timestampOutOfRange(
                    index: 2, Timestamp(1020), earliest: Timestamp(1000), latest: Timestamp(1019)))
        var builder = BatchBuilder()
        builder.append(timestamp: .none, value: "no time")
        #expect(refusal(builder.build(using: Compressor()).bytes, rules: rules(1000, 1020)) == nil)
    }

    @Test("a time beyond 64 bits is refused")
    func timeOverflow() {
        let records: [UInt8] =
            [0x20, 0] + [0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01] + [0, 1, 2, 0x61, 0]
        #expect(refusal(records: records) == .malformedRecord(.timestampOverflow, index: 0, position: 0))
    }

    @Test(
        "a record whose fields contradict its length or place is refused",
        arguments: [
            // length, attributes, timestamp delta, offset delta, key, value, headers
            ([0x0e, 0, 0, 2, 1, 2, 0x61, 0], RecordDefect.offsetDelta(1)),
            ([0x0e, 0, 0, 1, 1, 2, 0x61, 0], .offsetDelta(-1)),
            ([0x10, 0, 0, 0, 1, 2, 0x61, 0], .truncated),
            ([0x0e, 0, 0, 0, 1, 2, 0x61], .truncated),
            ([0x0c, 0, 0, 0, 1, 2, 0x61, 0], .fieldTooLong),
            ([0x10, 0, 0, 0, 1, 2, 0x61, 0, 0], .lengthMismatch),
            ([0x0e, 0, 0, 0, 1, 4, 0x61, 0], .fieldTooLong),
            ([0x0e, 0, 0, 0, 3, 2, 0x61, 0], .negativeLength),
            ([0x0e, 0, 0, 0, 1, 3, 0x61, 0], .negativeLength),
            ([0x0e, 0, 0, 0, 1, 2, 0x61, 1], .negativeLength),
            ([0x0e, 0, 0, 0, 1, 2, 0x61, 2], .fieldTooLong),
            ([0x12, 0, 0, 0, 1, 2, 0x61, 2, 1, 1], .negativeLength),
            ([0x01], .negativeLength), ([0x00], .fieldTooLong), ([], .truncated), ([0x80], .truncated),
            ([0xff, 0xff, 0xff, 0xff, 0x10], .varintTooLong),
            ([0xff, 0xff, 0xff, 0xff, 0x0f], .negativeLength),
            ([0xfe, 0xff, 0xff, 0xff, 0x0f, 0], .truncated),
            // A key, a value and a header count of 2^31-1.
            ([0x14, 0, 0, 0, 0xfe, 0xff, 0xff, 0xff, 0x0f, 1, 0], .fieldTooLong),
            ([0x14, 0, 0, 0, 1, 0xfe, 0xff, 0xff, 0xff, 0x0f, 0], .fieldTooLong),
            ([0x14, 0, 0, 0, 1, 1, 0xfe, 0xff, 0xff, 0xff, 0x0f], .fieldTooLong),
            ([0x1e, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x02, 0, 1, 1, 0], .varintTooLong),
        ] as [([UInt8], RecordDefect)])
    func defects(records: [UInt8], defect: RecordDefect) {
        #expect(refusal(records: records) == .malformedRecord(defect, index: 0, position: 0))
        // The same inside a batch, where the fast walk looks first and 16 bytes follow.
        let good: [UInt8] = [0x0e, 0, 0, 0, 1, 2, 0x61, 0]
        let inside = good + records.enumerated().map { $0.offset == 3 && $0.element == 0 ? 2 : $0.element }
        let padding = [UInt8](repeating: 0, count: 32)
        #expect(refusal(records: inside + padding, count: 2) != nil)
    }

    @Test("bytes after the last record are refused")
    func leftovers() {
        #expect(refusal(records: [0x0e, 0, 0, 0, 1, 2, 0x61, 0, 9]) == .trailingBytes(count: 1))
    }

    @Test("varints longer than needed are taken, as Java's reader does")
    func longVarints() {
        #expect(refusal(records: [0x90, 0x80, 0, 0, 0, 0x80, 0, 1, 2, 0x61, 0]) == nil)
    }

    @Test("what the fast walk accepts, the reader reads: random batches, random damage", arguments: UInt64(1)...8)
    func agreesWithReader(seed: UInt64) throws {
        var entropy = Entropy(seed: seed)
        for _ in 0..<150 {
            let count = 1 + entropy.index(below: 20)
            var bytes = RandomRecords.batch(count: count, codec: .none, using: &entropy).bytes
            for _ in 0..<entropy.index(below: 3) {
                let position = 61 + entropy.index(below: bytes.count - 61)
                let value = UInt8(truncatingIfNeeded: entropy.next())
                bytes = bytes.changed { $0[position] = value }
            }
            bytes = bytes.resealed()
            var records = try Records(Batch(parsing: bytes), using: Decompressor())
            var read: [Record] = []
            do {
                read = try records.remaining()
            } catch {
                #expect(refusal(bytes) != nil)
                continue
            }
            guard read.enumerated().allSatisfy({ Int64($0.offset) == $0.element.offset.rawValue }) else {
                #expect(refusal(bytes) != nil)
                continue
            }
            let validated = try validator.validate(bytes, rules: .standard)
            #expect(validated.maxTimestamp == read.map(\.timestamp).max())
        }
    }
}

/// Records of many shapes.
enum RandomRecords {
    static func batch(count: Int, codec: Codec, using entropy: inout Entropy) -> Batch {
        var builder = BatchBuilder(codec: codec)
        for record in records(count: count, using: &entropy) { builder.append(record) }
        return builder.build(using: Compressor())
    }

    static func records(count: Int, using entropy: inout Entropy) -> [Record] {
        (0..<count).map { index in
            let spread = [1, 1000, 10_000_000][entropy.index(below: 3)]
            let time = 1_000_000_000 + Int64(entropy.index(below: spread)) - Int64(spread / 3)
            let headers = (0..<[0, 0, 1, 3, 70][entropy.index(below: 5)]).map { _ in
                RecordHeader(
                    key: bytes(atMost: 20, using: &entropy),
                    value: entropy.chance(1, in: 4) ? nil : bytes(atMost: 100, using: &entropy))
            }
            return Record(
                offset: Offset(Int64(index)), timestamp: Timestamp(time),
                key: entropy.chance(1, in: 3) ? nil : bytes(atMost: 100, using: &entropy),
                value: entropy.chance(1, in: 5) ? nil : bytes(atMost: 10_000, using: &entropy), headers: headers)
        }
    }

    /// Text of few letters, so that codecs find something to do.
    private static func bytes(atMost limit: Int, using entropy: inout Entropy) -> SharedBytes {
        let count = entropy.index(below: [2, 20, limit][entropy.index(below: 3)] + 1)
        let letter = UInt8(entropy.index(below: 200))
        return SharedBytes((0..<count).map { letter &+ UInt8(truncatingIfNeeded: $0 % 7) })
    }
}
