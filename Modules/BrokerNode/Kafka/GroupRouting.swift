// SPDX-License-Identifier: Apache-2.0

internal import Coordinator
internal import Groups
internal import KafkaProtocol
internal import Primitives

extension BrokerShard {
    /// Partition of `__consumer_offsets` that a group belongs to; nil while the topic does not exist.
    func coordinatorPartition(of group: GroupID) -> PartitionID? {
        guard let topic = image.topic(named: OffsetsTopic.name) else { return nil }
        let index = OffsetsTopic.partition(of: group, count: Int32(topic.partitions.count))
        return PartitionID(topic: topic.id, index: index)
    }

    /// Puts a request to the coordinator of `group`, wherever it runs.
    func askGroup(_ group: GroupID, _ request: GroupRequest, then reply: @escaping (GroupReply) -> Void) {
        guard let partition = coordinatorPartition(of: group) else { return reply(request.refused(.notCoordinator)) }
        ask(shard(of: partition), { $0.submit(request, to: partition.index, reply: $1) }, then: reply)
    }

    /// Splits groups by coordinator, asks each, and gives back one answer for each group in the order asked.
    func askGroups<Answer: Sendable>(
        _ groups: [GroupID], _ request: @escaping ([GroupID]) -> GroupRequest,
        _ answers: @escaping (GroupReply) -> [Answer], then continuation: @escaping ([Answer]) -> Void
    ) {
        guard !groups.isEmpty else { return continuation([]) }
        let owners = groups.map { coordinatorPartition(of: $0)?.index ?? PartitionIndex(-1) }
        let distinct = Set(owners).sorted()
        let gathering = Gathering<[(Int, Answer)]>(count: distinct.count) { parts in
            var placed: [Answer?] = Array(repeating: nil, count: groups.count)
            for (place, answer) in parts.flatMap(\.self) { placed[place] = answer }
            continuation(placed.compactMap(\.self))
        }
        for (order, owner) in distinct.enumerated() {
            let places = groups.indices.filter { owners[$0] == owner }
            let mine = places.map { groups[$0] }
            askGroup(mine[0], request(mine)) { reply in
                let found = answers(reply)
                precondition(found.count == places.count, "\(found.count) answers for \(places.count) groups")
                gathering.set(Array(zip(places, found)), at: order)
            }
        }
    }

    private func submit(_ request: GroupRequest, to index: PartitionIndex, reply: @escaping (GroupReply) -> Void) {
        guard let shell = groups[index] else { return reply(request.refused(.notCoordinator)) }
        shell.submit(request, reply: reply)
    }
}
