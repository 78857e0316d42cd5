// SPDX-License-Identifier: Apache-2.0

import Primitives

/// The longest string of the protocol in bytes: old versions measure it with an Int16, and new ones refuse more too, so that
/// what arrived in one version can be answered in every other.
let stringByteCountMax = Int(Int16.max)

extension ByteReader {
    /// Refuses a version that no code was generated for.
    func checkVersion(_ version: Int16, in valid: ClosedRange<Int16>) throws(DecodeError) {
        guard valid.contains(version) else { throw DecodeError(.invalidValue(Int64(version)), at: position) }
    }

    /// A length or count as 32 bits, or as a varint of one more; −1 for null.
    @inline(__always)
    private mutating func readLength(flexible: Bool) throws(DecodeError) -> Int {
        flexible ? Int(try readUnsignedVarint32()) - 1 : Int(try readInt32())
    }

    @inline(__always)
    private func refuseNull(unless nullable: Bool, at start: Int) throws(DecodeError) {
        guard nullable else { throw DecodeError(.unexpectedNull, at: start) }
    }

    mutating func readNullableString(flexible: Bool, nullable: Bool = true) throws(DecodeError) -> String? {
        let start = position
        let length = flexible ? Int(try readUnsignedVarint32()) - 1 : Int(try readInt16())
        if length == -1 {
            try refuseNull(unless: nullable, at: start)
            return nil
        }
        guard length <= stringByteCountMax else {
            throw DecodeError(.countTooLarge(length, limit: stringByteCountMax), at: start)
        }
        return try readString(count: length)
    }

    mutating func readString(flexible: Bool) throws(DecodeError) -> String {
        let start = position
        guard let text = try readNullableString(flexible: flexible) else {
            throw DecodeError(.unexpectedNull, at: start)
        }
        return text
    }

    mutating func readNullableBytes(flexible: Bool, nullable: Bool = true) throws(DecodeError) -> SharedBytes? {
        let start = position
        let length = try readLength(flexible: flexible)
        if length == -1 {
            try refuseNull(unless: nullable, at: start)
            return nil
        }
        return try readBytes(count: length)
    }

    mutating func readBytes(flexible: Bool) throws(DecodeError) -> SharedBytes {
        let start = position
        guard let bytes = try readNullableBytes(flexible: flexible) else {
            throw DecodeError(.unexpectedNull, at: start)
        }
        return bytes
    }

    mutating func readRecordsField(flexible: Bool, nullable: Bool = true) throws(DecodeError) -> RecordsField {
        guard let bytes = try readNullableBytes(flexible: flexible, nullable: nullable) else { return .null }
        return .inline(bytes)
    }

    mutating func readTopicID() throws(DecodeError) -> TopicID {
        TopicID(high: try readInteger(), low: try readInteger())
    }

    mutating func readUUID() throws(DecodeError) -> ProtocolUUID {
        ProtocolUUID(high: try readInteger(), low: try readInteger())
    }

    /// The count of an array, checked against the bytes left; nil for null.
    private mutating func readCount(
        flexible: Bool, nullable: Bool, elementByteCountMin: Int
    ) throws(DecodeError) -> Int? {
        let start = position
        let count = try readLength(flexible: flexible)
        if count == -1 {
            try refuseNull(unless: nullable, at: start)
            return nil
        }
        return try checkCount(count, elementByteCountMin: elementByteCountMin)
    }

    /// How many of `count` elements to make room for at once: at most 64 bytes for each byte left, so that a small frame
    /// cannot claim much memory. The rest grows as elements really arrive.
    private func reservation<Element>(_ count: Int, of type: Element.Type) -> Int {
        min(count, remaining * 64 / MemoryLayout<Element>.stride)
    }

