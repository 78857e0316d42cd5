// SPDX-License-Identifier: Apache-2.0

internal import Primitives

/// Offsets of one group that transactions want to commit and whose markers have not come.
struct PendingOffsets: Sendable {
    struct Entry: Sendable {
        /// The latest that the log has acknowledged, and its order in the log.
        var durable: (committed: CommittedOffset, order: Int64)?
        /// Records that the log has not answered.
        var inFlightCount = 0
    }

    private var producers = OrderedTable<ProducerID, [TopicPartition: Entry]>()

    var isEmpty: Bool { producers.count == 0 }

    /// Whether a transaction wants to commit an offset of the partition.
    func contains(_ partition: TopicPartition) -> Bool {
        var isPending = false
        producers.forEach { _, entries in isPending = isPending || entries[partition] != nil }
        return isPending
    }

    mutating func sent(_ partition: TopicPartition, in producer: ProducerID) {
        change(partition, of: producer) { $0.inFlightCount += 1 }
    }

    /// The log has answered a record.
    mutating func settle(
        _ partition: TopicPartition, _ committed: CommittedOffset, in producer: ProducerID, order: Int64,
        isDurable: Bool
    ) {
        change(partition, of: producer) { entry in
            precondition(entry.inFlightCount > 0, "\(partition): an answer to nothing")
            entry.inFlightCount -= 1
            if isDurable { entry.durable = (committed, order) }
        }
    }

    /// A record read back from the log.
    mutating func replay(
        _ partition: TopicPartition, _ committed: CommittedOffset, in producer: ProducerID, order: Int64
    ) {
        change(partition, of: producer) { $0.durable = (committed, order) }
    }

    /// Takes out what the producer's transaction wanted to commit, sorted. What the log has not answered yet stays.
    mutating func take(of producer: ProducerID) -> [(TopicPartition, CommittedOffset, order: Int64)] {
        guard let entries = producers[producer] else { return [] }
        var taken: [(TopicPartition, CommittedOffset, order: Int64)] = []
        for partition in entries.keys.sorted() {
            if let durable = entries[partition]?.durable { taken.append((partition, durable.committed, durable.order)) }
            change(partition, of: producer) { $0.durable = nil }
        }
        return taken
    }

    private mutating func change(
        _ partition: TopicPartition, of producer: ProducerID, _ change: (inout Entry) -> Void
    ) {
        var entries = producers[producer] ?? [:]
        var entry = entries[partition] ?? Entry()
        change(&entry)
        entries[partition] = entry.durable == nil && entry.inFlightCount == 0 ? nil : entry
        if entries.isEmpty {
            producers.remove(producer)
        } else if producers.contains(producer) {
            producers[producer] = entries
        } else {
            producers.insert(entries, for: producer)
        }
    }
}
