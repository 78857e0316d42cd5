// SPDX-License-Identifier: Apache-2.0

internal import Primitives

extension Group {
    /// A member asks for its assignment; the leader brings everyone's.
    mutating func sync(_ request: SyncRequest, for token: RequestToken, _ desk: inout Desk) {
        let memberID = request.member.memberID
        do throws(GroupRefusal) {
            try validate(request)
            if leader == memberID, state == .completingRebalance { try checkSize(of: request, desk) }
        } catch {
            return desk.reply(token, .sync(.failure(error)))
        }
        switch state {
        case .preparingRebalance:
            desk.reply(token, .sync(.failure(.rebalanceInProgress)))
        case .completingRebalance:
            if let overtaken = members[memberID]?.awaitingSync {
                desk.reply(overtaken, .sync(.failure(.rebalanceInProgress)))
            }
            members[memberID]?.awaitingSync = token
            paySync(memberID, &desk)
            if leader == memberID { store(request.assignments, &desk) }
        case .stable:
            paySync(memberID, &desk)
            answerSync(token, of: memberID, &desk)
        case .empty, .dead:
            preconditionFailure("group \(id) is \(state) and has member \(memberID)")
        }
    }

    private func validate(_ request: SyncRequest) throws(GroupRefusal) {
        guard state != .dead else { throw .coordinatorNotAvailable }
        try validate(request.member)
        guard request.generation == generation else { throw .illegalGeneration(current: generation) }
        func isInconsistent(_ theirs: String?, _ ours: String?) -> Bool {
            theirs != nil && ours != nil && theirs != ours
        }
        guard !isInconsistent(request.protocolType, protocolType), !isInconsistent(request.protocolName, protocolName)
        else { throw .inconsistentProtocol }
    }

    private func checkSize(of request: SyncRequest, _ desk: Desk) throws(GroupRefusal) {
        try desk.checkRoomForAppend()
        let byteCount = request.assignments.reduce(0) { $0 + $1.bytes.count }
        let limit = desk.limits.groupMetadataByteCountMax
        guard byteCount <= limit.rawValue else { throw .groupMetadataTooLarge(limit: limit) }
    }

    private mutating func paySync(_ memberID: MemberID, _ desk: inout Desk) {
        if members[memberID]?.owesSync == true {
            members[memberID]?.owesSync = false
            owingSyncCount -= 1
        }
        if owingSyncCount == 0 { desk.timers.cancel(&syncTimer) }
    }

    /// Writes the leader's assignments; who is left out is assigned nothing, strangers are dropped.
    private mutating func store(_ assignments: [SyncRequest.Assignment], _ desk: inout Desk) {
        guard storingGeneration != generation else { return }
        storingGeneration = generation
        var assigned: [MemberID: SharedBytes] = [:]
        for assignment in assignments where members.contains(assignment.memberID) {
            assigned[assignment.memberID] = assignment.bytes
        }
        mayBeInLog = true
        desk.append([metadataRecord(assignments: assigned)], then: .assignments(id, generation, assigned))
    }

    /// The assignments of `generation` are durable, or will not be.
    mutating func settle(
        _ assigned: [MemberID: SharedBytes], of generation: GenerationID, _ failure: AppendFailure?, _ desk: inout Desk
    ) {
        guard state == .completingRebalance, generation == self.generation else { return }
        storingGeneration = nil
        if let failure {
            giveOutAssignments([:], refusing: failure.refusal, &desk)
            prepareRebalance(&desk)
        } else {
            giveOutAssignments(assigned, refusing: nil, &desk)
            enter(.stable, at: desk.wall)
            desk.counts.completedRebalances += 1
        }
    }

    /// Sets every member's assignment and answers those that wait for it; their sessions run again.
    mutating func giveOutAssignments(
        _ assigned: [MemberID: SharedBytes], refusing refusal: GroupRefusal?, _ desk: inout Desk
    ) {
        for memberID in members.keys {
            members[memberID]?.assignment = assigned[memberID] ?? .empty
            guard let token = members[memberID]?.awaitingSync else { continue }
            members[memberID]?.awaitingSync = nil
            if let refusal {
                desk.reply(token, .sync(.failure(refusal)))
            } else {
                answerSync(token, of: memberID, &desk)
            }
            restartSession(of: memberID, &desk)
        }
    }

    private func answerSync(_ token: RequestToken, of memberID: MemberID, _ desk: inout Desk) {
        let answer = SyncedGroup(
            protocolType: protocolType, protocolName: protocolName,
            assignment: members[memberID]?.assignment ?? .empty)
        desk.reply(token, .sync(.success(answer)))
    }

    // MARK: Heartbeat and leaving

    mutating func heartbeat(_ request: HeartbeatRequest, _ desk: inout Desk) -> GroupRefusal? {
        guard state != .dead else { return .coordinatorNotAvailable }
        do throws(GroupRefusal) {
            try validate(request.member)
        } catch {
            return error
        }
        guard request.generation == generation else { return .illegalGeneration(current: generation) }
        restartSession(of: request.member.memberID, &desk)
        return state == .preparingRebalance ? .rebalanceInProgress : nil
    }

    mutating func leave(_ leaving: [MemberIdentity], _ desk: inout Desk) -> [LeftMember] {
        let left = leaving.map { LeftMember(identity: $0, refusal: leave($0, &desk)) }
        guard left.contains(where: { $0.refusal == nil }) else { return left }
        switch state {
        case .stable, .completingRebalance: prepareRebalance(&desk)
        case .preparingRebalance: completeJoinIfEveryoneIsHere(&desk)
        case .empty, .dead: break
        }
        return left
    }

    private mutating func leave(_ identity: MemberIdentity, _ desk: inout Desk) -> GroupRefusal? {
        if identity.memberID == .unknown {
            // An administrator removes a static member whose id nobody knows.
            guard let instance = identity.instanceID, let memberID = staticMembers[instance] else {
                return .unknownMember
            }
            remove(memberID, telling: .unknownMember, &desk)
            return nil
        }
        if pendingMembers.contains(identity.memberID) {
            forgetPending(identity.memberID, &desk)
            return nil
        }
        do throws(GroupRefusal) {
            try validate(identity)
        } catch {
            return error
        }
        remove(identity.memberID, telling: .unknownMember, &desk)
        return nil
    }
}
