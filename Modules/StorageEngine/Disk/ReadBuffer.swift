// SPDX-License-Identifier: Apache-2.0

import Primitives

/// Memory that the kernel or a worker reads into, and afterwards the owner of the bytes.
@safe final class ReadBuffer: @unchecked Sendable {
    // Proof of @unchecked: one operation at a time writes it; it becomes shared, and from then on unchanged, with `shared`.
    let base: UnsafeMutableRawPointer
    let count: Int

    init(count: Int) {
        precondition(count >= 0, "a read of \(count) bytes")
        unsafe base = UnsafeMutableRawPointer.allocate(byteCount: max(1, count), alignment: 16)
        self.count = count
    }

    deinit { unsafe base.deallocate() }

    /// The first `count` bytes, which have been written and will not be again.
    func shared(count: Int) -> SharedBytes {
        precondition(count <= self.count, "\(count) bytes of \(self.count)")
        return unsafe SharedBytes(base: UnsafeRawPointer(base), count: count, owner: self)
    }
}
