// SPDX-License-Identifier: Apache-2.0

internal import Groups
internal import Primitives
internal import WireProtocol

/// A partition that a group has committed or reads.
struct GroupPartition: Sendable {
    let partition: TopicPartition
    let committed: CommittedOffset?
    let member: MemberMetadata?
}

extension AdminService {
    func groupLag(_ request: Admin.GroupLagRequest) async throws -> Admin.GroupLagResponse {
        let topics = Set(request.topics)
        guard !request.groupIDs.isEmpty else {
            let groups = try await ofEveryBroker(
                Admin.groupLag, .with { ($0.topics, $0.localOnly) = (request.topics, true) },
                localOnly: request.localOnly, \.groups
            ) { [self] in try await lags(of: try await listedGroups().map(\.group), topics) }
            return .with { $0.groups = groups.items.sorted { $0.groupID < $1.groupID } }
        }
        let groups = try await ofCoordinators(
            request.groupIDs, Admin.groupLag, localOnly: request.localOnly,
            { ids in .with { ($0.groupIDs, $0.topics, $0.localOnly) = (ids, request.topics, true) } }, \.groups
        ) { [self] ids in
            try await lags(of: ids.map { GroupID($0) }, topics)
        } failed: { id, error in
            .with { ($0.groupID, $0.error) = (id, error) }
        }
        return .with { $0.groups = groups }
    }

    /// Of groups that this broker coordinates.
    private func lags(of ids: [GroupID], _ topics: Set<String>) async throws(RPCError) -> [Admin.GroupLag] {
        let descriptions = await describe(ids)
        let known = await knownGroups(ifMissingIn: descriptions)
        var lags: [Admin.GroupLag] = []
        for description in descriptions {
            guard let refusal = description.refusal else {
                lags.append(try await lag(of: description, topics: topics))
                continue
            }
            lags.append(
                .with {
                    $0.groupID = description.group.rawValue
                    $0.error = RPCError(refusal, group: $0.groupID, known: known)
                })
        }
        return lags
    }

    /// - Parameter topics: Only these; empty for all.
    func lag(of group: GroupFacts, topics: Set<String>) async throws(RPCError) -> Admin.GroupLag {
        let partitions = try await partitions(of: group).filter {
            topics.isEmpty || topics.contains($0.partition.topic)
        }
        let answers = await look(
            up: partitions.map {
                PartitionQuestion(
                    topic: $0.partition.topic, partition: $0.partition.partition, offset: $0.committed?.offset)
            })
        let now = await ask { $1($0.wallClock) }
        return .with {
            $0.groupID = group.group.rawValue
            $0.state = group.state.rawValue
            $0.partitions = zip(partitions, answers).map { lag($0, $1, at: now) }
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

    private func lag(
        _ asked: GroupPartition, _ answer: Result<PartitionAnswer, RPCError>, at now: Timestamp
    ) -> Admin.PartitionLag {
        .with {
            $0.topic = asked.partition.topic
            $0.partition = asked.partition.partition
            $0.committedOffset = asked.committed?.offset
            $0.memberID = asked.member?.memberID.rawValue ?? ""
            $0.clientID = asked.member?.clientID ?? ""
            $0.clientHost = asked.member?.clientHost ?? ""
            switch answer {
            case .failure(let error): $0.error = error
            case .success(let found):
                $0.logStartOffset = found.logStartOffset
                $0.highWatermark = found.highWatermark
                guard let committed = asked.committed?.offset else { return }
                $0.recordLag = found.recordLag(of: committed)
                let time = found.timestamp.map { Lag.Time.since($0) } ?? .upToDate
                $0.timeLagMilliseconds = time.milliseconds(at: now)
            }
        }
    }
}
