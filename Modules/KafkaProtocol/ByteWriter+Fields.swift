// SPDX-License-Identifier: Apache-2.0

import Primitives

extension ByteWriter {
    @inline(__always)
    private mutating func writeLength(_ length: Int, flexible: Bool) {
        if flexible {
            writeUnsignedVarint32(UInt32(length + 1))
        } else {
            writeInt32(Int32(length))
        }
    }

    mutating func writeString(_ text: String, flexible: Bool) {
        let length = text.utf8.count
        precondition(length <= stringByteCountMax, "a string of \(length) bytes, more than \(stringByteCountMax)")
        if flexible {
            writeUnsignedVarint32(UInt32(length + 1))
        } else {
            writeInt16(Int16(length))
        }
        writeUTF8(text)
    }

    mutating func writeNullableString(_ text: String?, flexible: Bool, nullable: Bool = true) {
        guard let text else {
            precondition(nullable, "null where the version allows none")
            if flexible { writeUInt8(0) } else { writeInt16(-1) }
            return
        }
        writeString(text, flexible: flexible)
    }

    /// Writes words for people: what goes beyond the longest string is cut off, between characters.
    mutating func writeText(_ text: String, flexible: Bool) {
        guard text.utf8.count > stringByteCountMax else { return writeString(text, flexible: flexible) }
        var end = text.utf8.index(text.startIndex, offsetBy: stringByteCountMax)
        while end.samePosition(in: text.unicodeScalars) == nil { end = text.utf8.index(before: end) }
        writeString(String(text[..<end]), flexible: flexible)
    }

    mutating func writeNullableText(_ text: String?, flexible: Bool, nullable: Bool = true) {
        guard let text else { return writeNullableString(nil, flexible: flexible, nullable: nullable) }
        writeText(text, flexible: flexible)
    }

    mutating func writeBytes(_ bytes: SharedBytes, flexible: Bool) {
        writeLength(bytes.count, flexible: flexible)
        writeBytes(bytes)
    }

    mutating func writeNullableBytes(_ bytes: SharedBytes?, flexible: Bool, nullable: Bool = true) {
        guard let bytes else {
            precondition(nullable, "null where the version allows none")
            return writeLength(-1, flexible: flexible)
        }
        writeBytes(bytes, flexible: flexible)
    }

    /// Writes the length of `field`, and its bytes when they are here; else notes in `cuts` where they belong.
    mutating func writeRecordsField(_ field: RecordsField, flexible: Bool, cuts: inout [RecordsCut]) {
        switch field {
        case .null: writeLength(-1, flexible: flexible)
        case .inline(let bytes): writeBytes(bytes, flexible: flexible)
        case .external(let byteCount):
            precondition(byteCount >= 0 && byteCount < Int32.max, "\(byteCount) record bytes")
            writeLength(byteCount, flexible: flexible)
            cuts.append(RecordsCut(position: count, byteCount: byteCount))
        }
    }

    mutating func writeTopicID(_ id: TopicID) {
        writeInteger(id.high)
        writeInteger(id.low)
    }

    mutating func writeUUID(_ id: ProtocolUUID) {
        writeInteger(id.high)
        writeInteger(id.low)
    }

    /// Begins an array that the caller fills with `count` elements.
    mutating func writeCount(_ count: Int, flexible: Bool) { writeLength(count, flexible: flexible) }

    mutating func writeNullArray(flexible: Bool, nullable: Bool) {
        precondition(nullable, "null where the version allows none")
        writeLength(-1, flexible: flexible)
    }

    mutating func writeArray<Element: EncodableStructure>(_ elements: [Element], flexible: Bool, version: Int16) {
        writeLength(elements.count, flexible: flexible)
        for element in elements { element.encode(into: &self, version: version) }
    }

    mutating func writeNullableArray<Element: EncodableStructure>(
        _ elements: [Element]?, flexible: Bool, nullable: Bool = true, version: Int16
    ) {
        guard let elements else { return writeNullArray(flexible: flexible, nullable: nullable) }
        writeArray(elements, flexible: flexible, version: version)
    }

    mutating func writeNullableStructure<Structure: EncodableStructure>(_ structure: Structure?, version: Int16) {
        writeInt8(structure == nil ? -1 : 1)
        structure?.encode(into: &self, version: version)
    }

    mutating func writeIntegers<Integer: FixedWidthInteger>(_ elements: [Integer], flexible: Bool) {
        writeLength(elements.count, flexible: flexible)
        for element in elements { writeInteger(element) }
    }

    mutating func writeNullableIntegers<Integer: FixedWidthInteger>(
        _ elements: [Integer]?, flexible: Bool, nullable: Bool = true
    ) {
        guard let elements else { return writeNullArray(flexible: flexible, nullable: nullable) }
        writeIntegers(elements, flexible: flexible)
    }

    mutating func writeStrings(_ elements: [String], flexible: Bool) {
        writeLength(elements.count, flexible: flexible)
        for element in elements { writeString(element, flexible: flexible) }
    }

    mutating func writeNullableStrings(_ elements: [String]?, flexible: Bool, nullable: Bool = true) {
        guard let elements else { return writeNullArray(flexible: flexible, nullable: nullable) }
        writeStrings(elements, flexible: flexible)
    }

    /// Writes one tagged field, with the size of `value` before it.
    mutating func writeTagged(_ tag: UInt32, _ value: ByteWriter) {
        writeUnsignedVarint32(tag)
        writeUnsignedVarint32(UInt32(value.count))
        writeBytes(value.bytes)
    }
}

/// Traps on a version that no code was generated for: callers choose versions that they negotiated.
@inline(__always)
func requireVersion(_ version: Int16, in valid: ClosedRange<Int16>) {
    precondition(valid.contains(version), "version \(version) is outside \(valid.lowerBound)-\(valid.upperBound)")
}
