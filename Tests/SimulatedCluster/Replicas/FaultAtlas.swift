// SPDX-License-Identifier: Apache-2.0

import Coordinator
import Primitives

/// Where disks were damaged and have not been mended: no more at a time than a cluster promises to survive.
///
/// Of each partition one replica at most is damaged, so each committed record keeps a good copy, and every loss is a bug.
final class FaultAtlas {
    private struct Place: Equatable {
        let node: NodeID
        let partition: PartitionID
        let segment: Offset
    }

    private var damaged: [Place] = []

    /// Whether a replica that is still wanted is damaged: nobody mends one that was moved away.
    func isDamaged(in image: MetadataImage) -> Bool {
        damaged.contains { image.partition($0.partition)?.replicas.contains($0.node) == true }
    }

    var places: [String] { damaged.map { "broker \($0.node), \($0.partition.index) at \($0.segment)" } }

    func isDamaged(_ partition: PartitionID, besides node: NodeID) -> Bool {
        damaged.contains { $0.partition == partition && $0.node != node }
    }

    func isDamaged(_ node: NodeID, _ partition: PartitionID, segment: Offset) -> Bool {
        damaged.contains(Place(node: node, partition: partition, segment: segment))
    }

    func segments(damagedAt node: NodeID, of partition: PartitionID) -> [Offset] {
        damaged.filter { $0.node == node && $0.partition == partition }.map(\.segment)
    }

    func damaged(_ node: NodeID, _ partition: PartitionID, segment: Offset) {
        let place = Place(node: node, partition: partition, segment: segment)
        if !damaged.contains(place) { damaged.append(place) }
    }

    func mended(_ node: NodeID, _ partition: PartitionID, segment: Offset) {
        damaged.removeAll { $0 == Place(node: node, partition: partition, segment: segment) }
    }
}
