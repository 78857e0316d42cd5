// SPDX-License-Identifier: Apache-2.0

internal import Primitives

extension GroupCoordinator {
    /// The log has answered an append; after resigning, late answers mean nothing.
    mutating func settle(_ ticket: AppendTicket, _ failure: AppendFailure?) {
        precondition(desk.wasIssued(ticket), "append \(ticket) was never asked for")
        guard let pending = desk.appends.remove(ticket) else { return }
        if failure == nil, let earlier = desk.appends.firstKey {
            precondition(ticket < earlier, "append \(ticket) is durable before append \(earlier)")
        }
        for record in pending.records { settle(record, in: pending.producerID, isDurable: failure == nil) }
        answer(pending.continuation, failure)
        for record in pending.records { forgetIfNothingIsLeft(of: record.group) }
    }

    private mutating func settle(_ record: GroupRecord, in producer: ProducerID?, isDurable: Bool) {
        let id = record.group
        switch record {
        case .offsetCommitted(_, let partition, let committed):
            let order = desk.nextOrder()
            if let producer {
                groups[id]?.pendingOffsets.settle(
                    partition, committed, in: producer, order: order, isDurable: isDurable)
            } else {
                groups[id]?.offsets.settle(partition, committed, order: order, isDurable: isDurable)
                if isDurable { desk.counts.committedOffsets += 1 }
            }
        case .offsetRemoved(_, let partition):
            groups[id]?.offsets.settle(partition, nil, order: desk.nextOrder(), isDurable: isDurable)
        case .groupChanged:
            break
        case .groupRemoved:
            guard let group = groups[id], group.state == .dead else { return }
            if isDurable {
                forgetMembership(of: id)
            } else {
                // Empty again, and since when it was before.
                groups[id]?.enter(.empty, at: group.stateChangedAt)
            }
        }
    }

    /// The offsets that a producer's transaction wanted to commit count from now on, or are forgotten.
    mutating func endTransaction(of producer: ProducerID, committed: Bool) {
        for id in groupsOfProducer.removeValue(forKey: producer) ?? [] {
            for (partition, offset, order) in groups[id]?.pendingOffsets.take(of: producer) ?? [] where committed {
                groups[id]?.offsets.materialize(partition, offset, order: order)
                desk.counts.committedOffsets += 1
            }
            forgetIfNothingIsLeft(of: id)
        }
    }

    /// Remembers which groups a producer's marker concerns.
    mutating func noteTransaction(of producer: ProducerID, in group: GroupID) {
        if groupsOfProducer[producer, default: []].contains(group) { return }
        groupsOfProducer[producer, default: []].append(group)
    }

    /// Tells those who wait for an append how it went.
    mutating func answer(_ continuation: Continuation, _ failure: AppendFailure?) {
        switch continuation {
        case .nothing:
            break
        case .commitReply(let token, let results):
            desk.reply(token, .commitOffsets(.success(results.settled(failure))))
        case .deleteOffsetsReply(let token, let results):
            desk.reply(token, .deleteOffsets(.success(results.settled(failure))))
        case .deleteGroupsReply(let token, let results):
            let settled = results.map { DeletedGroup(group: $0.group, refusal: $0.refusal ?? failure?.refusal) }
            desk.reply(token, .deleteGroups(settled))
        case .assignments(let id, let generation, let assigned):
            groups[id]?.settle(assigned, of: generation, failure, &desk)
        case .staticMember(let id, let replacement):
            groups[id]?.settle(replacement, failure, &desk)
        }
    }

    // MARK: Tombstones

    /// Removes what is past its retention, and groups that have neither members nor offsets left.
    mutating func expireOffsets() {
        guard desk.appends.count < desk.limits.appendsInFlightMax else { return }
        var tombstones: [GroupRecord] = []
        for id in groups.keys {
            guard let group = groups[id], group.state != .dead else { continue }
            let (expired, leavesNone) = group.expiredOffsets(at: desk.wall, desk.limits)
            desk.counts.expiredOffsets += expired.count
            if leavesNone, group.state == .empty, group.pendingMembers.isEmpty, group.mayBeInLog {
                tombstones += makeDead(id, removing: expired)
            } else {
                tombstones += removeOffsets(expired, of: id)
            }
        }
        appendInParts(tombstones)
    }

    mutating func removeOffsets(of topics: [String]) {
        var tombstones: [GroupRecord] = []
        let sorted = topics.sorted()
        for id in groups.keys {
            guard let group = groups[id], group.state != .dead else { continue }
            let partitions = sorted.flatMap { group.offsets.partitions(of: $0) }
            desk.counts.expiredOffsets += partitions.count
            tombstones += removeOffsets(partitions, of: id)
        }
        appendInParts(tombstones)
    }

    private mutating func removeOffsets(_ partitions: [TopicPartition], of id: GroupID) -> [GroupRecord] {
        let records = partitions.map { GroupRecord.offsetRemoved(id, $0) }
        if !records.isEmpty { groups[id]?.noteSent(records) }
        return records
    }

    private mutating func appendInParts(_ records: [GroupRecord]) {
        var rest = records[...]
        while !rest.isEmpty {
            desk.append(Array(rest.prefix(desk.limits.tombstonesPerAppendMax)), then: .nothing)
            rest = rest.dropFirst(desk.limits.tombstonesPerAppendMax)
        }
    }
}

extension [PartitionResult] {
    fileprivate func settled(_ failure: AppendFailure?) -> [PartitionResult] {
        guard let failure else { return self }
        return map { PartitionResult(partition: $0.partition, refusal: $0.refusal ?? failure.refusal) }
    }
}