    /// An array of structs; nil for null.
    mutating func readNullableArray<Element: DecodableStructure>(
        of type: Element.Type = Element.self, flexible: Bool, nullable: Bool = true, elementByteCountMin: Int,
        version: Int16
    ) throws(DecodeError) -> [Element]? {
        let claimed = try readCount(flexible: flexible, nullable: nullable, elementByteCountMin: elementByteCountMin)
        guard let count = claimed else { return nil }
        var elements: [Element] = []
        elements.reserveCapacity(reservation(count, of: type))
        for _ in 0..<count { elements.append(try Element(decoding: &self, version: version)) }
        return elements
    }

    mutating func readArray<Element: DecodableStructure>(
        of type: Element.Type = Element.self, flexible: Bool, elementByteCountMin: Int, version: Int16
    ) throws(DecodeError) -> [Element] {
        let elements = try readNullableArray(
            of: type, flexible: flexible, nullable: false, elementByteCountMin: elementByteCountMin, version: version)
        return elements ?? []
    }

    /// A struct after a byte that says whether it is there; nil when it is not.
    mutating func readNullableStructure<Structure: DecodableStructure>(
        of type: Structure.Type = Structure.self, version: Int16
    ) throws(DecodeError) -> Structure? {
        let start = position
        switch try readInt8() {
        case -1: return nil
        case 1: return try Structure(decoding: &self, version: version)
        case let marker: throw DecodeError(.invalidValue(Int64(marker)), at: start)
        }
    }

    mutating func readNullableIntegers<Integer: FixedWidthInteger>(
        of type: Integer.Type = Integer.self, flexible: Bool, nullable: Bool = true
    ) throws(DecodeError) -> [Integer]? {
        let claimed = try readCount(
            flexible: flexible, nullable: nullable, elementByteCountMin: MemoryLayout<Integer>.size)
        guard let count = claimed else { return nil }
        var elements: [Integer] = []
        elements.reserveCapacity(count)
        for _ in 0..<count { elements.append(try readInteger()) }
        return elements
    }

    mutating func readIntegers<Integer: FixedWidthInteger>(
        of type: Integer.Type = Integer.self, flexible: Bool
    ) throws(DecodeError) -> [Integer] {
        try readNullableIntegers(of: type, flexible: flexible, nullable: false) ?? []
    }

    mutating func readNullableStrings(flexible: Bool, nullable: Bool = true) throws(DecodeError) -> [String]? {
        let claimed = try readCount(
            flexible: flexible, nullable: nullable, elementByteCountMin: flexible ? 1 : 2)
        guard let count = claimed else { return nil }
        var elements: [String] = []
        elements.reserveCapacity(reservation(count, of: String.self))
        for _ in 0..<count { elements.append(try readString(flexible: flexible)) }
        return elements
    }

    mutating func readStrings(flexible: Bool) throws(DecodeError) -> [String] {
        try readNullableStrings(flexible: flexible, nullable: false) ?? []
    }

    /// How many tagged fields follow.
    mutating func readTaggedFieldCount() throws(DecodeError) -> Int {
        try checkCount(Int(try readUnsignedVarint32()), elementByteCountMin: 2)
    }

    /// Tag of the next tagged field and the position right behind its value, which is not beyond the end.
    mutating func readTag() throws(DecodeError) -> (tag: UInt32, end: Int) {
        let tag = try readUnsignedVarint32()
        let size = Int(try readUnsignedVarint32())
        guard size <= remaining else {
            throw DecodeError(.truncated(needed: size, available: remaining), at: position)
        }
        return (tag, position + size)
    }

    /// Refuses a tagged field whose value was shorter or longer than it said.
    func checkTagEnd(_ end: Int) throws(DecodeError) {
        guard position == end else { throw DecodeError(.invalidValue(Int64(end)), at: position) }
    }

    /// Passes over the tagged fields of a struct that knows none.
    mutating func skipTaggedFields() throws(DecodeError) {
        for _ in 0..<(try readTaggedFieldCount()) {
            let field = try readTag()
            try skip(field.end - position)
        }
    }
}
