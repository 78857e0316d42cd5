// SPDX-License-Identifier: Apache-2.0

internal import Primitives

/// Committed offsets of one group, by topic and partition.
struct GroupOffsets: Sendable {
    private struct Entry: Sendable {
        /// What readers see: the log has acknowledged it.
        var durable: CommittedOffset?
        /// Of the record of `durable` in the log.
        var order: Int64 = 0
        /// Records of this partition that the log has not answered. They may turn out durable, so a tombstone must cover
        /// them too.
        var inFlightCount = 0
    }

    private var topics: [String: [PartitionIndex: Entry]] = [:]

    var isEmpty: Bool { topics.isEmpty }

    subscript(partition: TopicPartition) -> CommittedOffset? { topics[partition.topic]?[partition.partition]?.durable }

    /// Whether the log may hold an offset for the partition.
    func mayContain(_ partition: TopicPartition) -> Bool { topics[partition.topic]?[partition.partition] != nil }

    /// Every partition that the log may hold an offset for, sorted.
    var partitions: [TopicPartition] { topics.keys.sorted().flatMap { partitions(of: $0) } }

    func partitions(of topic: String) -> [TopicPartition] {
        guard let entries = topics[topic] else { return [] }
        return entries.keys.sorted().map { TopicPartition(topic: topic, partition: $0) }
    }

    /// What readers see, sorted.
    var committed: [(TopicPartition, CommittedOffset)] {
        partitions.compactMap { partition in self[partition].map { (partition, $0) } }
    }

    func isInFlight(_ partition: TopicPartition) -> Bool {
        topics[partition.topic]?[partition.partition].map { $0.inFlightCount > 0 } ?? false
    }

    mutating func sent(_ partition: TopicPartition) {
        topics[partition.topic, default: [:]][partition.partition, default: Entry()].inFlightCount += 1
    }

    /// The log has answered a record: `committed` is nil for a tombstone.
    mutating func settle(
        _ partition: TopicPartition, _ committed: CommittedOffset?, order: Int64, isDurable: Bool
    ) {
        guard var entry = topics[partition.topic]?[partition.partition] else { return }
        precondition(entry.inFlightCount > 0, "\(partition): an answer to nothing")
        entry.inFlightCount -= 1
        if isDurable { (entry.durable, entry.order) = (committed, order) }
        put(entry, for: partition)
    }

    /// A record read back from the log.
    mutating func replay(_ partition: TopicPartition, _ committed: CommittedOffset?, order: Int64) {
        put(Entry(durable: committed, order: order), for: partition)
    }

    /// An offset whose transaction was committed: it counts unless a later record has been acknowledged meanwhile.
    mutating func materialize(_ partition: TopicPartition, _ committed: CommittedOffset, order: Int64) {
        var entry = topics[partition.topic]?[partition.partition] ?? Entry()
        guard entry.durable == nil || entry.order < order else { return }
        (entry.durable, entry.order) = (committed, order)
        put(entry, for: partition)
    }

    private mutating func put(_ entry: Entry, for partition: TopicPartition) {
        if entry.durable != nil || entry.inFlightCount > 0 {
            topics[partition.topic, default: [:]][partition.partition] = entry
        } else {
            topics[partition.topic]?[partition.partition] = nil
            if topics[partition.topic]?.isEmpty == true { topics[partition.topic] = nil }
        }
    }
}
