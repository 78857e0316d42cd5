// SPDX-License-Identifier: Apache-2.0

import Primitives
import Testing

@Suite("bytes from outside")
struct BytesTests {
    @Test("CRC-32C of the nine digits is the published check value")
    func checksum() {
        #expect(CRC32C.checksum(of: Array("123456789".utf8)) == 0xE306_9283)
        #expect(CRC32C.checksum(of: []) == 0)
    }

    @Test("a checksum does not depend on how the bytes are cut", arguments: 0...9)
    func checksumContinues(cut: Int) {
        let digits = Array("123456789".utf8)
        var crc = CRC32C()
        crc.update(Array(digits[..<cut]))
        crc.update(SharedBytes(Array(digits[cut...])))
        #expect(crc.value == 0xE306_9283)
    }

    @Test(
        "varints come back as they went in, in as many bytes as counted",
        arguments: [0, 1, -1, 63, 64, -64, -65, 300, Int64(Int32.max), Int64(Int32.min), .max, .min])
    func varints(value: Int64) throws {
        var writer = ByteWriter()
        writer.writeVarint64(value)
        #expect(writer.count == Varint.byteCount(zigzag: value))
        var reader = ByteReader(writer.shared)
        #expect(try reader.readVarint64() == value)
        try reader.finish()
        if let small = Int32(exactly: value) {
            var narrow = ByteReader(writer.shared)
            #expect(try narrow.readVarint32() == small)
        }
    }

    @Test("a varint longer than its type is refused")
    func longVarints() {
        var five = ByteReader(SharedBytes([0xff, 0xff, 0xff, 0xff, 0x1f]))
        #expect(throws: DecodeError(.varintTooLong, at: 0)) { try five.readUnsignedVarint32() }
        var eleven = ByteReader(SharedBytes(Array(repeating: 0xff, count: 10) + [0x01]))
        #expect(throws: DecodeError(.varintTooLong, at: 0)) { try eleven.readUnsignedVarint64() }
    }

    @Test("integers are big-endian and refused at every shorter prefix")
    func integers() throws {
        var writer = ByteWriter()
        writer.writeInt16(0x0102)
        writer.writeInt32(-2)
        writer.writeInt64(0x0102_0304_0506_0708)
        #expect(writer.bytes == [1, 2, 0xff, 0xff, 0xff, 0xfe, 1, 2, 3, 4, 5, 6, 7, 8])
        for length in 0..<writer.count {
            var reader = ByteReader(writer.shared.slice(from: 0, count: length))
            #expect(throws: DecodeError.self) {
                _ = try reader.readInt16()
                _ = try reader.readInt32()
                _ = try reader.readInt64()
            }
        }
    }

    @Test("an overwritten integer lands where it was reserved")
    func overwrite() {
        var writer = ByteWriter()
        writer.writeInt32(0)
        writer.writeUInt8(9)
        writer.overwriteInteger(Int32(-2), at: 0)
        #expect(writer.bytes == [0xff, 0xff, 0xff, 0xfe, 9])
    }

    @Test("text must be UTF-8")
    func text() throws {
        var good = ByteReader(SharedBytes("grün"))
        #expect(try good.readString(count: 5) == "grün")
        var bad = ByteReader(SharedBytes([0x67, 0xff]))
        #expect(throws: DecodeError(.invalidUTF8, at: 0)) { try bad.readString(count: 2) }
    }

    @Test("a claimed count is refused before anything is reserved for it")
    func counts() throws {
        let reader = ByteReader(SharedBytes([1, 2, 3, 4]))
        #expect(try reader.checkCount(2, elementByteCountMin: 2) == 2)
        #expect(throws: DecodeError(.countTooLarge(Int(Int32.max), limit: 4), at: 0)) {
            try reader.checkCount(Int(Int32.max), elementByteCountMin: 1)
        }
        #expect(throws: DecodeError(.negativeLength(-1), at: 0)) { try reader.checkCount(-1, elementByteCountMin: 1) }
    }

    @Test("a slice shares its owner and outlives the whole")
    func slices() {
        var whole: SharedBytes? = SharedBytes([1, 2, 3, 4, 5])
        let slice = whole!.slice(from: 1, count: 3)
        whole = nil
        #expect(slice.array == [2, 3, 4])
        #expect(slice == SharedBytes([2, 3, 4]))
    }
}

@Suite("identifiers and time")
struct IdentifierTests {
    @Test("a topic id prints as 22 characters and reads back", arguments: 0..<50)
    func topicIDs(seed: UInt64) {
        var entropy = Entropy(seed: seed)
        let topic = TopicID.random(using: &entropy)
        #expect(topic.description.utf8.count == 22)
        #expect(TopicID(topic.description) == topic)
    }

    @Test("the zero topic id prints as Kafka prints it, and malformed text is no id")
    func zeroTopicID() {
        #expect(TopicID.zero.description == "AAAAAAAAAAAAAAAAAAAAAA")
        #expect(TopicID("AAAAAAAAAAAAAAAAAAAAAB") == nil)
        #expect(TopicID("../AAAAAAAAAAAAAAAAAAA") == nil)
    }

    @Test("the same seed gives the same numbers, another seed others")
    func entropy() {
        var one = Entropy(seed: 7)
        var same = Entropy(seed: 7)
        var other = Entropy(seed: 8)
        let numbers = (0..<8).map { _ in one.next() }
        #expect(numbers == (0..<8).map { _ in same.next() })
        #expect(numbers != (0..<8).map { _ in other.next() })
    }

    @Test("deadlines saturate and never wrap")
    func deadlines() {
        #expect(Instant(nanoseconds: 5).advanced(byMilliseconds: .max) == .distantFuture)
        #expect(Instant(nanoseconds: 5).advanced(byMilliseconds: 2) == Instant(nanoseconds: 2_000_005))
        #expect(Timestamp(.max).advanced(byMilliseconds: 1) == Timestamp(.max))
    }
}
