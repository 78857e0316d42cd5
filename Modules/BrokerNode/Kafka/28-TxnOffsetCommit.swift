// SPDX-License-Identifier: Apache-2.0

internal import Coordinator
internal import Groups
internal import KafkaProtocol
internal import Primitives

extension BrokerShard {
    /// Takes the offsets that a transaction commits for a group; they count when the transaction is committed (KIP-98,
    /// KIP-447).
    func txnOffsetCommit(_ request: TxnOffsetCommitRequest, _ context: RequestContext) {
        let known = request.topics.flatMap { topic -> [Groups.OffsetCommitRequest.Partition] in
            guard let found = image.topic(named: topic.name) else { return [] }
            return topic.partitions.filter { found.partitions.indices.contains(Int($0.partitionIndex)) }.map {
                Groups.OffsetCommitRequest.Partition(
                    TopicPartition(topic: topic.name, partition: PartitionIndex($0.partitionIndex)),
                    offset: Offset($0.committedOffset), leaderEpoch: LeaderEpoch($0.committedLeaderEpoch),
                    metadata: $0.committedMetadata)
            }
        }
        let commit = TransactionalCommitRequest(
            producerID: ProducerID(request.producerID), producerEpoch: ProducerEpoch(request.producerEpoch),
            offsets: Groups.OffsetCommitRequest(
                group: GroupID(request.groupID), generation: GenerationID(request.generationID),
                member: MemberIdentity(
                    MemberID(request.memberID), instanceID: request.groupInstanceID.map { GroupInstanceID($0) }),
                partitions: known))
        guard !known.isEmpty else { return answer(request, .success([]), context) }
        guard let coordinator = coordinatorPartition(of: commit.offsets.group) else {
            return answer(request, .failure(.notCoordinator), context)
        }
        let producer = TransactionalProducer(
            transactionalID: request.transactionalID, id: commit.producerID, epoch: commit.producerEpoch,
            addsImplicitly: context.version >= 5)
        ask(
            shard(of: coordinator),
            { shard, reply in shard.take(commit, of: producer, at: coordinator, reply: reply) },
            then: { [self] result in
                answer(request, result.mapError { $0.inOffsetCommit(version: context.version) }, context)
            })
    }

    private func take(
        _ commit: TransactionalCommitRequest, of producer: TransactionalProducer, at coordinator: PartitionID,
        reply: @escaping (Result<[PartitionResult], ErrorCode>) -> Void
    ) {
        guard let shell = groups[coordinator.index], let partition = partitions[coordinator], partition.isLeader else {
            return reply(.failure(.notCoordinator))
        }
        guard shell.isLoaded else { return reply(.failure(.coordinatorLoadInProgress)) }
        admit(producer, to: partition) { refusal in
            if let refusal { return reply(.failure(refusal)) }
            shell.submit(.commitTransactionalOffsets(commit)) { answer in
                guard case .commitOffsets(let result) = answer else {
                    preconditionFailure("a commit was answered with \(answer)")
                }
                reply(result.mapError(\.kafkaCode))
            }
        }
    }

    private func answer(
        _ request: TxnOffsetCommitRequest, _ result: Result<[PartitionResult], ErrorCode>, _ context: RequestContext
    ) {
        let results = (try? result.get()) ?? []
        let refusals = Dictionary(
            results.map { ($0.partition, $0.refusal) }, uniquingKeysWith: { first, second in first ?? second })
        var response = TxnOffsetCommitResponse()
        response.topics = request.topics.map { topic in
            var topicResponse = TxnOffsetCommitResponse.TxnOffsetCommitResponseTopic()
            topicResponse.name = topic.name
            topicResponse.partitions = topic.partitions.map { partition in
                let index = PartitionIndex(partition.partitionIndex)
                var answer = TxnOffsetCommitResponse.TxnOffsetCommitResponsePartition()
                answer.partitionIndex = partition.partitionIndex
                switch (result, refusals[TopicPartition(topic: topic.name, partition: index)]) {
                case (.failure(let code), _): answer.errorCode = code.rawValue
                case (.success, nil): answer.errorCode = ErrorCode.unknownTopicOrPartition.rawValue
                case (.success, let refusal?): answer.errorCode = (refusal?.kafkaCode ?? .none).rawValue
                }
                return answer
            }
            return topicResponse
        }
        respond(response, to: context)
    }
}

extension ErrorCode {
    /// What TxnOffsetCommit of a version says for a coordinator's answer.
    fileprivate func inOffsetCommit(version: Int16) -> ErrorCode {
        switch self {
        case .networkException: .coordinatorNotAvailable
        case .concurrentTransactions where version < 5: .coordinatorLoadInProgress
        case .transactionAbortable where version < 4: .invalidTxnState
        case .producerFenced: .invalidProducerEpoch
        case .groupIDNotFound: .illegalGeneration
        default: self
        }
    }
}
