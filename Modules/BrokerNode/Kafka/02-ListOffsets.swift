// SPDX-License-Identifier: Apache-2.0

internal import KafkaProtocol
internal import Primitives
internal import StorageEngine

/// Which offset a client wants to know. The numbers stand where a time would.
private enum OffsetQuery: Sendable {
    case latest
    case earliest
    /// The record with the largest timestamp (KIP-734).
    case maxTimestamp
    /// First offset on this machine's disk, which without tiering is the first (KIP-405).
    case earliestLocal
    /// Last offset in tiered storage (KIP-1005); there is none.
    case latestTiered
    case time(Timestamp)

    init?(_ number: Int64, version: Int16) {
        switch number {
        case -1: self = .latest
        case -2: self = .earliest
        case -3 where version >= 7: self = .maxTimestamp
        case -4 where version >= 8: self = .earliestLocal
        case -5 where version >= 9: self = .latestTiered
        case 0...: self = .time(Timestamp(number))
        default: return nil
        }
    }
}

private struct OffsetQuestion: Sendable {
    let query: OffsetQuery?
    let readsCommitted: Bool
    let epoch: LeaderEpoch
}

extension BrokerShard {
    /// How long a question for the end waits for a new leader's high watermark: within it nearly always comes.
    private static let endMilliseconds: Int64 = 500

    func listOffsets(_ request: ListOffsetsRequest, _ context: RequestContext) {
        let readsCommitted = request.isolationLevel == 1
        let items = request.topics.flatMap { topic -> [(id: PartitionID?, item: OffsetQuestion)] in
            topic.partitions.map { partition in
                let question = OffsetQuestion(
                    query: OffsetQuery(partition.timestamp, version: context.version), readsCommitted: readsCommitted,
                    epoch: LeaderEpoch(partition.currentLeaderEpoch))
                return (id: address(topic.name, partition.partitionIndex).id, item: question)
            }
        }
        askPartitions(items, { $0.findOffset($2, in: $1, reply: $3) }) { [self] answers in
            var answers = answers.makeIterator()
            var response = ListOffsetsResponse()
            response.topics = request.topics.map { topic in
                var topicResponse = ListOffsetsResponse.ListOffsetsTopicResponse()
                topicResponse.name = topic.name
                topicResponse.partitions = topic.partitions.map { partition in
                    var answer = ListOffsetsResponse.ListOffsetsPartitionResponse()
                    answer.partitionIndex = partition.partitionIndex
                    switch answers.next() {
                    case .success(let found?):
                        answer.offset = found.offset.rawValue
                        answer.timestamp = found.timestamp.rawValue
                        if context.version >= 4 { answer.leaderEpoch = found.leaderEpoch.rawValue }
                    case .success(nil): break
                    // Version 5 is the first that knows of offsets that are not available yet (KIP-207).
                    case .failure(.offsetNotAvailable) where context.version < 5:
                        answer.errorCode = ErrorCode.leaderNotAvailable.rawValue
                    case .failure(let code): answer.errorCode = code.rawValue
                    case nil: preconditionFailure("fewer answers than partitions")
                    }
                    return answer
                }
                return topicResponse
            }
            respond(response, to: context)
        }
    }

    private func findOffset(
        _ question: OffsetQuestion, in partition: Partition?,
        reply: @escaping (Result<TimestampedOffset?, ErrorCode>) -> Void
    ) {
        guard let partition else { return reply(.failure(.unknownTopicOrPartition)) }
        guard partition.isLeader else { return reply(.failure(.notLeaderOrFollower)) }
        guard let query = question.query else { return reply(.failure(.unsupportedVersion)) }
        if let failure = checkEpoch(question.epoch, of: partition) { return reply(.failure(failure.kafkaCode)) }
        let deadline = now.advanced(byMilliseconds: Self.endMilliseconds)
        partition.awaitRecoveredEnd(until: deadline) { [self] isReached in
            guard isReached else {
                return reply(.failure(partition.isLeader ? .offsetNotAvailable : .notLeaderOrFollower))
            }
            let bound = question.readsCommitted ? partition.lastStableOffset : partition.highWatermark
            answer(query, in: partition, below: bound, reply: reply)
        }
        if !partition.hasReachedRecoveredEnd { markAwaited(partition) }
    }

    private func answer(
        _ query: OffsetQuery, in partition: Partition, below bound: Offset,
        reply: @escaping (Result<TimestampedOffset?, ErrorCode>) -> Void
    ) {
        func plain(_ offset: Offset) -> Result<TimestampedOffset?, ErrorCode> {
            .success(
                TimestampedOffset(offset: offset, timestamp: .none, leaderEpoch: partition.log.epoch(of: offset)))
        }
        switch query {
        case .latest:
            reply(
                .success(
                    TimestampedOffset(offset: bound, timestamp: .none, leaderEpoch: partition.leaderEpoch)))
        case .earliest, .earliestLocal: reply(plain(partition.log.logStartOffset))
        case .latestTiered: reply(.success(nil))
        case .maxTimestamp:
            search(partition, { log, disk throws(ReadRefusal) in try log.maxTimestamp(below: bound, on: disk) }, reply)
        case .time(let time):
            search(
                partition,
                { log, disk throws(ReadRefusal) in try log.offset(atOrAfter: time, below: bound, on: disk) }, reply)
        }
    }

    private func search(
        _ partition: Partition,
        _ operation: @escaping (inout PartitionLog, any Disk) throws(ReadRefusal) -> TimestampedOffset?,
        _ reply: @escaping (Result<TimestampedOffset?, ErrorCode>) -> Void
    ) {
        warming({ [self] () throws(ReadRefusal) in
            try partition.withLog { log throws(ReadRefusal) in try operation(&log, disk) }
        }) { reply($0.mapError(\.kafkaCode)) }
    }
}
