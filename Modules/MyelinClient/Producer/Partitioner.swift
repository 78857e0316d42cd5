// SPDX-License-Identifier: Apache-2.0

package import Primitives

/// Which partition a record goes to when it does not say.
package struct Partitioner {
    /// The partition that records without a key go to at present, by topic: one at a time, so that batches fill (KIP-480).
    private var sticky: [String: Int32] = [:]

    package init() {}

    package mutating func partition(forKey key: SharedBytes?, of topic: String, count: Int) -> PartitionIndex {
        precondition(count > 0, "topic \(topic) without partitions")
        if let key { return PartitionIndex(Int32(Murmur2.hash(key) & 0x7fff_ffff) % Int32(count)) }
        return PartitionIndex(sticky[topic, default: 0] % Int32(count))
    }

    /// A batch of records without keys is full or under way: the next one goes elsewhere.
    package mutating func turn(_ topic: String) {
        sticky[topic, default: 0] = (sticky[topic, default: 0] &+ 1) & 0x7fff_ffff
    }
}

/// The hash by which Kafka's Java clients spread keys, so that all clients agree where a key lives.
///
/// - SeeAlso: Austin Appleby, MurmurHash2 (public domain); Kafka's seed is 0x9747b28c.
package enum Murmur2 {
    package static func hash(_ bytes: SharedBytes) -> UInt32 {
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
