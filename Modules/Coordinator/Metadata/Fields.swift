// SPDX-License-Identifier: Apache-2.0

internal import Primitives

/// Writes numbered fields: `number, byte count, bytes`, the first two as unsigned varints.
///
/// Numbers ascend. A field that has its default value is left out by the caller, so equal records have equal bytes.
struct FieldWriter {
    /// Lent by the caller and taken back, so that a record needs no memory of its own.
    var writer = ByteWriter()
    private var lastNumber: UInt32 = 0

    mutating func integer<Integer: FixedWidthInteger & SignedInteger>(_ number: UInt32, _ value: Integer) {
        begin(number, byteCount: Varint.byteCount(zigzag: Int64(value)))
        writer.writeVarint64(Int64(value))
    }

    /// Leaves out zero.
    mutating func integerUnlessZero<Integer: FixedWidthInteger & SignedInteger>(_ number: UInt32, _ value: Integer) {
        if value != 0 { integer(number, value) }
    }

    mutating func integers<Element: Number>(_ number: UInt32, _ values: [Element]) {
        let byteCount = values.reduce(0) { $0 + Varint.byteCount(zigzag: Int64($1.rawValue)) }
        begin(number, byteCount: byteCount)
        for value in values { writer.writeVarint64(Int64(value.rawValue)) }
    }

    /// Leaves out an empty list.
    mutating func integersUnlessEmpty<Element: Number>(_ number: UInt32, _ values: [Element]) {
        if !values.isEmpty { integers(number, values) }
    }

    mutating func text(_ number: UInt32, _ value: String) {
        begin(number, byteCount: value.utf8.count)
        writer.writeUTF8(value)
    }

    mutating func id(_ number: UInt32, high: UInt64, low: UInt64) {
        begin(number, byteCount: 16)
        writer.writeInteger(high)
        writer.writeInteger(low)
    }

    /// Eight bytes as IEEE 754 has them, the highest first.
    mutating func number(_ number: UInt32, _ value: Double) {
        begin(number, byteCount: 8)
        writer.writeInteger(value.bitPattern)
    }

    /// Present means true.
    mutating func flag(_ number: UInt32, _ value: Bool) {
        if value { begin(number, byteCount: 0) }
    }

    /// Elements with fields of their own, each after its byte count; left out when there are none.
    mutating func elements<Element>(
        _ number: UInt32, _ elements: [Element], write: (Element, inout FieldWriter) -> Void
    ) {
        guard !elements.isEmpty else { return }
        var list = ByteWriter()
        for element in elements {
            var fields = FieldWriter()
            write(element, &fields)
            list.writeUnsignedVarint64(UInt64(fields.writer.count))
            list.writeBytes(fields.writer.bytes)
        }
        begin(number, byteCount: list.count)
        writer.writeBytes(list.bytes)
    }

    private mutating func begin(_ number: UInt32, byteCount: Int) {
        precondition(number > lastNumber, "field \(number) after field \(lastNumber)")
        lastNumber = number
        writer.writeUnsignedVarint32(number)
        writer.writeUnsignedVarint64(UInt64(byteCount))
    }
}

/// Reads numbered fields in any number; those that nobody asks for are ones of a later version and are skipped.
struct FieldReader {
    private let bytes: SharedBytes
    /// Where `bytes` begin in the whole record, for error positions.
    private let base: Int
    private var ranges: [(number: UInt32, start: Int, count: Int)] = []

    /// - Throws: when fields are cut, or their numbers do not ascend from 1.
    init(_ bytes: SharedBytes, base: Int) throws(DecodeError) {
        self.bytes = bytes
        self.base = base
        var reader = ByteReader(bytes)
        while !reader.isAtEnd {
            let position = reader.position
            do throws(DecodeError) {
                let number = try reader.readUnsignedVarint32()
                guard number > ranges.last?.number ?? 0 else {
                    throw DecodeError(.invalidValue(Int64(number)), at: position)
                }
                let count = try Int(reader.readUnsignedVarint32())
                ranges.append((number, reader.position, count))
                try reader.skip(count)
            } catch {
                throw DecodeError(error.reason, at: base + error.position)
            }
        }
    }

    /// The error for a field whose value is outside its set.
    func invalid(_ number: UInt32, _ value: Int64) -> DecodeError {
        DecodeError(.invalidValue(value), at: base + (ranges.first { $0.number == number }?.start ?? 0))
    }

    func has(_ number: UInt32) -> Bool { ranges.contains { $0.number == number } }

    func integer<Integer: FixedWidthInteger & SignedInteger>(
        _ number: UInt32, default missing: Integer? = 0
    ) throws(DecodeError) -> Integer {
        guard has(number) else {
            guard let missing else { throw absent() }
            return missing
        }
        return try read(number) { reader throws(DecodeError) in try Self.readInteger(&reader) }
    }

    func integers<Element: Number>(_ number: UInt32) throws(DecodeError) -> [Element] {
        guard has(number) else { return [] }
        return try read(number) { reader throws(DecodeError) in
            var values: [Element] = []
            while !reader.isAtEnd { values.append(Element(rawValue: try Self.readInteger(&reader))) }
            return values
        }
    }

    func text(_ number: UInt32) throws(DecodeError) -> String {
        try read(number) { reader throws(DecodeError) in try reader.readString(count: reader.remaining) }
    }

    func optionalText(_ number: UInt32) throws(DecodeError) -> String? { has(number) ? try text(number) : nil }

    func optionalNumber(_ number: UInt32) throws(DecodeError) -> Double? {
        guard has(number) else { return nil }
        return try read(number) { reader throws(DecodeError) in
            let bits: UInt64 = try reader.readInteger()
            return Double(bitPattern: bits)
        }
    }

    func id(_ number: UInt32) throws(DecodeError) -> (high: UInt64, low: UInt64) {
        try read(number) { reader throws(DecodeError) in
            let high: UInt64 = try reader.readInteger()
            return (high, try reader.readInteger())
        }
    }

    func elements<Element>(
        _ number: UInt32, _ decode: (FieldReader) throws(DecodeError) -> Element
    ) throws(DecodeError) -> [Element] {
        guard has(number) else { return [] }
        return try read(number) { reader throws(DecodeError) in
            var elements: [Element] = []
            while !reader.isAtEnd {
                let count = try Int(reader.readUnsignedVarint32())
                let start = reader.position
                let element = try reader.readBytes(count: count)
                do throws(DecodeError) {
                    elements.append(try decode(FieldReader(element, base: 0)))
                } catch {
                    throw DecodeError(error.reason, at: start + error.position)
                }
            }
            return elements
        }
    }

    /// Reads the whole of a field that must be there; error positions count from the start of the record.
    private func read<Value>(
        _ number: UInt32, _ body: (inout ByteReader) throws(DecodeError) -> Value
    ) throws(DecodeError) -> Value {
        guard let range = ranges.first(where: { $0.number == number }) else { throw absent() }
        var reader = ByteReader(bytes.slice(from: range.start, count: range.count))
        do throws(DecodeError) {
            let value = try body(&reader)
            try reader.finish()
            return value
        } catch {
            throw DecodeError(error.reason, at: base + range.start + error.position)
        }
    }

    private func absent() -> DecodeError { DecodeError(.unexpectedNull, at: base + bytes.count) }

    private static func readInteger<Integer: FixedWidthInteger & SignedInteger>(
        _ reader: inout ByteReader
    ) throws(DecodeError) -> Integer {
        let position = reader.position
        let wide = try reader.readVarint64()
        guard let value = Integer(exactly: wide) else { throw DecodeError(.invalidValue(wide), at: position) }
        return value
    }
}
