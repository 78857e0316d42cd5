// SPDX-License-Identifier: Apache-2.0

package import Primitives

/// Shares the partitions of each topic among the members that want it, in runs of neighbours, as Kafka's assignor of the
/// name `range` does, so that members of any client library can be in one group.
package enum RangeAssignor {
    package static let name = "range"

    /// - Parameters:
    ///   - wanted: topics by member.
    ///   - partitionCounts: by topic; a topic that is not in it is not assigned.
    /// - Returns: a list for each member, ascending.
    package static func assign(
        _ wanted: [String: [String]], partitionCounts: [String: Int]
    ) -> [String: [TopicPartition]] {
        var assignment = wanted.mapValues { _ in [TopicPartition]() }
        for (topic, count) in partitionCounts.sorted(by: { $0.key < $1.key }) {
            let members = wanted.filter { $0.value.contains(topic) }.keys.sorted()
            guard !members.isEmpty else { continue }
            let (each, more) = count.quotientAndRemainder(dividingBy: members.count)
            var next = 0
            for (place, member) in members.enumerated() {
                let end = next + each + (place < more ? 1 : 0)
                assignment[member]?.append(
                    contentsOf: (next..<end).map { TopicPartition(topic: topic, partition: PartitionIndex(Int32($0))) })
                next = end
            }
        }
        return assignment
    }
}
