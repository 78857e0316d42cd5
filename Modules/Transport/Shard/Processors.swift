// SPDX-License-Identifier: Apache-2.0

#if canImport(Glibc)
    import Glibc
#endif

/// The processors this process may run on, and binding a thread to one.
enum Processors {
    // The C library has both calls but its headers show them to GNU sources only, so they are looked up by name. The
    // type is theirs since glibc 2.3.4: thread (0: the caller), bytes of the mask, mask with bit n for processor n.
    private typealias AffinityCall = @convention(c) (pid_t, Int, UnsafeMutableRawPointer) -> Int32
    private static let maskByteCount = 128

    /// Their numbers, ascending; empty when the system does not tell.
    static func allowed() -> [Int] {
        var mask = [UInt8](repeating: 0, count: maskByteCount)
        guard call("sched_getaffinity", &mask) else { return [] }
        return (0..<maskByteCount * 8).filter { mask[$0 / 8] & (1 << UInt8($0 % 8)) != 0 }
    }

    /// Binds the calling thread; false where the system refuses, and it stays free to move.
    @discardableResult
    static func bindThread(to processor: Int) -> Bool {
        precondition(processor >= 0 && processor < maskByteCount * 8, "processor \(processor)")
        var mask = [UInt8](repeating: 0, count: maskByteCount)
        mask[processor / 8] = 1 << UInt8(processor % 8)
        return call("sched_setaffinity", &mask)
    }

    private static func call(_ name: String, _ mask: inout [UInt8]) -> Bool {
        guard let library = unsafe dlopen(nil, RTLD_NOW), let symbol = unsafe dlsym(library, name) else { return false }
        let function = unsafe unsafeBitCast(symbol, to: AffinityCall.self)
        return unsafe mask.withUnsafeMutableBytes { bytes in
            guard let base = bytes.baseAddress else { return false }
            return unsafe function(0, bytes.count, base) == 0
        }
    }
}
