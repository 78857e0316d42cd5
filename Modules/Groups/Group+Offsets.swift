// SPDX-License-Identifier: Apache-2.0

internal import Primitives

extension Group {
    /// Writes what a group has consumed, if the member may speak for the current generation.
    ///
    /// - Parameter producer: Whose transaction the commit is part of.
    mutating func commit(
        _ request: OffsetCommitRequest, in producer: (id: ProducerID, epoch: ProducerEpoch)? = nil,
        for token: RequestToken, _ desk: inout Desk
    ) {
        do throws(GroupRefusal) {
            try validateCommit(request, isTransactional: producer != nil)
            try desk.checkRoomForAppend()
        } catch {
            return desk.reply(token, .commitOffsets(.failure(error)))
        }
        if state == .stable || state == .preparingRebalance {
            restartSession(of: request.member.memberID, &desk)
        }
        let expiresAt = request.retentionMilliseconds.map { desk.wall.advanced(byMilliseconds: $0) } ?? .none
        var records: [GroupRecord] = []
        let results = request.partitions.map { partition in
            let metadata = partition.metadata ?? ""
            let limit = desk.limits.offsetMetadataLengthMax
            guard metadata.utf16.count <= limit, metadata.utf8.count <= textByteCountMax else {
                return PartitionResult(
                    partition: partition.partition, refusal: .offsetMetadataTooLarge(limit: limit))
            }
            let committed = CommittedOffset(
                offset: partition.offset, leaderEpoch: partition.leaderEpoch, metadata: metadata,
                committedAt: desk.wall, expiresAt: expiresAt, topicID: partition.topicID)
            records.append(.offsetCommitted(id, partition.partition, committed))
            return PartitionResult(partition: partition.partition, refusal: nil)
        }
        guard !records.isEmpty else { return desk.reply(token, .commitOffsets(.success(results))) }
        guard let producer else { return send(records, then: .commitReply(token, results), &desk) }
        noteSent(records, in: producer.id)
        desk.append(records, in: producer.id, producer.epoch, then: .commitReply(token, results))
    }

    private func validateCommit(_ request: OffsetCommitRequest, isTransactional: Bool) throws(GroupRefusal) {
        guard state != .dead else { throw .coordinatorNotAvailable }
        // Someone who does not use membership, an administrator for example: fine while nobody else owns the group.
        if request.generation < .zero, state == .empty { return }
        let isMember =
            request.generation >= .zero || request.member.memberID != .unknown || request.member.instanceID != nil
        // Before KIP-447 a transaction said nothing of membership.
        if isTransactional, !isMember { return }
        guard isMember else { throw .unknownMember }
        try validate(request.member)
        guard request.generation == generation else { throw .illegalGeneration(current: generation) }
        // The member has seen the new generation and not yet its assignment: it cannot have consumed anything in it.
        guard state != .completingRebalance || isTransactional else { throw .rebalanceInProgress }
    }

    func fetch(_ request: OffsetFetchRequest) -> [FetchedOffsets.Partition] {
        let isVisible = state != .dead
        guard let partitions = request.partitions else {
            guard isVisible else { return [] }
            return offsets.committed.map { partition, committed in
                fetched(partition, committed, requiresStable: request.requiresStable)
            }
        }
        return partitions.map { wanted in
            var committed = isVisible ? offsets[wanted.partition] : nil
            if let known = committed?.topicID, known != .zero, wanted.topicID != .zero, known != wanted.topicID {
                committed = nil
            }
            return fetched(wanted.partition, committed, requiresStable: request.requiresStable)
        }
    }

    private func fetched(
        _ partition: TopicPartition, _ committed: CommittedOffset?, requiresStable: Bool
    ) -> FetchedOffsets.Partition {
        guard requiresStable, !pendingOffsets.isEmpty, pendingOffsets.contains(partition) else {
            return FetchedOffsets.Partition(partition: partition, committed: committed)
        }
        return FetchedOffsets.Partition(partition: partition, committed: nil, isUnstable: true)
    }

    mutating func deleteOffsets(_ request: OffsetDeleteRequest, for token: RequestToken, _ desk: inout Desk) {
        do throws(GroupRefusal) {
            try validateOffsetDelete()
            try desk.checkRoomForAppend()
        } catch {
            return desk.reply(token, .deleteOffsets(.failure(error)))
        }
        var records: [GroupRecord] = []
        let results = request.partitions.map { partition in
            guard !isSubscribed(to: partition.topic) else {
                return PartitionResult(partition: partition, refusal: .groupSubscribedToTopic)
            }
            if offsets.mayContain(partition) { records.append(.offsetRemoved(id, partition)) }
            return PartitionResult(partition: partition, refusal: nil)
        }
        guard !records.isEmpty else { return desk.reply(token, .deleteOffsets(.success(results))) }
        send(records, then: .deleteOffsetsReply(token, results), &desk)
    }

    private func validateOffsetDelete() throws(GroupRefusal) {
        switch state {
        case .dead: throw .groupNotFound
        case .empty: break
        case .preparingRebalance, .completingRebalance, .stable:
            // Only for consumers does the coordinator know what the members read.
            guard usesConsumerProtocol else { throw .groupIsNotEmpty }
        }
    }

    private mutating func send(_ records: [GroupRecord], then continuation: Continuation, _ desk: inout Desk) {
        noteSent(records)
        desk.append(records, then: continuation)
    }

    /// Records of this group are on their way to the log.
    mutating func noteSent(_ records: [GroupRecord], in producer: ProducerID? = nil) {
        mayBeInLog = true
        for record in records {
            switch record {
            case .offsetCommitted(_, let partition, _) where producer != nil:
                if let producer { pendingOffsets.sent(partition, in: producer) }
            case .offsetCommitted(_, let partition, _), .offsetRemoved(_, let partition): offsets.sent(partition)
            case .groupChanged, .groupRemoved: break
            }
        }
    }

    // MARK: Expiry

    /// Offsets past their retention at `wall`, sorted, and whether none is left after them (KIP-211).
    func expiredOffsets(at wall: Timestamp, _ limits: GroupLimits) -> (expired: [TopicPartition], none: Bool) {
        guard !offsets.isEmpty else { return ([], pendingOffsets.isEmpty) }
        guard let start = retentionStart else { return ([], false) }
        var expired: [TopicPartition] = []
        var leavesNone = pendingOffsets.isEmpty
        for partition in offsets.partitions {
            guard !isSubscribed(to: partition.topic), !offsets.isInFlight(partition),
                !pendingOffsets.contains(partition),
                let committed = offsets[partition],
                isExpired(committed, since: start(committed), at: wall, limits)
            else {
                leavesNone = false
                continue
            }
            expired.append(partition)
        }
        return (expired, leavesNone)
    }

    /// From when the retention of an offset counts; nil while none may expire.
    private var retentionStart: ((CommittedOffset) -> Timestamp)? {
        guard protocolType != nil else { return { $0.committedAt } }
        switch state {
        case .empty:
            let emptySince = stateChangedAt
            return { emptySince == .none ? $0.committedAt : emptySince }
        case .stable where usesConsumerProtocol && subscribedTopics != nil:
            return { $0.committedAt }
        case .stable, .preparingRebalance, .completingRebalance, .dead:
            return nil
        }
    }

    private func isExpired(
        _ committed: CommittedOffset, since start: Timestamp, at wall: Timestamp, _ limits: GroupLimits
    ) -> Bool {
        if committed.expiresAt != .none { return wall >= committed.expiresAt }
        return wall >= start.advanced(byMilliseconds: limits.offsetsRetentionMilliseconds)
    }
}
