// SPDX-License-Identifier: Apache-2.0

internal import KafkaProtocol
internal import Primitives
internal import StorageEngine

extension BrokerShard {
    func describeProducers(_ request: DescribeProducersRequest, _ context: RequestContext) {
        let items = request.topics.flatMap { topic in
            topic.partitionIndexes.map { (id: address(topic.name, $0).id, item: ()) }
        }
        askPartitions(items, { _, partition, _, reply in reply(partition?.log.describeProducers()) }) {
            [self] (answers: [[ProducerDescription]?]) in
            var answers = answers.makeIterator()
            var response = DescribeProducersResponse()
            response.topics = request.topics.map { topic in
                var topicResponse = DescribeProducersResponse.TopicResponse()
                topicResponse.name = topic.name
                topicResponse.partitions = topic.partitionIndexes.map { index in
                    var partition = DescribeProducersResponse.PartitionResponse()
                    partition.partitionIndex = index
                    guard let producers = answers.next() ?? nil else {
                        partition.errorCode = ErrorCode.unknownTopicOrPartition.rawValue
                        return partition
                    }
                    partition.activeProducers = producers.map { DescribeProducersResponse.ProducerState($0) }
                    return partition
                }
                return topicResponse
            }
            respond(response, to: context)
        }
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
