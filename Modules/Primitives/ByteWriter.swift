// SPDX-License-Identifier: Apache-2.0

/// Builds big-endian messages. `reset()` keeps the memory, so one writer serves a shard without allocating.
public struct ByteWriter: Sendable {
    @usableFromInline var storage: [UInt8]

    public init(capacity: Int = 0) {
        storage = []
        storage.reserveCapacity(capacity)
    }

    /// What was written.
    @inlinable public var bytes: [UInt8] { storage }
    @inlinable public var count: Int { storage.count }

    @inlinable public mutating func reset() { storage.removeAll(keepingCapacity: true) }

    @inlinable public mutating func writeInteger<Integer: FixedWidthInteger>(_ value: Integer) {
        unsafe withUnsafeBytes(of: value.bigEndian) { unsafe storage.append(contentsOf: $0) }
    }

    @inlinable public mutating func writeUInt8(_ value: UInt8) { storage.append(value) }
    @inlinable public mutating func writeInt8(_ value: Int8) { storage.append(UInt8(bitPattern: value)) }
    @inlinable public mutating func writeInt16(_ value: Int16) { writeInteger(value) }
    @inlinable public mutating func writeInt32(_ value: Int32) { writeInteger(value) }
    @inlinable public mutating func writeInt64(_ value: Int64) { writeInteger(value) }
    @inlinable public mutating func writeBool(_ value: Bool) { storage.append(value ? 1 : 0) }
    @inlinable public mutating func writeFloat64(_ value: Double) { writeInteger(value.bitPattern) }
    @inlinable public mutating func writeBytes(_ value: [UInt8]) { storage.append(contentsOf: value) }
    @inlinable public mutating func writeBytes(_ value: UnsafeRawBufferPointer) {
        unsafe storage.append(contentsOf: value)
    }
    @inlinable public mutating func writeBytes(_ value: SharedBytes) {
        unsafe value.withUnsafeBytes { unsafe storage.append(contentsOf: $0) }
    }
    @inlinable public mutating func writeUTF8(_ text: String) { storage.append(contentsOf: text.utf8) }
    @inlinable public mutating func writeZeros(_ count: Int) {
        storage.append(contentsOf: repeatElement(0, count: count))
    }

    @inlinable public mutating func writeUnsignedVarint64(_ value: UInt64) {
        var rest = value
        while rest >= 0x80 {
            storage.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        storage.append(UInt8(rest))
    }

    @inlinable public mutating func writeUnsignedVarint32(_ value: UInt32) { writeUnsignedVarint64(UInt64(value)) }

    @inlinable public mutating func writeVarint64(_ value: Int64) {
        writeUnsignedVarint64(UInt64(bitPattern: value << 1 ^ value >> 63))
    }

    @inlinable public mutating func writeVarint32(_ value: Int32) {
        writeUnsignedVarint32(UInt32(bitPattern: value << 1 ^ value >> 31))
    }

    /// Puts `value` over bytes written before, for lengths and checksums known only at the end.
    @inlinable
    public mutating func overwriteInteger<Integer: FixedWidthInteger>(_ value: Integer, at position: Int) {
        let size = Integer.bitWidth / 8
        precondition(position >= 0 && position <= count - size, "\(size) bytes at \(position) of \(count)")
        unsafe withUnsafeBytes(of: value.bigEndian) { source in
            unsafe storage.withUnsafeMutableBytes { target in
                unsafe UnsafeMutableRawBufferPointer(rebasing: target[position..<position + size]).copyMemory(
                    from: source)
            }
        }
    }

    /// Cuts what was written after `count`, to try again.
    public mutating func rewind(to count: Int) {
        precondition(count <= storage.count, "rewind to \(count) of \(storage.count)")
        storage.removeLast(storage.count - count)
    }

    /// A copy of what was written.
    public var shared: SharedBytes { SharedBytes(storage) }
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
