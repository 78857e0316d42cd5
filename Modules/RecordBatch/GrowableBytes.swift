// SPDX-License-Identifier: Apache-2.0

internal import CCompression
internal import Primitives

/// Heap bytes that grow while a decoder fills them, without ever holding an old and a new block at once.
@safe final class GrowableBytes {
    // Invariant: `base` is null or `capacity` bytes of ours, the first `count` of which are initialized.
    private var base: UnsafeMutableRawPointer?
    private(set) var capacity = 0
    private(set) var count = 0

    /// First block: large enough for a usual batch.
    private static let firstByteCount = 64 << 10

    deinit { unsafe myelin_memory_free(base) }

    var filled: UnsafeRawBufferPointer { unsafe UnsafeRawBufferPointer(start: base, count: count) }

    func clear() { count = 0 }

    /// The unfilled rest of the block. Whoever writes `n` bytes from its start on calls `advance(n)`.
    var spare: UnsafeMutableRawBufferPointer {
        unsafe UnsafeMutableRawBufferPointer(start: base.map { unsafe $0 + count }, count: capacity - count)
    }

    func advance(_ byteCount: Int) {
        precondition(byteCount >= 0 && byteCount <= capacity - count, "\(byteCount) of \(capacity - count) bytes")
        count += byteCount
    }

    /// Doubles the block when it is full, up to `limit` bytes; false when it is full at the limit.
    func grow(upTo limit: Int) -> Bool {
        guard count == capacity else { return true }
        guard capacity < limit else { return false }
        resize(to: min(limit, max(Self.firstByteCount, capacity * 2)))
        return true
    }

    /// Makes room for at least `byteCount` bytes more.
    func reserve(_ byteCount: Int) {
        if capacity - count < byteCount { resize(to: count + byteCount) }
    }

    /// Puts a big-endian number over bytes written before.
    func overwrite(_ value: Int32, at position: Int) {
        precondition(position >= 0 && position <= count - 4, "4 bytes at \(position) of \(count)")
        unsafe base.unsafelyUnwrapped.storeBytes(of: value.bigEndian, toByteOffset: position, as: Int32.self)
    }

    /// Gives memory beyond `limit` back; the contents are gone.
    func release(above limit: Int) {
        guard capacity > limit else { return }
        count = 0
        unsafe myelin_memory_free(base)
        unsafe base = nil
        capacity = 0
    }

    /// Hands the filled bytes over, in a block of just their size, and begins anew.
    func take() -> SharedBytes {
        guard count > 0 else { return .empty }
        resize(to: count)
        // Proof: the block is no longer ours, is never written again and is freed with its new owner.
        let bytes = unsafe SharedBytes(base: base, count: count, owner: HeapBlock(base))
        unsafe base = nil
        capacity = 0
        count = 0
        return bytes
    }

    private func resize(to byteCount: Int) {
        guard byteCount != capacity, byteCount > 0 else { return }
        let resized = unsafe myelin_memory_resize(base, byteCount)
        unsafe precondition(resized != nil, "no memory for \(byteCount) bytes")
        unsafe base = resized
        capacity = byteCount
    }
}

/// Frees a block with its last user.
@safe private final class HeapBlock {
    private let base: UnsafeMutableRawPointer?
    init(_ base: UnsafeMutableRawPointer?) { unsafe self.base = unsafe base }
    deinit { unsafe myelin_memory_free(base) }
}
