// SPDX-License-Identifier: Apache-2.0

/// An immutable run of bytes with a shared owner: what a socket delivered, a file was read into, a message is sliced from.
///
/// Slicing copies nothing: a slice keeps the owner alive. No type of a network or disk library shows through, so parsers
/// and storage work on it and the edge can be exchanged.
@safe public struct SharedBytes: @unchecked Sendable {
    // Proof of @unchecked: the memory is immutable from here on and lives as long as `owner`, which is retained.
    @usableFromInline let base: UnsafeRawPointer?
    @usableFromInline let owner: AnyObject?
    public let count: Int

    /// No bytes.
    public static let empty = unsafe SharedBytes(base: nil, count: 0, owner: nil)

    /// Shares memory that `owner` keeps alive.
    ///
    /// - Precondition: the `count` bytes at `base` stay valid and unchanged for as long as `owner` is retained.
    @inlinable @unsafe public init(base: UnsafeRawPointer?, count: Int, owner: AnyObject?) {
        unsafe precondition(count >= 0 && (count == 0 || base != nil), "\(count) bytes at no address")
        unsafe self.base = unsafe base
        self.count = count
        self.owner = owner
    }

    /// Copies `bytes` into memory of its own.
    public init(_ bytes: [UInt8]) {
        unsafe self.init(count: bytes.count) { target in unsafe target.copyBytes(from: bytes) }
    }

    public init(_ text: String) { self.init(Array(text.utf8)) }

    /// Allocates `count` bytes and lets `fill` write all of them, once.
    public init(count: Int, filledBy fill: (UnsafeMutableRawBufferPointer) throws -> Void) rethrows {
        let storage = HeapBytes.create(minimumCapacity: count) { _ in }
        let bytes = unsafe storage.withUnsafeMutablePointerToElements {
            unsafe UnsafeMutableRawBufferPointer(start: $0, count: count)
        }
        try unsafe fill(bytes)
        unsafe self.init(base: UnsafeRawPointer(bytes.baseAddress), count: count, owner: storage)
    }

    @inlinable public var isEmpty: Bool { count == 0 }

    /// The `length` bytes from `start` on, sharing the owner. Traps when they are not inside.
    @inlinable public func slice(from start: Int, count length: Int) -> SharedBytes {
        precondition(start >= 0 && length >= 0 && start <= count - length, "slice \(start)+\(length) of \(count)")
        return unsafe SharedBytes(base: base.map { unsafe $0 + start }, count: length, owner: owner)
    }

    /// Lends the bytes for the time of `body`; the pointer must not escape it.
    @inlinable public func withUnsafeBytes<Result, Failure: Error>(
        _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        defer { withExtendedLifetime(owner) {} }
        return try unsafe body(UnsafeRawBufferPointer(start: base, count: count))
    }

    @inlinable public subscript(index: Int) -> UInt8 {
        precondition(index >= 0 && index < count, "byte \(index) of \(count)")
        return unsafe base.unsafelyUnwrapped.load(fromByteOffset: index, as: UInt8.self)
    }

    /// The big-endian integer at `position`. Traps when it is not inside: parsers use `ByteReader`.
    @inlinable public func loadBigEndian<Integer: FixedWidthInteger>(
        at position: Int, as type: Integer.Type = Integer.self
    ) -> Integer {
        let size = Integer.bitWidth / 8
        precondition(position >= 0 && position <= count - size, "\(size) bytes at \(position) of \(count)")
        return unsafe Integer(
            bigEndian: base.unsafelyUnwrapped.loadUnaligned(fromByteOffset: position, as: Integer.self))
    }

    public var array: [UInt8] { unsafe withUnsafeBytes { unsafe [UInt8]($0) } }
}

extension SharedBytes: Equatable, Hashable {
    public static func == (left: SharedBytes, right: SharedBytes) -> Bool {
        guard left.count == right.count else { return false }
        return unsafe left.withUnsafeBytes { one in unsafe right.withUnsafeBytes { unsafe one.elementsEqual($0) } }
    }

    public func hash(into hasher: inout Hasher) { unsafe withUnsafeBytes { unsafe hasher.combine(bytes: $0) } }
}

extension SharedBytes: ExpressibleByArrayLiteral, CustomStringConvertible {
    public init(arrayLiteral elements: UInt8...) { self.init(elements) }
    public var description: String { "\(count) bytes" }
}

/// Owner of bytes on the heap, which follow it in the same allocation.
///
/// Written only inside `SharedBytes.init(count:filledBy:)`, before anyone else can see it.
private final class HeapBytes: ManagedBuffer<Void, UInt8> {}
