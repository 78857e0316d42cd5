// SPDX-License-Identifier: Apache-2.0

public import Primitives

/// Writes the fields of a message: a key (number × 8 + wire type, an unsigned varint), then the value.
///
/// Canonical: one message has exactly one encoding. Zeros are left out and numbers ascend.
public struct MessageEncoder: FieldVisitor {
    var writer: ByteWriter
    private var lastNumber: UInt32 = 0

    init(writer: ByteWriter) { self.writer = writer }

    /// The bytes of `message`.
    public static func bytes<Content: Message>(of message: Content) -> SharedBytes {
        var writer = ByteWriter()
        write(message, to: &writer)
        return SharedBytes(writer.bytes)
    }

    /// Appends the bytes of `message`.
    public static func write<Content: Message>(_ message: Content, to writer: inout ByteWriter) {
        var encoder = MessageEncoder(writer: ByteWriter())
        swap(&encoder.writer, &writer)
        encoder.body(of: message)
        swap(&encoder.writer, &writer)
    }

    public mutating func field<Value: FieldValue>(
        _ number: UInt32, _ name: StaticString, _ value: inout Value, since: FeatureLevel
    ) throws(DecodeError) {
        ascend(to: number, name)
        guard !value.isZero else { return }
        writeKey(number, Value.wireType)
        value.encode(to: &self)
    }

    public mutating func field<Value: FieldValue>(
        _ number: UInt32, _ name: StaticString, _ value: inout Value?, since: FeatureLevel
    ) throws(DecodeError) {
        ascend(to: number, name)
        guard let value else { return }
        writeKey(number, Value.wireType)
        value.encode(to: &self)
    }

    public mutating func field<Value: FieldValue>(
        _ number: UInt32, _ name: StaticString, _ values: inout [Value], since: FeatureLevel
    ) throws(DecodeError) {
        ascend(to: number, name)
        guard !values.isEmpty else { return }
        writeKey(number, .delimited)
        lengthPrefixed { encoder in
            for value in values { value.encode(to: &encoder) }
        }
    }

    mutating func nested<Content: Message>(_ message: Content) {
        lengthPrefixed { $0.body(of: message) }
    }

    private mutating func body<Content: Message>(of message: Content) {
        let outer = lastNumber
        lastNumber = 0
        var copy = message
        do throws(DecodeError) {
            try copy.fields(&self)
        } catch {
            preconditionFailure("\(Content.name) threw while being written: \(error)")
        }
        lastNumber = outer
    }

    private mutating func ascend(to number: UInt32, _ name: StaticString) {
        precondition(number > lastNumber, "field \(name) has number \(number) after \(lastNumber)")
        lastNumber = number
    }

    private mutating func writeKey(_ number: UInt32, _ type: WireType) {
        writer.writeUnsignedVarint64(UInt64(number) << 3 | UInt64(type.rawValue))
    }

    /// Writes the body into a writer of its own first: its length is a varint whose size only the body decides.
    private mutating func lengthPrefixed(_ write: (inout MessageEncoder) -> Void) {
        var body = MessageEncoder(writer: ByteWriter())
        write(&body)
        writer.writeUnsignedVarint64(UInt64(body.writer.count))
        writer.writeBytes(body.writer.bytes)
    }
}
