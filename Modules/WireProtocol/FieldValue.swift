// SPDX-License-Identifier: Apache-2.0

public import Primitives

/// A value that a message field can hold.
///
/// Only this module conforms types; messages and closed sets of names get there by `Message` and `MessageEnum`.
public protocol FieldValue: Equatable, Sendable {
    static var wireType: WireType { get }
    /// What the type is called in the catalogue.
    static var typeName: String { get }
    /// The value that is not written.
    static var zero: Self { get }
    /// Writes the value without its key; a delimited value writes its own length.
    func encode(to encoder: inout MessageEncoder)
    /// Reads the value; `decoder` gives the bytes and the depth.
    init(from decoder: inout MessageDecoder) throws(DecodeError)
}

extension FieldValue {
    /// A delimited value of no bytes is zero; other zeros are compared.
    var isZero: Bool { self == Self.zero }
}

extension Bool: FieldValue {
    public static var wireType: WireType { .varint }
    public static var typeName: String { "bool" }
    public static var zero: Bool { false }
    public func encode(to encoder: inout MessageEncoder) { encoder.writer.writeBool(self) }
    public init(from decoder: inout MessageDecoder) throws(DecodeError) {
        let start = decoder.reader.position
        switch try decoder.reader.readUnsignedVarint64() {
        case 0: self = false
        case 1: self = true
        case let value: throw DecodeError(.invalidValue(Int64(bitPattern: value)), at: start)
        }
    }
}

extension Int64: FieldValue {
    public static var wireType: WireType { .varint }
    public static var typeName: String { "int64" }
    public static var zero: Int64 { 0 }
    public func encode(to encoder: inout MessageEncoder) { encoder.writer.writeVarint64(self) }
    public init(from decoder: inout MessageDecoder) throws(DecodeError) { self = try decoder.reader.readVarint64() }
}

extension Int32: FieldValue {
    public static var wireType: WireType { .varint }
    public static var typeName: String { "int32" }
    public static var zero: Int32 { 0 }
    public func encode(to encoder: inout MessageEncoder) { encoder.writer.writeVarint32(self) }
    public init(from decoder: inout MessageDecoder) throws(DecodeError) { self = try decoder.reader.readVarint32() }
}

extension Int16: FieldValue {
    public static var wireType: WireType { .varint }
    public static var typeName: String { "int16" }
    public static var zero: Int16 { 0 }
    public func encode(to encoder: inout MessageEncoder) { encoder.writer.writeVarint32(Int32(self)) }
    public init(from decoder: inout MessageDecoder) throws(DecodeError) {
        let start = decoder.reader.position
        let value = try decoder.reader.readVarint32()
        guard let narrow = Int16(exactly: value) else { throw DecodeError(.invalidValue(Int64(value)), at: start) }
        self = narrow
    }
}

extension UInt64: FieldValue {
    public static var wireType: WireType { .varint }
    public static var typeName: String { "uint64" }
    public static var zero: UInt64 { 0 }
    public func encode(to encoder: inout MessageEncoder) { encoder.writer.writeUnsignedVarint64(self) }
    public init(from decoder: inout MessageDecoder) throws(DecodeError) {
        self = try decoder.reader.readUnsignedVarint64()
    }
}

extension UInt32: FieldValue {
    public static var wireType: WireType { .varint }
    public static var typeName: String { "uint32" }
    public static var zero: UInt32 { 0 }
    public func encode(to encoder: inout MessageEncoder) { encoder.writer.writeUnsignedVarint32(self) }
    public init(from decoder: inout MessageDecoder) throws(DecodeError) {
        self = try decoder.reader.readUnsignedVarint32()
    }
}

extension Double: FieldValue {
    public static var wireType: WireType { .fixed64 }
    public static var typeName: String { "double" }
    public static var zero: Double { 0 }
    public func encode(to encoder: inout MessageEncoder) { encoder.writer.writeFloat64(self) }
    public init(from decoder: inout MessageDecoder) throws(DecodeError) { self = try decoder.reader.readFloat64() }
}

