// SPDX-License-Identifier: Apache-2.0

internal import Primitives

/// The fields of one protocol buffer message in the order of its bytes.
/// - SeeAlso: https://protobuf.dev/programming-guides/encoding/
struct ProtocolBufferFields {
    enum Value {
        case varint(UInt64)
        case fixed64(UInt64)
        case bytes(SharedBytes)
        case fixed32(UInt32)
    }

    private var reader: ByteReader

    init(_ bytes: SharedBytes) { reader = ByteReader(bytes) }

    /// The next field; nil at the end.
    ///
    /// - Throws: for a field that is cut, and for groups, which nobody writes any more.
    mutating func next() throws(DecodeError) -> (number: UInt64, value: Value)? {
        guard !reader.isAtEnd else { return nil }
        let position = reader.position
        let tag = try reader.readUnsignedVarint64()
        let number = tag >> 3
        switch tag & 7 {
        case 0: return (number, .varint(try reader.readUnsignedVarint64()))
        case 1: return (number, .fixed64(try littleEndian()))
        case 2:
            guard let count = Int(exactly: try reader.readUnsignedVarint64()) else {
                throw DecodeError(.invalidValue(.max), at: position)
            }
            return (number, .bytes(try reader.readBytes(count: count)))
        case 5: return (number, .fixed32(try littleEndian()))
        default: throw DecodeError(.invalidValue(Int64(tag & 7)), at: position)
        }
    }

    private mutating func littleEndian<Integer: FixedWidthInteger>() throws(DecodeError) -> Integer {
        let stored: Integer = try reader.readInteger()
        return stored.byteSwapped
    }
}
