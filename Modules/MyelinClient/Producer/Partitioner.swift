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
        return PartitionIndex(max(0, sticky[topic, default: -1]) % Int32(count))
    }

    /// The batch of records without keys is full or under way: the next one goes elsewhere. The first one goes to partition 0.
    package mutating func turn(_ topic: String) {
        sticky[topic] = (sticky[topic, default: -1] &+ 1) & 0x7fff_ffff
    }
}
