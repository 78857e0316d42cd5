// SPDX-License-Identifier: Apache-2.0

internal import Coordinator
internal import Groups
internal import Primitives
internal import StorageEngine
internal import WireProtocol

/// How far a group has read a partition, as its log tells it.
private struct Progress: Sendable {
    let logStartOffset: Offset
    let highWatermark: Offset
    /// Time of the first record at or after the committed offset; nil when there is none.
    let firstUnread: Timestamp?
}

/// A partition that a group has committed or reads.
struct GroupPartition: Sendable {
    let partition: TopicPartition
    let committed: CommittedOffset?
    let member: MemberMetadata?
}

extension AdminService {
    func groupLag(_ request: Admin.GroupLagRequest) async throws -> Admin.GroupLagResponse {
        let ids =
            request.groupIDs.isEmpty
            ? try await listedGroups().map(\.group) : request.groupIDs.map { GroupID($0) }
        let descriptions = await describe(ids)
        let known = await knownGroups(ifMissingIn: descriptions)
        var response = Admin.GroupLagResponse()
        for description in descriptions {
            guard let refusal = description.refusal else {
                response.groups.append(try await lag(of: description, topics: Set(request.topics)))
                continue
            }
            response.groups.append(
                .with {
                    $0.groupID = description.group.rawValue
                    $0.error = RPCError(refusal, group: $0.groupID, known: known)
                })
        }
        return response
    }

    /// - Parameter topics: Only these; empty for all.
    func lag(of group: GroupFacts, topics: Set<String>) async throws(RPCError) -> Admin.GroupLag {
        let partitions = try await partitions(of: group).filter {
            topics.isEmpty || topics.contains($0.partition.topic)
        }
        let (progress, image, now) = await progress(of: partitions)
        return .with {
            $0.groupID = group.group.rawValue
            $0.state = group.state.rawValue
            $0.partitions = zip(partitions, progress).map { partition, progress in
                lag(partition, progress, image, at: now)
            }
            $0.recordLag = $0.partitions.reduce(0) { $0 + ($1.recordLag ?? 0) }
            $0.timeLagMilliseconds = $0.partitions.reduce(0) { max($0, $1.timeLagMilliseconds ?? 0) }
        }
    }

    /// Every partition with a committed offset or an owner, sorted.
    private func partitions(of group: GroupFacts) async throws(RPCError) -> [GroupPartition] {
        let fetched = await committedOffsets([group.group])
        if let refusal = fetched.first?.refusal { throw RPCError(refusal, group: group.group.rawValue) }
        var owners: [TopicPartition: MemberMetadata] = [:]
        for member in group.members {
            for (topic, partitions) in member.partitions(protocolType: group.protocolType) {
                for index in partitions { owners[TopicPartition(topic: topic, partition: index)] = member }
            }
        }
        var committed: [TopicPartition: CommittedOffset] = [:]
        for partition in fetched.first?.partitions ?? [] { committed[partition.partition] = partition.committed }
        return Set(owners.keys).union(committed.keys).sorted().map {
            GroupPartition(partition: $0, committed: committed[$0], member: owners[$0])
        }
    }

    private func progress(
        of partitions: [GroupPartition]
    ) async -> ([Result<Progress, RecordReadFailure>], MetadataImage, Timestamp) {
        await ask { shard, reply in
            let items = partitions.map { asked in
                (
                    id: shard.address(asked.partition.topic, asked.partition.partition.rawValue).id,
                    item: asked.committed?.offset
                )
            }
            shard.askPartitions(items, { $0.progress(of: $1, from: $2, reply: $3) }) {
                reply(($0, shard.image, shard.wallClock))
            }
        }
    }

    private func lag(
        _ asked: GroupPartition, _ progress: Result<Progress, RecordReadFailure>, _ image: MetadataImage,
        at now: Timestamp
    ) -> Admin.PartitionLag {
        .with {
            $0.topic = asked.partition.topic
            $0.partition = asked.partition.partition
            $0.committedOffset = asked.committed?.offset
            $0.memberID = asked.member?.memberID.rawValue ?? ""
            $0.clientID = asked.member?.clientID ?? ""
            $0.clientHost = asked.member?.clientHost ?? ""
            switch progress {
            case .failure(.partitionGone): $0.error = .unknown($0.topic, $0.partition, in: image)
            case .failure(let failure): $0.error = RPCError(failure, $0.topic, $0.partition)
            case .success(let found):
                $0.logStartOffset = found.logStartOffset
                $0.highWatermark = found.highWatermark
                guard let committed = asked.committed?.offset else { return }
                $0.recordLag = max(0, found.highWatermark.distance(from: committed))
                guard let firstUnread = found.firstUnread else {
                    $0.timeLagMilliseconds = 0
                    return
                }
                // A record may be without a time, and a producer's clock ahead of ours: an age is never negative.
                $0.timeLagMilliseconds =
                    firstUnread >= Timestamp(0) ? max(0, now.rawValue - firstUnread.rawValue) : nil
            }
        }
    }
}

extension BrokerShard {
    fileprivate func progress(
        of partition: Partition?, from committed: Offset?,
        reply: @escaping (Result<Progress, RecordReadFailure>) -> Void
    ) {
        guard let partition else { return reply(.failure(.partitionGone)) }
        let (start, end) = (partition.log.logStartOffset, partition.highWatermark)
        guard let committed, committed < end else {
            return reply(.success(Progress(logStartOffset: start, highWatermark: end, firstUnread: nil)))
        }
        // What was trimmed cannot be read any more: the first unread record is the first that is left.
        timestamp(ofFirstRecordIn: partition, from: max(start, committed)) { result in
            reply(result.map { Progress(logStartOffset: start, highWatermark: end, firstUnread: $0) })
        }
    }
}
