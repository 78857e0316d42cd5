// SPDX-License-Identifier: Apache-2.0

/// Builds big-endian messages. `reset()` keeps the memory, so one writer serves a shard without allocating.
public struct ByteWriter: Sendable {
    public private(set) var bytes: [UInt8]

    public init(capacity: Int = 0) {
        bytes = []
        bytes.reserveCapacity(capacity)
    }

    public var count: Int { bytes.count }

    public mutating func reset() { bytes.removeAll(keepingCapacity: true) }

    public mutating func writeInteger<Integer: FixedWidthInteger>(_ value: Integer) {
        unsafe withUnsafeBytes(of: value.bigEndian) { unsafe bytes.append(contentsOf: $0) }
    }

    public mutating func writeUInt8(_ value: UInt8) { bytes.append(value) }
    public mutating func writeInt8(_ value: Int8) { bytes.append(UInt8(bitPattern: value)) }
    public mutating func writeInt16(_ value: Int16) { writeInteger(value) }
    public mutating func writeInt32(_ value: Int32) { writeInteger(value) }
    public mutating func writeInt64(_ value: Int64) { writeInteger(value) }
    public mutating func writeBool(_ value: Bool) { bytes.append(value ? 1 : 0) }
    public mutating func writeFloat64(_ value: Double) { writeInteger(value.bitPattern) }
    public mutating func writeBytes(_ value: [UInt8]) { bytes.append(contentsOf: value) }
    public mutating func writeBytes(_ value: UnsafeRawBufferPointer) { unsafe bytes.append(contentsOf: value) }
    public mutating func writeBytes(_ value: SharedBytes) {
        unsafe value.withUnsafeBytes { unsafe bytes.append(contentsOf: $0) }
    }
    public mutating func writeUTF8(_ text: String) { bytes.append(contentsOf: text.utf8) }
    public mutating func writeZeros(_ count: Int) { bytes.append(contentsOf: repeatElement(0, count: count)) }

    public mutating func writeUnsignedVarint64(_ value: UInt64) {
        var rest = value
        while rest >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(rest))
    }

    public mutating func writeUnsignedVarint32(_ value: UInt32) { writeUnsignedVarint64(UInt64(value)) }

    public mutating func writeVarint64(_ value: Int64) {
        writeUnsignedVarint64(UInt64(bitPattern: value << 1 ^ value >> 63))
    }

    public mutating func writeVarint32(_ value: Int32) {
        writeUnsignedVarint32(UInt32(bitPattern: value << 1 ^ value >> 31))
    }

    /// Puts `value` over bytes written before, for lengths and checksums known only at the end.
    public mutating func overwriteInteger<Integer: FixedWidthInteger>(_ value: Integer, at position: Int) {
        let size = Integer.bitWidth / 8
        precondition(position >= 0 && position <= bytes.count - size, "\(size) bytes at \(position) of \(bytes.count)")
        for index in 0..<size {
            bytes[position + index] = UInt8(truncatingIfNeeded: value >> Integer((size - 1 - index) * 8))
        }
    }

    /// Cuts what was written after `count`, to try again.
    public mutating func rewind(to count: Int) {
        precondition(count <= bytes.count, "rewind to \(count) of \(bytes.count)")
        bytes.removeLast(bytes.count - count)
    }

    /// A copy of what was written.
    public var shared: SharedBytes { SharedBytes(bytes) }
}

extension Varint {
    /// How many bytes `value` takes as an unsigned varint.
    public static func byteCount(unsigned value: UInt64) -> Int {
        value == 0 ? 1 : (64 - value.leadingZeroBitCount + 6) / 7
    }

    /// How many bytes `value` takes as a zigzag varint.
    public static func byteCount(zigzag value: Int64) -> Int {
        byteCount(unsigned: UInt64(bitPattern: value << 1 ^ value >> 63))
    }
}

/// Sizes of variable-length integers.
public enum Varint {}
