// SPDX-License-Identifier: Apache-2.0

package import Primitives

/// Chooses partitions as Kafka's Java client does, so that a key goes where that client sends it.
package struct Partitioner: Sendable {
    private let partitions: [PartitionIndex]
    private var sticky = 0

    /// - Precondition: at least one partition; all of the topic, ascending, or the ones that are allowed.
    package init(_ partitions: [PartitionIndex]) {
        precondition(!partitions.isEmpty, "no partition to choose from")
        self.partitions = partitions
    }

    /// By the key's hash; without a key the same one until `moveOn`.
    package func partition(for key: SharedBytes?) -> PartitionIndex {
        guard let key else { return partitions[sticky] }
        let positive = Self.murmur2(key.array) & 0x7fff_ffff
        return partitions[Int(positive) % partitions.count]
    }

    /// Gives records without a key another partition: after each batch, so that batches stay whole.
    package mutating func moveOn() { sticky = (sticky + 1) % partitions.count }

    /// MurmurHash2 (Austin Appleby) with the seed of Kafka's client.
    package static func murmur2(_ bytes: [UInt8]) -> UInt32 {
        let multiplier: UInt32 = 0x5bd1_e995
        var hash: UInt32 = 0x9747_b28c ^ UInt32(bytes.count)
        let wholeCount = bytes.count / 4 * 4
        for position in stride(from: 0, to: wholeCount, by: 4) {
            var word = (0..<4).reduce(UInt32(0)) { $0 | UInt32(bytes[position + $1]) << UInt32(8 * $1) }
            word = word &* multiplier
            word = (word ^ word >> 24) &* multiplier
            hash = hash &* multiplier ^ word
        }
        for (index, byte) in bytes[wholeCount...].enumerated() { hash ^= UInt32(byte) << UInt32(8 * index) }
        if wholeCount < bytes.count { hash = hash &* multiplier }
        hash = (hash ^ hash >> 13) &* multiplier
        return hash ^ hash >> 15
    }
}
