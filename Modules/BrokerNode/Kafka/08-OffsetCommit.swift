// SPDX-License-Identifier: Apache-2.0

internal import Coordinator
internal import Groups
internal import KafkaProtocol
internal import Primitives

extension BrokerShard {
    func offsetCommit(_ request: KafkaProtocol.OffsetCommitRequest, _ context: RequestContext) {
        // Topics that do not exist are answered here; the coordinator gets the others.
        var known: [Groups.OffsetCommitRequest.Partition] = []
        var isKnown: [Bool] = []
        for topic in request.topics {
            let found = context.version >= 10 ? image.topic(topic.topicID) : image.topic(named: topic.name)
            for partition in topic.partitions {
                let exists = found.map { $0.partitions.indices.contains(Int(partition.partitionIndex)) } ?? false
                isKnown.append(exists)
                guard exists, let found else { continue }
                known.append(
                    Groups.OffsetCommitRequest.Partition(
                        TopicPartition(topic: found.name, partition: PartitionIndex(partition.partitionIndex)),
                        offset: Offset(partition.committedOffset),
                        leaderEpoch: LeaderEpoch(partition.committedLeaderEpoch),
                        metadata: partition.committedMetadata, topicID: context.version >= 10 ? found.id : .zero))
            }
        }
        let retention = (2...4).contains(context.version) && request.retentionTimeMs >= 0
        let commit = Groups.OffsetCommitRequest(
            group: GroupID(request.groupID), generation: GenerationID(request.generationIDOrMemberEpoch),
            member: MemberIdentity(
                MemberID(request.memberID), instanceID: request.groupInstanceID.map { GroupInstanceID($0) }),
            retentionMilliseconds: retention ? request.retentionTimeMs : nil, partitions: known)
        guard !known.isEmpty else { return answerCommit(request, isKnown, .success([]), context) }
        askGroup(commit.group, .commitOffsets(commit)) { [self] reply in
            guard case .commitOffsets(let result) = reply else {
                preconditionFailure("a commit was answered with \(reply)")
            }
            answerCommit(request, isKnown, result, context)
        }
    }

    private func answerCommit(
        _ request: KafkaProtocol.OffsetCommitRequest, _ isKnown: [Bool],
        _ result: Result<[PartitionResult], GroupRefusal>, _ context: RequestContext
    ) {
        var known = isKnown.makeIterator()
        var results = (try? result.get())?.makeIterator()
        let unknownCode: ErrorCode = context.version >= 10 ? .unknownTopicID : .unknownTopicOrPartition
        var response = OffsetCommitResponse()
        response.topics = request.topics.map { topic in
            var topicResponse = OffsetCommitResponse.OffsetCommitResponseTopic()
            topicResponse.name = topic.name
            topicResponse.topicID = topic.topicID
            topicResponse.partitions = topic.partitions.map { partition in
                var answer = OffsetCommitResponse.OffsetCommitResponsePartition()
                answer.partitionIndex = partition.partitionIndex
                let code: ErrorCode
                if known.next() == true {
                    switch result {
                    case .success: code = (results?.next()?.refusal).map { $0.commitCode(context.version) } ?? .none
                    case .failure(let refusal): code = refusal.commitCode(context.version)
                    }
                } else {
                    code = unknownCode
                }
                answer.errorCode = code.rawValue
                return answer
            }
            return topicResponse
        }
        respond(response, to: context)
    }
}

extension GroupRefusal {
    /// Before version 9 a client that commits to a group that is not there learns that its generation is gone.
    fileprivate func commitCode(_ version: Int16) -> ErrorCode {
        self == .groupNotFound && version < 9 ? .illegalGeneration : kafkaCode
    }
}
