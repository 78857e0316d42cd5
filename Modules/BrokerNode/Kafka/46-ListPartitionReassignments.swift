// SPDX-License-Identifier: Apache-2.0

internal import Coordinator
internal import KafkaProtocol
internal import Primitives

extension BrokerShard {
    /// Lists the moves that are under way, from this broker's image (KIP-455).
    func listPartitionReassignments(_ request: ListPartitionReassignmentsRequest, _ context: RequestContext) {
        let wanted = request.topics.map { topics in
            Set(
                topics.flatMap { topic in
                    topic.partitionIndexes.map { PartitionReference(topic: topic.name, index: PartitionIndex($0)) }
                })
        }
        var response = ListPartitionReassignmentsResponse()
        var byTopic: [String: [ListPartitionReassignmentsResponse.OngoingPartitionReassignment]] = [:]
        for id in image.reassigningPartitions() {
            guard let topic = image.topic(id.topic) else { continue }
            let reference = PartitionReference(topic: topic.name, index: id.index)
            guard wanted?.contains(reference) ?? true else { continue }
            byTopic[topic.name, default: []].append(.init(topic.partitions[Int(id.index.rawValue)], at: id.index))
        }
        response.topics = byTopic.sorted { $0.key < $1.key }.map { name, partitions in
            var topic = ListPartitionReassignmentsResponse.OngoingTopicReassignment()
            topic.name = name
            topic.partitions = partitions
            return topic
        }
        respond(response, to: context)
    }
}

extension ListPartitionReassignmentsResponse.OngoingPartitionReassignment {
    fileprivate init(_ partition: PartitionImage, at index: PartitionIndex) {
        self.init()
        partitionIndex = index.rawValue
        replicas = partition.replicas.map(\.rawValue)
        addingReplicas = partition.addingReplicas.map(\.rawValue)
        removingReplicas = partition.removingReplicas.map(\.rawValue)
    }
}

extension ListPartitionReassignmentsResponse: ErrorCarrying {
    var firstErrorCode: Int16 { errorCode }
}
