// SPDX-License-Identifier: Apache-2.0

internal import CShims

/// CRC-32C (Castagnoli, RFC 3720 appendix B.4): the checksum of record batches, RPC frames and our own files.
public struct CRC32C: Sendable, Equatable {
    /// The finished checksum of all bytes so far; 0 for none. `"123456789"` gives `0xE306_9283`.
    public private(set) var value: UInt32 = 0

    public init() {}

    /// Continues the checksum over `bytes`.
    public mutating func update(_ bytes: UnsafeRawBufferPointer) {
        // Proof: the callee reads `count` bytes from a pointer that is valid for the call and keeps neither.
        unsafe value = myelin_crc32c(value, bytes.baseAddress, bytes.count)
    }

    public mutating func update(_ bytes: SharedBytes) { unsafe bytes.withUnsafeBytes { unsafe update($0) } }

    public mutating func update(_ bytes: [UInt8]) { unsafe bytes.withUnsafeBytes { unsafe update($0) } }

    public static func checksum(of bytes: SharedBytes) -> UInt32 {
        var crc = CRC32C()
        crc.update(bytes)
        return crc.value
    }

    public static func checksum(of bytes: [UInt8]) -> UInt32 {
        var crc = CRC32C()
        crc.update(bytes)
        return crc.value
    }
}
