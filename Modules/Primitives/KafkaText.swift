// SPDX-License-Identifier: Apache-2.0

/// The longest text Kafka's formats can say: their lengths are 16-bit and signed.
package let textByteCountMax = Int(Int16.max)

// Texts, bytes and arrays as Kafka's record schemas write them: with 16 or 32-bit lengths, −1 for null; in flexible
// versions (KIP-482) with a varint of the length plus one, 0 for null.
extension ByteReader {
    package mutating func readVersion(upTo last: Int16) throws(DecodeError) -> Int16 {
        let start = position
        let version = try readInt16()
        guard (0...last).contains(version) else { throw DecodeError(.invalidValue(Int64(version)), at: start) }
        return version
    }

    package mutating func readNullableText(flexible: Bool) throws(DecodeError) -> String? {
        let length = flexible ? Int(try readUnsignedVarint32()) - 1 : Int(try readInt16())
        guard length != -1 else { return nil }
        return try readString(count: length)
    }

    package mutating func readText(flexible: Bool) throws(DecodeError) -> String {
        let start = position
        guard let text = try readNullableText(flexible: flexible) else { throw DecodeError(.unexpectedNull, at: start) }
        return text
    }

    /// Null reads as no bytes: old coordinators wrote members without an assignment that way.
    package mutating func readBlob(flexible: Bool) throws(DecodeError) -> SharedBytes {
        let length = flexible ? Int(try readUnsignedVarint32()) - 1 : Int(try readInt32())
        return length == -1 ? .empty : try readBytes(count: length)
    }

    package mutating func readCount(flexible: Bool, elementByteCountMin: Int) throws(DecodeError) -> Int {
        let count = flexible ? Int(try readUnsignedVarint32()) - 1 : Int(try readInt32())
        return try checkCount(count, elementByteCountMin: elementByteCountMin)
    }

    /// Visits the tagged fields; each is a reader over its bytes alone.
    package mutating func readTags(_ visit: (UInt32, ByteReader) throws(DecodeError) -> Void) throws(DecodeError) {
        let count = try checkCount(Int(try readUnsignedVarint32()), elementByteCountMin: 2)
        for _ in 0..<count {
            let tag = try readUnsignedVarint32()
            let length = Int(try readUnsignedVarint32())
            try visit(tag, ByteReader(try readBytes(count: length)))
        }
    }
}

extension ByteWriter {
    package mutating func writeText(_ text: String, flexible: Bool) {
        let byteCount = text.utf8.count
        precondition(byteCount <= textByteCountMax, "a text of \(byteCount) bytes, \(textByteCountMax) at most")
        if flexible {
            writeUnsignedVarint32(UInt32(byteCount + 1))
        } else {
            writeInt16(Int16(byteCount))
        }
        writeUTF8(text)
    }

    package mutating func writeNullableText(_ text: String?) {
        guard let text else { return writeInt16(-1) }
        writeText(text, flexible: false)
    }
}
