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
        let positive = Murmur2.hash(key) & 0x7fff_ffff
        return partitions[Int(positive) % partitions.count]
    }

    /// Gives records without a key another partition: after each batch, so that batches stay whole.
    package mutating func moveOn() { sticky = (sticky + 1) % partitions.count }
}
