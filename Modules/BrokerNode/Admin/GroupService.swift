// SPDX-License-Identifier: Apache-2.0

internal import Coordinator
internal import Groups
internal import Primitives
internal import WireProtocol

/// A group as its coordinator describes it.
struct GroupFacts: Sendable {
    let group: GroupID
    /// `.groupNotFound` for a group that is not there.
    let refusal: GroupRefusal?
    let state: GroupState
    let protocolType: String
    let protocolName: String
    let generation: GenerationID
    let members: [MemberMetadata]

    init(_ description: Groups.GroupDescription) {
        group = description.group
        refusal = description.refusal
        state = description.state
        protocolType = description.protocolType
        protocolName = description.protocolName
        generation = description.generation
        members = description.members
    }

    /// A group of a cluster that has no groups yet.
    init(missing id: GroupID) {
        group = id
        refusal = .groupNotFound
        state = .dead
        protocolType = ""
        protocolName = ""
        generation = .none
        members = []
    }
}

extension AdminService {
    func groupList(_ request: Admin.GroupListRequest) async throws -> Admin.GroupListResponse {
        try check(request.states, among: GroupState.allCases.map(\.rawValue), "state")
        try check(request.types, among: ["classic", "consumer", "share"], "type")
        var forwarded = request
        forwarded.localOnly = true
        let groups = try await ofEveryBroker(
            Admin.groupList, forwarded, localOnly: request.localOnly, \.groups
        ) { [self] in try await groupsHere(ListRequest(states: request.states, types: request.types)) }
        return .with {
            $0.groups = groups.items.sorted { $0.groupID < $1.groupID }
            $0.unreachable = groups.unreachable
        }
    }

    private func groupsHere(_ request: ListRequest) async throws(RPCError) -> [Admin.GroupSummary] {
        let listed = try await listedGroups(request)
        return zip(listed, await describe(listed.map(\.group))).map { group, description in
            .with {
                $0.groupID = group.group.rawValue
                $0.state = group.state.rawValue
                $0.groupType = group.type.rawValue
                $0.protocolType = group.protocolType
                $0.memberCount = Int32(description.members.count)
                $0.coordinatorID = identity.id
            }
        }
    }

    func groupDescribe(_ request: Admin.GroupDescribeRequest) async throws -> Admin.GroupDescribeResponse {
        try requireSome(request.groupIDs, "group")
        let groups = try await ofCoordinators(
            request.groupIDs, Admin.groupDescribe, localOnly: request.localOnly,
            { ids in .with { ($0.groupIDs, $0.localOnly) = (ids, true) } }, \.groups
        ) { [self] ids in
            await descriptionsHere(ids.map { GroupID($0) })
        } failed: { id, error in
            .with { ($0.groupID, $0.error) = (id, error) }
        }
        return .with { $0.groups = groups }
    }

    private func descriptionsHere(_ ids: [GroupID]) async -> [Admin.GroupDescription] {
        let descriptions = await describe(ids)
        let known = await knownGroups(ifMissingIn: descriptions)
        return descriptions.map { group in
            .with {
                $0.groupID = group.group.rawValue
                if let refusal = group.refusal {
                    $0.error = RPCError(refusal, group: group.group.rawValue, known: known)
                    return
                }
                $0.state = group.state.rawValue
                $0.groupType = GroupType.classic.rawValue
                $0.protocolType = group.protocolType
                $0.protocolName = group.protocolName
                $0.coordinatorID = identity.id
                $0.generation = group.generation.rawValue
                $0.members = group.members.sorted { $0.memberID < $1.memberID }.map {
                    Admin.GroupMember($0, protocolType: group.protocolType)
                }
            }
        }
    }

    func groupDelete(_ request: Admin.GroupDeleteRequest) async throws -> Admin.GroupDeleteResponse {
        try requireSome(request.groupIDs, "group")
        let validateOnly = request.validateOnly
        let groups = try await ofCoordinators(
            request.groupIDs, Admin.groupDelete, localOnly: request.localOnly,
            { ids in .with { ($0.groupIDs, $0.validateOnly, $0.localOnly) = (ids, validateOnly, true) } }, \.groups
        ) { [self] ids in
            await deletionsHere(ids.map { GroupID($0) }, validateOnly: validateOnly)
        } failed: { id, error in
            .with { ($0.groupID, $0.error) = (id, error) }
        }
        return .with { $0.groups = groups }
    }

