// SPDX-License-Identifier: Apache-2.0

internal import HashTreeCollections
internal import Primitives

/// Which replicas a broker has, so that what concerns one broker need not look at all partitions.
struct BrokerHoldings: Equatable, Sendable {
    /// Indexes of partitions, ascending; no topic has an empty list.
    private var indexes: TreeDictionary<TopicID, [PartitionIndex]> = [:]
    private(set) var replicaCount = 0
    var leaderCount = 0

    var isEmpty: Bool { replicaCount == 0 && leaderCount == 0 }
    var topics: some Collection<TopicID> { indexes.keys }

    /// In the order of topic ids, then indexes.
    ///
    /// - Complexity: O(n), and sorting the topics.
    func partitions() -> [PartitionID] {
        var partitions: [PartitionID] = []
        partitions.reserveCapacity(replicaCount)
        for (topic, indexes) in indexes.sorted(by: { $0.key < $1.key }) {
            for index in indexes { partitions.append(PartitionID(topic: topic, index: index)) }
        }
        return partitions
    }

    /// - Complexity: O(1) for an index behind all others of the topic, which is how topics are made.
    mutating func insert(_ id: PartitionID) {
        replicaCount += 1
        indexes[id.topic, default: []].insertSorted(id.index)
    }

    mutating func remove(_ id: PartitionID) {
        replicaCount -= 1
        indexes[id.topic]?.removeSorted(id.index)
        if indexes[id.topic]?.isEmpty ?? false { indexes[id.topic] = nil }
    }
}

extension [PartitionIndex] {
    fileprivate mutating func insertSorted(_ index: PartitionIndex) {
        guard let last, last > index else { return append(index) }
        insert(index, at: position(of: index))
    }

    fileprivate mutating func removeSorted(_ index: PartitionIndex) {
        let position = position(of: index)
        precondition(position < count && self[position] == index, "the broker has no replica of partition \(index)")
        remove(at: position)
    }

    /// Of the first element that is not less.
    private func position(of index: PartitionIndex) -> Int {
        var (low, high) = (0, count)
        while low < high {
            let middle = (low + high) / 2
            if self[middle] < index { low = middle + 1 } else { high = middle }
        }
        return low
    }
}