extension String: FieldValue {
    public static var wireType: WireType { .delimited }
    public static var typeName: String { "string" }
    public static var zero: String { "" }
    public func encode(to encoder: inout MessageEncoder) {
        encoder.writer.writeUnsignedVarint64(UInt64(utf8.count))
        encoder.writer.writeUTF8(self)
    }
    public init(from decoder: inout MessageDecoder) throws(DecodeError) {
        self = try decoder.reader.readString(count: try decoder.readLength())
    }
}

extension SharedBytes: FieldValue {
    public static var wireType: WireType { .delimited }
    public static var typeName: String { "bytes" }
    public static var zero: SharedBytes { .empty }
    public func encode(to encoder: inout MessageEncoder) {
        encoder.writer.writeUnsignedVarint64(UInt64(count))
        encoder.writer.writeBytes(self)
    }
    /// Shares the memory of the frame: nothing is copied, and the frame lives as long as the value.
    public init(from decoder: inout MessageDecoder) throws(DecodeError) {
        self = try decoder.reader.readBytes(count: try decoder.readLength())
    }
}

extension TopicID: FieldValue {
    public static var wireType: WireType { .delimited }
    public static var typeName: String { "topicId" }
    public func encode(to encoder: inout MessageEncoder) {
        encoder.writer.writeUnsignedVarint64(16)
        encoder.writer.writeInteger(high)
        encoder.writer.writeInteger(low)
    }
    public init(from decoder: inout MessageDecoder) throws(DecodeError) {
        let start = decoder.reader.position
        let length = try decoder.readLength()
        guard length == 16 else { throw DecodeError(.invalidValue(Int64(length)), at: start) }
        self.init(high: try decoder.reader.readInteger(), low: try decoder.reader.readInteger())
    }
}

/// Numbers of the domain travel as the integer they wrap.
extension Number where Self: FieldValue, RawValue: FieldValue {
    public static var wireType: WireType { .varint }
    public static var typeName: String { RawValue.typeName }
    public static var zero: Self { Self(rawValue: RawValue.zero) }
    public func encode(to encoder: inout MessageEncoder) { rawValue.encode(to: &encoder) }
    public init(from decoder: inout MessageDecoder) throws(DecodeError) {
        self.init(rawValue: try RawValue(from: &decoder))
    }
}

extension Offset: FieldValue {}
extension LeaderEpoch: FieldValue {}
extension PartitionEpoch: FieldValue {}
extension PartitionIndex: FieldValue {}
extension NodeID: FieldValue {}
extension Term: FieldValue {}
extension ProducerID: FieldValue {}
extension ProducerEpoch: FieldValue {}
extension Timestamp: FieldValue {}
extension FeatureLevel: FieldValue {}

/// A closed set of names, by number.
///
/// Case 0 must be `unspecified`: it is what an absent field reads as, and also what a number reads as that only a newer
/// peer knows.
public protocol MessageEnum: FieldValue, CaseIterable, RawRepresentable where RawValue == UInt32 {
    static var unspecified: Self { get }
}

extension MessageEnum {
    public static var wireType: WireType { .varint }
    public static var typeName: String { String(describing: Self.self) }
    public static var zero: Self { .unspecified }
    public func encode(to encoder: inout MessageEncoder) { encoder.writer.writeUnsignedVarint32(rawValue) }
    public init(from decoder: inout MessageDecoder) throws(DecodeError) {
        self = Self(rawValue: try decoder.reader.readUnsignedVarint32()) ?? .unspecified
    }
}

extension Message {
    public static var wireType: WireType { .delimited }
    public static var typeName: String { name }
    public static var zero: Self { Self() }
    public func encode(to encoder: inout MessageEncoder) { encoder.nested(self) }
    public init(from decoder: inout MessageDecoder) throws(DecodeError) { self = try decoder.nested() }
}