    private func deletionsHere(_ ids: [GroupID], validateOnly: Bool) async -> [Admin.GroupOutcome] {
        let refusals = validateOnly ? await deletionRefusals(ids) : await delete(ids)
        let known = refusals.contains(.groupNotFound) ? await knownGroups() : []
        return zip(ids, refusals).map { id, refusal in
            .with {
                $0.groupID = id.rawValue
                $0.error = refusal.map { RPCError($0, group: id.rawValue, known: known) }
            }
        }
    }

    /// What `delete` would answer.
    private func deletionRefusals(_ ids: [GroupID]) async -> [GroupRefusal?] {
        await describe(ids).map { $0.refusal ?? ($0.members.isEmpty ? nil : .groupIsNotEmpty) }
    }

    private func delete(_ ids: [GroupID]) async -> [GroupRefusal?] {
        await ask { shard, reply in
            guard shard.hasOffsetsTopic else { return reply(ids.map { _ in .groupNotFound }) }
            shard.deleteGroups(ids) { reply($0.map(\.refusal)) }
        }
    }

    private func check(_ words: [String], among known: [String], _ noun: String) throws(RPCError) {
        for word in words where !known.contains(where: { $0.lowercased() == word.lowercased() }) {
            throw RPCError(
                .invalidRequest, "'\(word)' is no \(noun) of a group", remedy: "Say \(known.joined(separator: ", ")).")
        }
    }
}

// MARK: Asking the coordinators

extension AdminService {
    /// All groups, by id.
    func listedGroups(_ request: ListRequest = ListRequest()) async throws(RPCError) -> [Groups.ListedGroup] {
        let result: Result<[Groups.ListedGroup], GroupRefusal> = await ask { $0.listGroups(request, then: $1) }
        do throws(GroupRefusal) {
            return try result.get()
        } catch {
            throw RPCError(
                kafka: error.kafkaCode, "the groups are still being loaded",
                remedy: "Try again in a moment; 'myelin doctor' tells when a coordinator does not come up.")
        }
    }

    /// One description for each id, in order.
    func describe(_ ids: [GroupID]) async -> [GroupFacts] {
        await ask { shard, reply in
            guard shard.hasOffsetsTopic else { return reply(ids.map { GroupFacts(missing: $0) }) }
            shard.askGroups(
                ids, { .describe($0) },
                { reply in
                    guard case .describe(let found) = reply else {
                        preconditionFailure("a describe was answered with \(reply)")
                    }
                    return found.map { GroupFacts($0) }
                }, then: reply)
        }
    }

    /// Committed offsets of each group, sorted by partition; in the order of `ids`.
    func committedOffsets(_ ids: [GroupID]) async -> [FetchedOffsets] {
        await ask { shard, reply in
            shard.askGroups(
                ids, { .fetchOffsets($0.map { OffsetFetchRequest(group: $0, partitions: nil) }) },
                { reply in
                    guard case .fetchOffsets(let found) = reply else {
                        preconditionFailure("a fetch of offsets was answered with \(reply)")
                    }
                    return found
                }, then: reply)
        }
    }

    /// Names to look for the nearest among, when one of the groups is not there.
    func knownGroups(ifMissingIn descriptions: [GroupFacts]) async -> [String] {
        descriptions.contains { $0.refusal == .groupNotFound } ? await knownGroups() : []
    }

    private func knownGroups() async -> [String] {
        // A coordinator that is loading hides names; the refusal is the same without a suggestion.
        do throws(RPCError) { return try await listedGroups().map(\.group.rawValue) } catch { return [] }
    }
}

extension BrokerShard {
    /// Without the topic no group can exist.
    var hasOffsetsTopic: Bool { image.topic(named: OffsetsTopic.name) != nil }
}

extension RPCError {
    init(_ refusal: GroupRefusal, group: String, known: [String]) {
        if refusal == .groupNotFound {
            self = .unknownGroup(group, among: known)
        } else {
            self.init(refusal, group: group)
        }
    }
}
