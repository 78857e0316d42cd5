// SPDX-License-Identifier: Apache-2.0

internal import KafkaProtocol
internal import Primitives
internal import StorageEngine

extension BrokerShard {
    func deleteRecords(_ request: DeleteRecordsRequest, _ context: RequestContext) {
        let items = request.topics.flatMap { topic in
            topic.partitions.map { (id: address(topic.name, $0.partitionIndex).id, item: $0.offset) }
        }
        askPartitions(items, { shard, partition, offset, reply in reply(shard.trim(partition, below: offset)) }) {
            [self] answers in
            var answers = answers.makeIterator()
            var response = DeleteRecordsResponse()
            response.topics = request.topics.map { topic in
                var topicResponse = DeleteRecordsResponse.DeleteRecordsTopicResult()
                topicResponse.name = topic.name
                topicResponse.partitions = topic.partitions.map { partition in
                    var result = DeleteRecordsResponse.DeleteRecordsPartitionResult()
                    result.partitionIndex = partition.partitionIndex
                    switch answers.next() {
                    case .success(let start): result.lowWatermark = start.rawValue
                    case .failure(let code):
                        result.errorCode = code.rawValue
                        result.lowWatermark = -1
                    case nil: preconditionFailure("fewer answers than partitions")
                    }
                    return result
                }
                return topicResponse
            }
            respond(response, to: context)
        }
    }

    /// Makes `offset`, or the high watermark when it is −1, the first readable offset of a partition.
    ///
    /// - Returns: the log start offset after it.
    func trim(_ partition: Partition?, below offset: Int64) -> Result<Offset, ErrorCode> {
        guard let partition else { return .failure(.unknownTopicOrPartition) }
        let target: Offset
        switch trimTarget(in: partition, below: offset) {
        case .success(let offset): target = offset
        case .failure(let code): return .failure(code)
        }
        do throws(LogFault) {
            try partition.withLog { log throws(LogFault) in
                try log.advanceLogStart(to: target, at: wallClock, on: disk)
            }
            return .success(partition.log.logStartOffset)
        } catch {
            noteFault(error)
            return .failure(.kafkaStorageError)
        }
    }

    /// The offset that `trim` would move the log start to, or why it would not.
    func trimTarget(in partition: Partition, below offset: Int64) -> Result<Offset, ErrorCode> {
        guard partition.isLeader else { return .failure(.notLeaderOrFollower) }
        guard partition.settings.deletes else { return .failure(.policyViolation) }
        let target = offset == -1 ? partition.highWatermark : Offset(offset)
        guard target >= .zero, target <= partition.highWatermark else { return .failure(.offsetOutOfRange) }
        return .success(target)
    }
}
