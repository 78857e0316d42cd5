// SPDX-License-Identifier: Apache-2.0

internal import KafkaProtocol
internal import Primitives
internal import StorageEngine

private struct EpochQuestion: Sendable {
    let current: LeaderEpoch
    let asked: LeaderEpoch
}

extension BrokerShard {
    /// Where a leader epoch ends in our log, so that a client finds out whether its position was truncated (KIP-320).
    func offsetForLeaderEpoch(_ request: OffsetForLeaderEpochRequest, _ context: RequestContext) {
        let items = request.topics.flatMap { topic in
            topic.partitions.map {
                (
                    id: address(topic.topic, $0.partition).id,
                    item: EpochQuestion(
                        current: LeaderEpoch($0.currentLeaderEpoch), asked: LeaderEpoch($0.leaderEpoch))
                )
            }
        }
        askPartitions(items, { shard, partition, question, reply in reply(shard.epochEnd(question, in: partition)) }) {
            [self] answers in
            var answers = answers.makeIterator()
            var response = OffsetForLeaderEpochResponse()
            response.topics = request.topics.map { topic in
                var topicResponse = OffsetForLeaderEpochResponse.OffsetForLeaderTopicResult()
                topicResponse.topic = topic.topic
                topicResponse.partitions = topic.partitions.map { partition in
                    var result = OffsetForLeaderEpochResponse.EpochEndOffset()
                    result.partition = partition.partition
                    switch answers.next() {
                    case .success(let end?):
                        if context.version >= 1 { result.leaderEpoch = end.epoch.rawValue }
                        result.endOffset = end.endOffset.rawValue
                    case .success(nil): break
                    case .failure(let code): result.errorCode = code.rawValue
                    case nil: preconditionFailure("fewer answers than partitions")
                    }
                    return result
                }
                return topicResponse
            }
            respond(response, to: context)
        }
    }

    private func epochEnd(_ question: EpochQuestion, in partition: Partition?) -> Result<EpochEnd?, ErrorCode> {
        guard let partition else { return .failure(.unknownTopicOrPartition) }
        guard partition.isLeader else { return .failure(.notLeaderOrFollower) }
        if let failure = checkEpoch(question.current, of: partition) { return .failure(failure.kafkaCode) }
        // The epoch that is being written ends where the log ends: the high watermark lags after an election, and a consumer
        // that compares its position with it would believe that records are gone.
        guard question.asked != partition.leaderEpoch else {
            return .success(EpochEnd(epoch: question.asked, endOffset: partition.log.logEndOffset))
        }
        return .success(partition.log.endOffset(of: question.asked))
    }
}
