// SPDX-License-Identifier: Apache-2.0

internal import Groups
internal import KafkaProtocol
internal import Primitives

extension BrokerShard {
    func offsetDelete(_ request: KafkaProtocol.OffsetDeleteRequest, _ context: RequestContext) {
        let partitions = request.topics.flatMap { topic in
            topic.partitions.map { TopicPartition(topic: topic.name, partition: PartitionIndex($0.partitionIndex)) }
        }
        let deletion = Groups.OffsetDeleteRequest(group: GroupID(request.groupID), partitions: partitions)
        askGroup(deletion.group, .deleteOffsets(deletion)) { [self] reply in
            guard case .deleteOffsets(let result) = reply else {
                preconditionFailure("a deletion of offsets was answered with \(reply)")
            }
            var response = OffsetDeleteResponse()
            switch result {
            case .failure(let refusal): response.errorCode = refusal.kafkaCode.rawValue
            case .success(let results):
                var results = results.makeIterator()
                response.topics = request.topics.map { topic in
                    var answer = OffsetDeleteResponse.OffsetDeleteResponseTopic()
                    answer.name = topic.name
                    answer.partitions = topic.partitions.map {
                        var partition = OffsetDeleteResponse.OffsetDeleteResponsePartition()
                        partition.partitionIndex = $0.partitionIndex
                        partition.errorCode = (results.next()?.refusal?.kafkaCode ?? .none).rawValue
                        return partition
                    }
                    return answer
                }
            }
            respond(response, to: context)
        }
    }
}
