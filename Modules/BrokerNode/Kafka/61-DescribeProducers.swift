// SPDX-License-Identifier: Apache-2.0

internal import KafkaProtocol
internal import Primitives
internal import StorageEngine

extension BrokerShard {
    func describeProducers(_ request: DescribeProducersRequest, _ context: RequestContext) {
        let items = request.topics.flatMap { topic in
            topic.partitionIndexes.map { (id: address(topic.name, $0).id, item: ()) }
        }
        askPartitions(items, { _, partition, _, reply in reply(Self.producers(of: partition)) }) {
            [self] (answers: [Result<[ProducerDescription], ErrorCode>]) in
            var answers = answers.makeIterator()
            var response = DescribeProducersResponse()
            response.topics = request.topics.map { topic in
                var topicResponse = DescribeProducersResponse.TopicResponse()
                topicResponse.name = topic.name
                topicResponse.partitions = topic.partitionIndexes.map { index in
                    var partition = DescribeProducersResponse.PartitionResponse()
                    partition.partitionIndex = index
                    switch answers.next() {
                    case .success(let producers)?:
                        partition.activeProducers = producers.map { DescribeProducersResponse.ProducerState($0) }
                    case .failure(let code)?: partition.errorCode = code.rawValue
                    case nil: preconditionFailure("fewer answers than partitions")
                    }
                    return partition
                }
                return topicResponse
            }
            respond(response, to: context)
        }
    }

    private static func producers(of partition: Partition?) -> Result<[ProducerDescription], ErrorCode> {
        guard let partition else { return .failure(.unknownTopicOrPartition) }
        guard partition.isLeader else { return .failure(.notLeaderOrFollower) }
        return .success(partition.log.describeProducers())
    }
}

extension DescribeProducersResponse.ProducerState {
    fileprivate init(_ producer: ProducerDescription) {
        self.init()
        producerID = producer.producerID.rawValue
        producerEpoch = Int32(producer.producerEpoch.rawValue)
        lastSequence = producer.lastSequence
        lastTimestamp = producer.lastTimestamp.rawValue
        coordinatorEpoch = producer.coordinatorEpoch
        currentTxnStartOffset = producer.currentTransactionStart?.rawValue ?? -1
    }
}
