// SPDX-License-Identifier: Apache-2.0

internal import Primitives

/// 128 bits of SipHash-2-4 (Aumasson and Bernstein, 2012; its 128-bit variant), under a key that nobody outside knows.
///
/// Compaction keeps hashes instead of keys. With a secret key nobody can choose two keys that collide and so let one delete
/// the other; by chance that happens to 10^9 keys once in 10^20 passes.
struct KeyHash: Hashable, Sendable {
    let high: UInt64
    let low: UInt64

    /// The key of the hash function, drawn afresh for each pass.
    struct Secret: Sendable {
        let first: UInt64
        let second: UInt64

        init(first: UInt64, second: UInt64) {
            self.first = first
            self.second = second
        }

        init(using entropy: inout Entropy) { self.init(first: entropy.next(), second: entropy.next()) }
    }

    init(_ bytes: SharedBytes, under secret: Secret) {
        var state = SipState(secret)
        let wordEnd = bytes.count & ~7
        for position in stride(from: 0, to: wordEnd, by: 8) {
            let word: UInt64 = bytes.loadBigEndian(at: position)
            state.absorb(word.byteSwapped)
        }
        var last = UInt64(truncatingIfNeeded: bytes.count) << 56
        for position in wordEnd..<bytes.count { last |= UInt64(bytes[position]) << UInt64(8 * (position - wordEnd)) }
        state.absorb(last)
        (low, high) = state.finish()
    }
}

private struct SipState {
    private var v0: UInt64
    private var v1: UInt64
    private var v2: UInt64
    private var v3: UInt64

    init(_ secret: KeyHash.Secret) {
        v0 = secret.first ^ 0x736f_6d65_7073_6575
        v1 = secret.second ^ 0x646f_7261_6e64_6f6d ^ 0xee
        v2 = secret.first ^ 0x6c79_6765_6e65_7261
        v3 = secret.second ^ 0x7465_6462_7974_6573
    }

    mutating func absorb(_ word: UInt64) {
        v3 ^= word
        round()
        round()
        v0 ^= word
    }

    mutating func finish() -> (UInt64, UInt64) {
        v2 ^= 0xee
        for _ in 0..<4 { round() }
        let first = v0 ^ v1 ^ v2 ^ v3
        v1 ^= 0xdd
        for _ in 0..<4 { round() }
        return (first, v0 ^ v1 ^ v2 ^ v3)
    }

    private mutating func round() {
        v0 &+= v1
        v1 = v1 << 13 | v1 >> 51
        v1 ^= v0
        v0 = v0 << 32 | v0 >> 32
        v2 &+= v3
        v3 = v3 << 16 | v3 >> 48
        v3 ^= v2
        v0 &+= v3
        v3 = v3 << 21 | v3 >> 43
        v3 ^= v0
        v2 &+= v1
        v1 = v1 << 17 | v1 >> 47
        v1 ^= v2
        v2 = v2 << 32 | v2 >> 32
    }
}
