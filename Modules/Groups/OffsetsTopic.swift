// SPDX-License-Identifier: Apache-2.0

public import Primitives

/// The internal topic that holds groups and their offsets, compacted.
public enum OffsetsTopic {
    public static let name = "__consumer_offsets"

    /// The partition whose leader coordinates `group`: Java's `String.hashCode` without its sign, modulo `count`.
    ///
    /// - Parameter count: partitions of the topic, at least 1, fixed for the life of the cluster.
    public static func partition(of group: GroupID, count: Int32) -> PartitionIndex {
        precondition(count > 0, "\(count) partitions of \(name)")
        var hash: Int32 = 0
        for unit in group.rawValue.utf16 { hash = hash &* 31 &+ Int32(unit) }
        return PartitionIndex((hash & .max) % count)
    }
}
