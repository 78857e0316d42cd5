// SPDX-License-Identifier: Apache-2.0

internal import Coordinator
internal import KafkaProtocol
internal import Primitives
internal import Transactions

extension BrokerShard {
    /// Clients ask for one transaction (versions 0 to 3), brokers for several at once (KIP-890).
    func addPartitionsToTransaction(_ request: AddPartitionsToTxnRequest, _ context: RequestContext) {
        guard context.version >= 4 else { return addPartitionsOfClient(request, context) }
        let gathering = Gathering<AddPartitionsToTxnResponse.TransactionResult>(count: request.transactions.count) {
            [self] results in
            var response = AddPartitionsToTxnResponse()
            response.resultsByTransaction = results
            respond(response, to: context)
        }
        guard !request.transactions.isEmpty else { return respond(AddPartitionsToTxnResponse(), to: context) }
        for (place, transaction) in request.transactions.enumerated() {
            let asked = AskedPartitions(transaction.topics.map { ($0.name, $0.partitions) })
            let producer = ProducerIdentity(
                ProducerID(transaction.producerID), ProducerEpoch(transaction.producerEpoch))
            add(asked, to: TransactionalID(transaction.transactionalID), producer, onlyVerifies: transaction.verifyOnly)
            {
                codes in
                var result = AddPartitionsToTxnResponse.TransactionResult()
                result.transactionalID = transaction.transactionalID
                result.topicResults = asked.byTopic(codes).map { name, partitions in
                    var topic = AddPartitionsToTxnResponse.TopicResult()
                    topic.name = name
                    topic.resultsByPartition = partitions.map { index, code in
                        var partition = AddPartitionsToTxnResponse.PartitionResult()
                        partition.partitionIndex = index
                        partition.partitionErrorCode = code.rawValue
                        return partition
                    }
                    return topic
                }
                gathering.set(result, at: place)
            }
        }
    }

    private func addPartitionsOfClient(_ request: AddPartitionsToTxnRequest, _ context: RequestContext) {
        let asked = AskedPartitions(request.v3AndBelowTopics.map { ($0.name, $0.partitions) })
        let producer = ProducerIdentity(
            ProducerID(request.v3AndBelowProducerID), ProducerEpoch(request.v3AndBelowProducerEpoch))
        add(asked, to: TransactionalID(request.v3AndBelowTransactionalID), producer, onlyVerifies: false) {
            [self] codes in
            // Clients below version 2 do not know PRODUCER_FENCED (KIP-588).
            let codes = codes.map { $0 == .producerFenced && context.version < 2 ? .invalidProducerEpoch : $0 }
            var response = AddPartitionsToTxnResponse()
            response.resultsByTopicV3AndBelow = asked.byTopic(codes).map { name, partitions in
                var topic = AddPartitionsToTxnResponse.TopicResultV3()
                topic.name = name
                topic.resultsByPartition = partitions.map { index, code in
                    var partition = AddPartitionsToTxnResponse.PartitionResultV3()
                    partition.partitionIndex = index
                    partition.partitionErrorCode = code.rawValue
                    return partition
                }
                return topic
            }
            respond(response, to: context)
        }
    }

    /// Adds all partitions or none: where one does not exist the others are not attempted.
    private func add(
        _ asked: AskedPartitions, to id: TransactionalID, _ producer: ProducerIdentity, onlyVerifies: Bool,
        then reply: @escaping ([ErrorCode]) -> Void
    ) {
        let exist = asked.partitions.map { address($0.topic, $0.partition.rawValue).id != nil }
        guard onlyVerifies || exist.allSatisfy({ $0 }) else {
            return reply(exist.map { $0 ? .operationNotAttempted : .unknownTopicOrPartition })
        }
        let request: TransactionRequest =
            onlyVerifies
            ? .verifyPartitions(VerifyPartitionsRequest(id, producer, asked.partitions))
            : .addPartitions(AddPartitionsRequest(id, producer, asked.partitions))
        askTransaction(id, request) { answer in
            switch answer {
            case .addPartitions(let refusal):
                reply(asked.partitions.map { _ in refusal?.kafkaCode ?? ErrorCode.none })
            case .verifyPartitions(let refusals): reply(refusals.map { $0?.kafkaCode ?? ErrorCode.none })
            default: preconditionFailure("an AddPartitionsToTxn was answered with \(answer)")
            }
        }
    }
}

/// The partitions of a request, flat for the coordinator and by topic for the answer.
private struct AskedPartitions: Sendable {
    let topics: [(name: String, indexes: [Int32])]

    init(_ topics: [(String, [Int32])]) { self.topics = topics.map { (name: $0.0, indexes: $0.1) } }

    var partitions: [TopicPartition] {
        topics.flatMap { topic in
            topic.indexes.map { TopicPartition(topic: topic.name, partition: PartitionIndex($0)) }
        }
    }

    func byTopic(_ codes: [ErrorCode]) -> [(name: String, partitions: [(index: Int32, code: ErrorCode)])] {
        var rest = codes[...]
        return topics.map { topic in
            defer { rest = rest.dropFirst(topic.indexes.count) }
            return (topic.name, zip(topic.indexes, rest).map { ($0, $1) })
        }
    }
}
