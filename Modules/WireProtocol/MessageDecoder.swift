// SPDX-License-Identifier: Apache-2.0

public import Primitives

/// Reads the fields of a message from bytes that nobody vouches for.
///
/// Unknown numbers are skipped by their wire type. Numbers must ascend; a known one must have its declared wire type.
public struct MessageDecoder: FieldVisitor {
    /// Messages inside messages deeper than this are refused; ours need 5.
    public static let depthMax = 16
    /// A list takes at most this many bytes of memory per byte it came in: an empty message is one byte on the wire and
    /// hundreds in memory.
    public static let listMemoryFactorMax = 64

    var reader: ByteReader
    private let depth: Int
    /// The key read ahead, nil at the end.
    private var key: (number: UInt32, type: WireType)?
    private var lastNumber: UInt32 = 0

    private init(reader: ByteReader, depth: Int) {
        self.reader = reader
        self.depth = depth
    }

    /// Reads one message that fills `bytes`.
    ///
    /// Allocates no more than the bytes can hold: a list is reserved by its byte length, text and lists come from bytes
    /// that are there.
    public static func message<Content: Message>(
        _ type: Content.Type = Content.self, from bytes: SharedBytes
    ) throws(DecodeError) -> Content {
        try message(type, from: bytes, depth: 1)
    }

    private static func message<Content: Message>(
        _ type: Content.Type, from bytes: SharedBytes, depth: Int
    ) throws(DecodeError) -> Content {
        guard depth <= depthMax else { throw DecodeError(.nestingTooDeep(depth), at: 0) }
        var decoder = MessageDecoder(reader: ByteReader(bytes), depth: depth)
        var content = Content()
        try decoder.advance()
        try content.fields(&decoder)
        while let key = decoder.key { try decoder.skip(key) }
        return content
    }

    public mutating func field<Value: FieldValue>(
        _ number: UInt32, _ name: StaticString, _ value: inout Value, since: FeatureLevel
    ) throws(DecodeError) {
        value = try read(number, as: Value.self) ?? Value.zero
    }

    public mutating func field<Value: FieldValue>(
        _ number: UInt32, _ name: StaticString, _ value: inout Value?, since: FeatureLevel
    ) throws(DecodeError) {
        value = try read(number, as: Value.self)
    }

    public mutating func field<Value: FieldValue>(
        _ number: UInt32, _ name: StaticString, _ values: inout [Value], since: FeatureLevel
    ) throws(DecodeError) {
        values = []
        guard try find(number, .delimited) else { return }
        let list = try reader.readBytes(count: try readLength())
        var element = MessageDecoder(reader: ByteReader(list), depth: depth)
        // Short lists pass whatever they are made of.
        let countMax = max(64, list.count * Self.listMemoryFactorMax / max(1, MemoryLayout<Value>.stride))
        while !element.reader.isAtEnd {
            guard values.count < countMax else {
                throw DecodeError(.countTooLarge(values.count + 1, limit: countMax), at: reader.position)
            }
            values.append(try Value(from: &element))
        }
        try advance()
    }

    mutating func readLength() throws(DecodeError) -> Int {
        let start = reader.position
        let length = try reader.readUnsignedVarint64()
        guard length <= UInt64(reader.remaining) else {
            throw DecodeError(.truncated(needed: Int(clamping: length), available: reader.remaining), at: start)
        }
        return Int(length)
    }

    mutating func nested<Content: Message>() throws(DecodeError) -> Content {
        let bytes = try reader.readBytes(count: try readLength())
        return try Self.message(Content.self, from: bytes, depth: depth + 1)
    }

    private mutating func read<Value: FieldValue>(
        _ number: UInt32, as type: Value.Type
    ) throws(DecodeError) -> Value? {
        guard try find(number, Value.wireType) else { return nil }
        let value = try Value(from: &self)
        try advance()
        return value
    }

    /// Skips to field `number`; false when it is absent.
    private mutating func find(_ number: UInt32, _ type: WireType) throws(DecodeError) -> Bool {
        while let key, key.number < number { try skip(key) }
        guard let key, key.number == number else { return false }
        guard key.type == type else { throw DecodeError(.invalidValue(Int64(key.type.rawValue)), at: reader.position) }
        return true
    }

    private mutating func advance() throws(DecodeError) {
        guard !reader.isAtEnd else { return key = nil }
        let start = reader.position
        let raw = try reader.readUnsignedVarint32()
        guard let type = WireType(rawValue: UInt8(raw & 7)), raw >> 3 > lastNumber else {
            throw DecodeError(.invalidValue(Int64(raw)), at: start)
        }
        lastNumber = raw >> 3
        key = (lastNumber, type)
    }

    private mutating func skip(_ key: (number: UInt32, type: WireType)) throws(DecodeError) {
        switch key.type {
        case .varint: _ = try reader.readUnsignedVarint64()
        case .fixed64: try reader.skip(8)
        case .delimited: try reader.skip(try readLength())
        }
        try advance()
    }
}
