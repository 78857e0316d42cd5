// SPDX-License-Identifier: Apache-2.0

internal import Coordinator
internal import Primitives

/// A partition that a request names, as the metadata image knows it.
enum Addressed: Sendable {
    case known(PartitionID)
    case unknownPartition
    case unknownTopicID

    var id: PartitionID? {
        if case .known(let id) = self { return id }
        return nil
    }
}

extension BrokerShard {
    /// A partition by the name of its topic.
    func address(_ topic: String, _ index: Int32) -> Addressed {
        guard let found = image.catalog.topic(named: topic), index >= 0, Int(index) < found.partitions.count else {
            return .unknownPartition
        }
        return .known(PartitionID(topic: found.id, index: PartitionIndex(index)))
    }

    /// A partition by the id of its topic.
    func address(_ topic: TopicID, _ index: Int32) -> Addressed {
        guard let found = image.catalog.topic(topic) else { return .unknownTopicID }
        guard index >= 0, Int(index) < found.partitions.count else { return .unknownPartition }
        return .known(PartitionID(topic: topic, index: PartitionIndex(index)))
    }

    /// Asks the owner of each partition; the answers come together, in the order of `items`.
    ///
    /// - Parameter question: Called on the owner's shard; the partition is nil when it is not there (any more).
    func askPartitions<Item: Sendable, Answer: Sendable>(
        _ items: [(id: PartitionID?, item: Item)],
        _ question: @escaping @Sendable (BrokerShard, Partition?, Item, @escaping (Answer) -> Void) -> Void,
        then continuation: @escaping ([Answer]) -> Void
    ) {
        guard !items.isEmpty else { return continuation([]) }
        if items.count == 1 {
            let (id, item) = items[0]
            let owner = id.map { shard(of: $0) } ?? index
            return ask(
                owner,
                { shard, reply in question(shard, id.flatMap { shard.partitions[$0] }, item, reply) },
                then: { continuation([$0]) })
        }
        askManyPartitions(items, question, then: continuation)
    }

    private func askManyPartitions<Item: Sendable, Answer: Sendable>(
        _ items: [(id: PartitionID?, item: Item)],
        _ question: @escaping @Sendable (BrokerShard, Partition?, Item, @escaping (Answer) -> Void) -> Void,
        then continuation: @escaping ([Answer]) -> Void
    ) {
        var places = Array(repeating: [Int](), count: node.shardCount)
        for (place, entry) in items.enumerated() { places[entry.id.map { shard(of: $0) } ?? index].append(place) }
        let gathering = Gathering<Answer>(count: items.count, then: continuation)
        for (target, mine) in places.enumerated() where !mine.isEmpty {
            let asked = mine.map { items[$0] }
            ask(
                target,
                { shard, reply in
                    let local = Gathering<Answer>(count: asked.count, then: reply)
                    for (place, entry) in asked.enumerated() {
                        let partition = entry.id.flatMap { shard.partitions[$0] }
                        question(shard, partition, entry.item) { local.set($0, at: place) }
                    }
                },
                then: { answers in
                    for (place, answer) in zip(mine, answers) { gathering.set(answer, at: place) }
                })
        }
    }
}
