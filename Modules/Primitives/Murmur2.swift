// SPDX-License-Identifier: Apache-2.0

/// The hash by which Kafka's Java clients spread keys, so that all clients agree where a key lives.
///
/// - SeeAlso: Austin Appleby, MurmurHash2 (public domain); Kafka's seed is 0x9747b28c.
public enum Murmur2 {
    public static func hash(_ bytes: SharedBytes) -> UInt32 {
        let m: UInt32 = 0x5bd1_e995
        var hash: UInt32 = 0x9747_b28c ^ UInt32(truncatingIfNeeded: bytes.count)
        let wordCount = bytes.count / 4
        for word in 0..<wordCount {
            var k =
                UInt32(bytes[word * 4]) | UInt32(bytes[word * 4 + 1]) << 8 | UInt32(bytes[word * 4 + 2]) << 16
                | UInt32(bytes[word * 4 + 3]) << 24
            k &*= m
            k ^= k >> 24
            k &*= m
            hash &*= m
            hash ^= k
        }
        let rest = wordCount * 4
        if bytes.count - rest >= 3 { hash ^= UInt32(bytes[rest + 2]) << 16 }
        if bytes.count - rest >= 2 { hash ^= UInt32(bytes[rest + 1]) << 8 }
        if bytes.count - rest >= 1 {
            hash ^= UInt32(bytes[rest])
            hash &*= m
        }
        hash ^= hash >> 13
        hash &*= m
        hash ^= hash >> 15
        return hash
    }
}
