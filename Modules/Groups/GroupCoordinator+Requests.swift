// SPDX-License-Identifier: Apache-2.0

internal import Primitives

extension GroupCoordinator {
    mutating func take(_ request: GroupRequest, for token: RequestToken) {
        switch request {
        case .join(let request): join(request, for: token)
        case .sync(let request): sync(request, for: token)
        case .heartbeat(let request): desk.reply(token, .heartbeat(heartbeat(request)))
        case .leave(let request): desk.reply(token, .leave(leave(request)))
        case .commitOffsets(let request): commit(request, for: token)
        case .commitTransactionalOffsets(let request): commit(request, for: token)
        case .fetchOffsets(let requests): desk.reply(token, .fetchOffsets(requests.map { fetch($0) }))
        case .deleteOffsets(let request): deleteOffsets(request, for: token)
        case .describe(let ids): desk.reply(token, .describe(ids.map { describe($0) }))
        case .list(let request): desk.reply(token, .list(.success(list(request))))
        case .deleteGroups(let ids): deleteGroups(ids, for: token)
        }
    }

    // MARK: Membership

    private mutating func join(_ request: JoinRequest, for token: RequestToken) {
        var request = request
        request.protocols = request.protocols.withoutDuplicates
        do throws(GroupRefusal) {
            try desk.limits.check(request)
            try desk.checkRoomForAppend()
            try createGroup(for: request)
        } catch {
            return desk.reply(token, .join(.failure(error)))
        }
        groups[request.group]?.join(request, for: token, &desk)
        forgetIfNothingIsLeft(of: request.group)
    }

    private mutating func createGroup(for request: JoinRequest) throws(GroupRefusal) {
        guard !groups.contains(request.group) else { return }
        guard request.member.memberID == .unknown else { throw .unknownMember }
        try makeGroup(request.group)
    }

    private mutating func makeGroup(_ id: GroupID) throws(GroupRefusal) {
        let capacity = desk.limits.groupCountMax
        guard groups.count < capacity else { throw .tooManyGroups(capacity: capacity) }
        groups.insert(Group(id, at: desk.wall), for: id)
    }

    private mutating func sync(_ request: SyncRequest, for token: RequestToken) {
        guard request.group.byteCount > 0 else { return desk.reply(token, .sync(.failure(.invalidGroupID))) }
        guard let state = groups[request.group]?.state, state != .empty else {
            return desk.reply(token, .sync(.failure(.unknownMember)))
        }
        groups[request.group]?.sync(request, for: token, &desk)
    }

    private mutating func heartbeat(_ request: HeartbeatRequest) -> GroupRefusal? {
        guard request.group.byteCount > 0 else { return .invalidGroupID }
        guard groups.contains(request.group) else { return .unknownMember }
        return groups[request.group]?.heartbeat(request, &desk)
    }

    private mutating func leave(_ request: LeaveRequest) -> Result<[LeftMember], GroupRefusal> {
        guard request.group.byteCount > 0 else { return .failure(.invalidGroupID) }
        guard let state = groups[request.group]?.state else {
            return .success(request.members.map { LeftMember(identity: $0, refusal: .unknownMember) })
        }
        guard state != .dead else { return .failure(.coordinatorNotAvailable) }
        defer { forgetIfNothingIsLeft(of: request.group) }
        return .success(groups[request.group]?.leave(request.members, &desk) ?? [])
    }

    // MARK: Offsets

    private mutating func commit(_ request: OffsetCommitRequest, for token: RequestToken) {
        do throws(GroupRefusal) {
            try desk.limits.check(request)
            if !groups.contains(request.group) {
                guard request.generation < .zero else { throw .groupNotFound }
                try makeGroup(request.group)
            }
        } catch {
            return desk.reply(token, .commitOffsets(.failure(error)))
        }
        groups[request.group]?.commit(request, for: token, &desk)
        forgetIfNothingIsLeft(of: request.group)
    }

    private mutating func commit(_ request: TransactionalCommitRequest, for token: RequestToken) {
        let group = request.offsets.group
        do throws(GroupRefusal) {
            try desk.limits.check(request.offsets)
            if !groups.contains(group) {
                guard request.offsets.generation < .zero else { throw .illegalGeneration(current: .none) }
                try makeGroup(group)
            }
        } catch {
            return desk.reply(token, .commitOffsets(.failure(error)))
        }
        noteTransaction(of: request.producerID, in: group)
        groups[group]?.commit(
            request.offsets, in: (request.producerID, request.producerEpoch), for: token, &desk)
        forgetIfNothingIsLeft(of: group)
    }

    private func fetch(_ request: OffsetFetchRequest) -> FetchedOffsets {
        if let group = groups[request.group] {
            return FetchedOffsets(group: request.group, partitions: group.fetch(request), refusal: nil)
        }
        let none = request.partitions ?? []
        return FetchedOffsets(
            group: request.group,
            partitions: none.map { FetchedOffsets.Partition(partition: $0.partition, committed: nil) },
            refusal: nil)
    }

    private mutating func deleteOffsets(_ request: OffsetDeleteRequest, for token: RequestToken) {
        guard groups.contains(request.group) else {
            return desk.reply(token, .deleteOffsets(.failure(.groupNotFound)))
        }
        groups[request.group]?.deleteOffsets(request, for: token, &desk)
    }

    // MARK: Administration

