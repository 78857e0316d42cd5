// SPDX-License-Identifier: Apache-2.0

public import Primitives

/// A set of numbered fields that travels between our processes.
///
/// `fields` is the one declaration of a message: encoder, decoder and catalogue all walk it. Rules that keep N-1 and N
/// talking: a number is never used twice nor given another type; a field is only ever added; a field that is absent on
/// the wire reads as its type's zero (0, false, "", [], nil), which is therefore also what `init()` must give it.
public protocol Message: FieldValue {
    /// Every field zero.
    init()

    /// Shows each field to `visitor`, in ascending order of its number.
    mutating func fields<Visitor: FieldVisitor>(_ visitor: inout Visitor) throws(DecodeError)
}

extension Message {
    /// A message built in one expression: `TopicListRequest.with { $0.includesInternal = true }`.
    @inlinable public static func with(_ set: (inout Self) throws -> Void) rethrows -> Self {
        var message = Self()
        try set(&message)
        return message
    }

    /// The name the catalogue knows the message by.
    public static var name: String { String(describing: Self.self) }
}

/// Walks the fields of a message: writes them, reads them or describes them.
public protocol FieldVisitor {
    /// A field that is left out when it is zero.
    mutating func field<Value: FieldValue>(
        _ number: UInt32, _ name: StaticString, _ value: inout Value, since: FeatureLevel
    ) throws(DecodeError)

    /// A field for which "not said" differs from zero.
    mutating func field<Value: FieldValue>(
        _ number: UInt32, _ name: StaticString, _ value: inout Value?, since: FeatureLevel
    ) throws(DecodeError)

    /// A list, in the order given.
    mutating func field<Value: FieldValue>(
        _ number: UInt32, _ name: StaticString, _ values: inout [Value], since: FeatureLevel
    ) throws(DecodeError)
}

extension FieldVisitor {
    /// A field that every feature level has.
    public mutating func field<Value: FieldValue>(
        _ number: UInt32, _ name: StaticString, _ value: inout Value
    ) throws(DecodeError) { try field(number, name, &value, since: .first) }

    /// An optional field that every feature level has.
    public mutating func field<Value: FieldValue>(
        _ number: UInt32, _ name: StaticString, _ value: inout Value?
    ) throws(DecodeError) { try field(number, name, &value, since: .first) }

    /// A list that every feature level has.
    public mutating func field<Value: FieldValue>(
        _ number: UInt32, _ name: StaticString, _ values: inout [Value]
    ) throws(DecodeError) { try field(number, name, &values, since: .first) }
}

/// Counts what our processes understand; a connection speaks the smaller one of its two ends.
public struct FeatureLevel: Number {
    public let rawValue: Int32
    @inlinable public init(rawValue: Int32) { self.rawValue = rawValue }
    /// The level of the first release.
    public static let first = FeatureLevel(1)
    /// The level of this build.
    public static let current = FeatureLevel(1)
}

/// How the bytes of a field are delimited, so that a reader can skip a field it does not know.
public enum WireType: UInt8, Sendable {
    /// An unsigned varint.
    case varint = 0
    /// Eight bytes, big-endian.
    case fixed64 = 1
    /// An unsigned varint, then that many bytes.
    case delimited = 2
}
