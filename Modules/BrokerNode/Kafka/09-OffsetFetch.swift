// SPDX-License-Identifier: Apache-2.0

internal import Coordinator
internal import Groups
internal import KafkaProtocol
internal import Primitives

extension BrokerShard {
    func offsetFetch(_ request: KafkaProtocol.OffsetFetchRequest, _ context: RequestContext) {
        let asked = groupRequests(of: request, version: context.version)
        let byGroup = Dictionary(asked.map { ($0.group, $0) }, uniquingKeysWith: { first, _ in first })
        askGroups(
            asked.map(\.group), { groups in .fetchOffsets(groups.compactMap { byGroup[$0] }) },
            { reply in
                guard case .fetchOffsets(let found) = reply else {
                    preconditionFailure("a fetch of offsets was answered with \(reply)")
                }
                return found
            }
        ) { [self] found in
            guard context.version >= 8 else { return respond(flatResponse(found, context), to: context) }
            var response = groupedResponse(found, version: context.version)
            if context.version >= 10 { addUnknownTopics(of: request, to: &response) }
            respond(response, to: context)
        }
    }

    /// Version 8 asks for several groups at once (KIP-709).
    private func groupRequests(
        of request: KafkaProtocol.OffsetFetchRequest, version: Int16
    ) -> [Groups.OffsetFetchRequest] {
        guard version >= 8 else {
            let partitions = request.topics.map { topics in
                topics.flatMap { topic in
                    topic.partitionIndexes.map {
                        Groups.OffsetFetchRequest.Partition(
                            TopicPartition(topic: topic.name, partition: PartitionIndex($0)))
                    }
                }
            }
            return [
                Groups.OffsetFetchRequest(
                    group: GroupID(request.groupID), partitions: partitions, requiresStable: request.requireStable)
            ]
        }
        return request.groups.map { group in
            let partitions = group.topics.map { topics in
                topics.flatMap { topic -> [Groups.OffsetFetchRequest.Partition] in
                    // A topic id that is not known has no name that a commit could be found under.
                    guard let name = version >= 10 ? image.topic(topic.topicID)?.name : topic.name else { return [] }
                    return topic.partitionIndexes.map {
                        Groups.OffsetFetchRequest.Partition(
                            TopicPartition(topic: name, partition: PartitionIndex($0)), topicID: topic.topicID)
                    }
                }
            }
            return Groups.OffsetFetchRequest(
                group: GroupID(group.groupID), partitions: partitions, requiresStable: request.requireStable)
        }
    }

    private func flatResponse(_ found: [FetchedOffsets], _ context: RequestContext) -> OffsetFetchResponse {
        var response = OffsetFetchResponse()
        guard let group = found.first else { return response }
        let code = (group.refusal?.kafkaCode ?? .none).rawValue
        if context.version >= 2 { response.errorCode = code }
        response.topics = byTopic(group.partitions).map { name, partitions in
            var topic = OffsetFetchResponse.OffsetFetchResponseTopic()
            topic.name = name
            topic.partitions = partitions.map {
                var partition = OffsetFetchResponse.OffsetFetchResponsePartition()
                partition.partitionIndex = $0.partition.partition.rawValue
                partition.committedOffset = $0.committed?.offset.rawValue ?? -1
                if context.version >= 5 {
                    partition.committedLeaderEpoch = $0.committed?.leaderEpoch.rawValue ?? -1
                }
                partition.metadata = $0.committed?.metadata ?? ""
                partition.errorCode = context.version < 2 ? code : $0.unstableCode
                return partition
            }
            return topic
        }
        return response
    }

    private func groupedResponse(_ found: [FetchedOffsets], version: Int16) -> OffsetFetchResponse {
        var response = OffsetFetchResponse()
        response.groups = found.map { group in
            var answer = OffsetFetchResponse.OffsetFetchResponseGroup()
            answer.groupID = group.group.rawValue
            answer.errorCode = (group.refusal?.kafkaCode ?? .none).rawValue
            answer.topics = byTopic(group.partitions).map { name, partitions in
                var topic = OffsetFetchResponse.OffsetFetchResponseTopics()
                topic.name = version >= 10 ? "" : name
                if version >= 10 { topic.topicID = image.topic(named: name)?.id ?? .zero }
                topic.partitions = partitions.map {
                    var partition = OffsetFetchResponse.OffsetFetchResponsePartitions()
                    partition.partitionIndex = $0.partition.partition.rawValue
                    partition.committedOffset = $0.committed?.offset.rawValue ?? -1
                    partition.committedLeaderEpoch = $0.committed?.leaderEpoch.rawValue ?? -1
                    partition.metadata = $0.committed?.metadata ?? ""
                    partition.errorCode = $0.unstableCode
                    return partition
                }
                return topic
            }
            return answer
        }
        return response
    }

    /// Says of each topic id that names no topic that it does not.
    private func addUnknownTopics(
        of request: KafkaProtocol.OffsetFetchRequest, to response: inout OffsetFetchResponse
    ) {
        for (place, group) in request.groups.enumerated() {
            for topic in group.topics ?? [] where image.topic(topic.topicID) == nil {
                var answer = OffsetFetchResponse.OffsetFetchResponseTopics()
                answer.topicID = topic.topicID
                answer.partitions = topic.partitionIndexes.map {
                    var partition = OffsetFetchResponse.OffsetFetchResponsePartitions()
                    partition.partitionIndex = $0
                    partition.committedOffset = -1
                    partition.errorCode = ErrorCode.unknownTopicID.rawValue
                    return partition
                }
                response.groups[place].topics.append(answer)
            }
        }
    }

    /// Runs of partitions of one topic, in the order given.
    private func byTopic(
        _ partitions: [FetchedOffsets.Partition]
    ) -> [(String, [FetchedOffsets.Partition])] {
        var topics: [(String, [FetchedOffsets.Partition])] = []
        for partition in partitions {
            if topics.last?.0 == partition.partition.topic {
                topics[topics.count - 1].1.append(partition)
            } else {
                topics.append((partition.partition.topic, [partition]))
            }
        }
        return topics
    }
}

extension FetchedOffsets.Partition {
    fileprivate var unstableCode: Int16 { (isUnstable ? ErrorCode.unstableOffsetCommit : .none).rawValue }
}