    private func describe(_ id: GroupID) -> GroupDescription {
        guard let group = groups[id] else {
            return GroupDescription(
                group: id, refusal: .groupNotFound, state: .dead, protocolType: "", protocolName: "",
                generation: .none, members: [])
        }
        let isStable = group.state == .stable
        var members: [MemberMetadata] = []
        group.members.forEach { _, member in
            let subscription = isStable ? member.metadata(for: group.protocolName) : nil
            members.append(member.described(subscription: subscription ?? .empty, assignment: member.assignment))
        }
        return GroupDescription(
            group: id, refusal: nil, state: group.state, protocolType: group.protocolType ?? "",
            protocolName: isStable ? group.protocolName ?? "" : "", generation: group.generation, members: members)
    }

    private func list(_ request: ListRequest) -> [ListedGroup] {
        let types = Set(request.types.map(\.asFilter))
        let states = Set(request.states.map(\.asFilter))
        guard types.isEmpty || types.contains(GroupType.classic.rawValue) else { return [] }
        var listed: [ListedGroup] = []
        groups.forEach { id, group in
            guard states.isEmpty || states.contains(group.state.rawValue.lowercased()) else { return }
            listed.append(
                ListedGroup(group: id, protocolType: group.protocolType ?? "", state: group.state, type: .classic))
        }
        return listed.sorted { $0.group < $1.group }
    }

    private mutating func deleteGroups(_ ids: [GroupID], for token: RequestToken) {
        var records: [GroupRecord] = []
        var results: [DeletedGroup] = []
        for id in ids {
            do throws(GroupRefusal) {
                try desk.checkRoomForAppend()
                records += try bury(id)
                results.append(DeletedGroup(group: id, refusal: nil))
            } catch {
                results.append(DeletedGroup(group: id, refusal: error))
            }
        }
        guard !records.isEmpty else { return desk.reply(token, .deleteGroups(results)) }
        desk.append(records, then: .deleteGroupsReply(token, results))
    }

    /// Makes an empty group dead and returns the tombstones that end it.
    private mutating func bury(_ id: GroupID) throws(GroupRefusal) -> [GroupRecord] {
        guard let group = groups[id], group.state != .dead else { throw .groupNotFound }
        // An open transaction would bring offsets of it back.
        guard group.state == .empty, group.pendingOffsets.isEmpty else { throw .groupIsNotEmpty }
        guard group.mayBeInLog else {
            forgetMembership(of: id)
            return []
        }
        return makeDead(id, removing: group.offsets.partitions)
    }

    mutating func makeDead(_ id: GroupID, removing partitions: [TopicPartition]) -> [GroupRecord] {
        let records = partitions.map { GroupRecord.offsetRemoved(id, $0) } + [.groupRemoved(id)]
        groups[id]?.noteSent(records)
        groups[id]?.enter(.dead, at: desk.wall)
        return records
    }
}

extension GroupLimits {
    /// What can be said no to without looking at the group.
    func check(_ request: JoinRequest) throws(GroupRefusal) {
        guard request.group.byteCount > 0 else { throw .invalidGroupID }
        guard
            (sessionTimeoutMillisecondsMin...sessionTimeoutMillisecondsMax).contains(
                request.sessionTimeoutMilliseconds)
        else {
            throw .invalidSessionTimeout(min: sessionTimeoutMillisecondsMin, max: sessionTimeoutMillisecondsMax)
        }
        guard request.protocols.count <= protocolCountMax else { throw .tooManyProtocols(capacity: protocolCountMax) }
        guard request.protocols.metadataByteCount <= memberMetadataByteCountMax.rawValue else {
            throw .groupMetadataTooLarge(limit: memberMetadataByteCountMax)
        }
        let texts = [request.group.rawValue, request.clientID, request.clientHost, request.protocolType]
        let instance = request.member.instanceID.map { [$0.rawValue] } ?? []
        guard (texts + instance + request.protocols.map(\.name)).allSatisfy({ $0.utf8.count <= textByteCountMax })
        else { throw .textTooLong }
    }

    func check(_ request: OffsetCommitRequest) throws(GroupRefusal) {
        guard request.group.byteCount > 0 else { throw .invalidGroupID }
        guard request.group.byteCount <= textByteCountMax,
            request.partitions.allSatisfy({ $0.partition.topic.utf8.count <= textByteCountMax })
        else { throw .textTooLong }
    }
}

extension String {
    fileprivate var asFilter: String {
        let isSpace: (Character) -> Bool = { $0 == " " || $0 == "\t" }
        let end = lastIndex { !isSpace($0) }.map { index(after: $0) } ?? startIndex
        return self[..<end].drop(while: isSpace).lowercased()
    }
}

extension GroupRequest {
    /// The same no for everything the request asks.
    public func refused(_ refusal: GroupRefusal) -> GroupReply {
        switch self {
        case .join: .join(.failure(refusal))
        case .sync: .sync(.failure(refusal))
        case .heartbeat: .heartbeat(refusal)
        case .leave: .leave(.failure(refusal))
        case .commitOffsets, .commitTransactionalOffsets: .commitOffsets(.failure(refusal))
        case .fetchOffsets(let requests):
            .fetchOffsets(requests.map { FetchedOffsets(group: $0.group, partitions: [], refusal: refusal) })
        case .deleteOffsets: .deleteOffsets(.failure(refusal))
        case .describe(let ids):
            .describe(
                ids.map {
                    GroupDescription(
                        group: $0, refusal: refusal, state: .dead, protocolType: "", protocolName: "",
                        generation: .none, members: [])
                })
        case .list: .list(.failure(refusal))
        case .deleteGroups(let ids): .deleteGroups(ids.map { DeletedGroup(group: $0, refusal: refusal) })
        }
    }
}
