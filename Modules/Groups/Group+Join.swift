// SPDX-License-Identifier: Apache-2.0

internal import Primitives

extension Group {
    /// A member asks to be part of the next generation.
    mutating func join(_ request: JoinRequest, for token: RequestToken, _ desk: inout Desk) {
        let memberID = request.member.memberID
        guard state != .dead else { return desk.refuseJoin(token, .coordinatorNotAvailable) }
        guard accepts(memberID, desk.limits) else {
            // The member that comes too late when the group shrinks is out; whoever waits for it need not any more.
            remove(memberID, telling: .groupIsFull(capacity: desk.limits.memberCountMax), &desk)
            forgetPending(memberID, &desk)
            desk.refuseJoin(token, .groupIsFull(capacity: desk.limits.memberCountMax))
            return completeJoinIfEveryoneIsHere(&desk)
        }
        guard supports(request.protocolType, request.protocols) else {
            return desk.refuseJoin(token, .inconsistentProtocol)
        }
        if memberID == .unknown {
            joinWithoutID(request, for: token, &desk)
        } else if pendingMembers.contains(memberID) {
            // Ids are only given out for dynamic members.
            guard request.member.instanceID == nil else { return desk.refuseJoin(token, .unknownMember) }
            add(request, as: memberID, for: token, &desk)
        } else {
            do throws(GroupRefusal) {
                try validate(request.member)
                rejoin(request, for: token, &desk)
            } catch {
                desk.refuseJoin(token, error)
            }
        }
    }

    /// Bounds the group at `memberCountMax`.
    ///
    /// While a rebalance is being prepared the members waiting count, not all: the size may be above a limit that was
    /// lowered, and then the last ones to come back are those that go.
    private func accepts(_ memberID: MemberID, _ limits: GroupLimits) -> Bool {
        switch state {
        case .empty, .dead: true
        case .preparingRebalance:
            members[memberID]?.awaitingJoin != nil || awaitingJoinCount < limits.memberCountMax
        case .completingRebalance, .stable: members.contains(memberID) || members.count < limits.memberCountMax
        }
    }

    private mutating func joinWithoutID(_ request: JoinRequest, for token: RequestToken, _ desk: inout Desk) {
        if let instance = request.member.instanceID {
            let newID = desk.makeMemberID(for: request)
            if let formerID = staticMembers[instance] {
                replaceStatic(formerID, with: newID, instance, request, for: token, &desk)
            } else {
                add(request, as: newID, for: token, &desk)
            }
        } else if request.requiresKnownMemberID {
            guard pendingMembers.count < desk.limits.pendingMemberCountMax else {
                return desk.refuseJoin(token, .tooManyPendingMembers(capacity: desk.limits.pendingMemberCountMax))
            }
            let newID = desk.makeMemberID(for: request)
            var pending = PendingMember()
            let deadline = desk.deadline(inMilliseconds: Int64(request.sessionTimeoutMilliseconds))
            desk.timers.set(&pending.timer, to: deadline, for: .session(id, newID))
            pendingMembers.insert(pending, for: newID)
            desk.refuseJoin(token, .memberIDRequired(newID))
        } else {
            add(request, as: desk.makeMemberID(for: request), for: token, &desk)
        }
    }

    private mutating func add(
        _ request: JoinRequest, as memberID: MemberID, for token: RequestToken, _ desk: inout Desk
    ) {
        let limit = desk.limits.groupMetadataByteCountMax
        guard metadataByteCount + request.protocols.metadataByteCount <= limit.rawValue else {
            return desk.refuseJoin(token, .groupMetadataTooLarge(limit: limit))
        }
        forgetPending(memberID, &desk)
        if members.isEmpty { protocolType = request.protocolType }
        if state == .preparingRebalance, isInitialRebalance { newMemberAdded = true }
        var member = Member(request, id: memberID)
        member.isNew = true
        member.awaitingJoin = token
        insert(member)
        // A new member has no id to send heartbeats with, and a parked request hides a lost connection: it gets as long
        // as Kafka gives it, and is expected to try again.
        restartSession(of: memberID, inMilliseconds: desk.limits.newMemberJoinTimeoutMilliseconds, &desk)
        rebalanceOrCompleteJoin(&desk)
    }

    /// A member that the group knows joins again.
    private mutating func rejoin(_ request: JoinRequest, for token: RequestToken, _ desk: inout Desk) {
        let memberID = request.member.memberID
        let hasChanged = members[memberID]?.protocols != request.protocols
        switch state {
        case .preparingRebalance:
            break
        case .completingRebalance where hasChanged:
            break
        case .stable where hasChanged || leader == memberID:
            // The leader joins again when what it assigns has changed although no member did, a topic for example.
            break
        case .completingRebalance:
            // The answer to its first join was lost.
            let everyone = leader == memberID ? joinedMembers : []
            return desk.reply(token, .join(.success(joined(as: memberID, leader: leader, members: everyone))))
        case .stable:
            return desk.reply(token, .join(.success(joined(as: memberID, leader: leader))))
        case .empty, .dead:
            preconditionFailure("group \(id) is \(state) and has member \(memberID)")
        }
        let growth = request.protocols.metadataByteCount - (members[memberID]?.metadataByteCount ?? 0)
        guard metadataByteCount + growth <= desk.limits.groupMetadataByteCountMax.rawValue else {
            let limit = desk.limits.groupMetadataByteCountMax
            return desk.refuseJoin(token, .groupMetadataTooLarge(limit: limit))
        }
        update(memberID, from: request, for: token, &desk)
        rebalanceOrCompleteJoin(&desk)
    }

    mutating func forgetPending(_ memberID: MemberID, _ desk: inout Desk) {
        guard var pending = pendingMembers.remove(memberID) else { return }
        desk.timers.cancel(&pending.timer)
    }

    // MARK: Static members

    /// A static member came back without its id: it goes on under a new one, and who uses the old one is fenced.
    private mutating func replaceStatic(
        _ formerID: MemberID, with newID: MemberID, _ instance: GroupInstanceID, _ request: JoinRequest,
        for token: RequestToken, _ desk: inout Desk
    ) {
        guard let former = members[formerID] else { preconditionFailure("\(instance) has no member \(formerID)") }
        let growth = request.protocols.metadataByteCount - former.metadataByteCount
        guard metadataByteCount + growth <= desk.limits.groupMetadataByteCountMax.rawValue else {
            let limit = desk.limits.groupMetadataByteCountMax
            return desk.refuseJoin(token, .groupMetadataTooLarge(limit: limit))
        }
        let leaderBefore = leader
        rename(formerID, to: newID, &desk)
        restartSession(of: newID, &desk)
        update(newID, from: request, for: token, &desk)
        switch state {
        case .stable where selectProtocol() == protocolName:
            let replacement = StaticReplacement(
                token: token, instanceID: instance, former: former, currentID: newID, leaderBefore: leaderBefore,
                supportsSkippingAssignment: request.supportsSkippingAssignment)
            desk.append([metadataRecord(assignments: assignments)], then: .staticMember(id, replacement))
            mayBeInLog = true
        case .stable:
            rebalanceOrCompleteJoin(&desk)
        case .completingRebalance:
            // The leader may have the old id in its hands: what it assigns would reach nobody.
            prepareRebalance(&desk)
        case .preparingRebalance:
            completeJoinIfEveryoneIsHere(&desk)
        case .empty, .dead:
            preconditionFailure("group \(id) is \(state) and has member \(formerID)")
        }
    }

    private mutating func rename(_ formerID: MemberID, to newID: MemberID, _ desk: inout Desk) {
        guard let former = members[formerID] else { return }
        let wasLeader = leader == formerID
        let owedSync = former.owesSync
        remove(formerID, telling: .fencedInstance, &desk)
        var successor = Member(former, id: newID)
        successor.owesSync = owedSync
        if owedSync { owingSyncCount += 1 }
        insert(successor)
        if wasLeader { leader = newID }
    }

    var assignments: [MemberID: SharedBytes] {
        var assigned: [MemberID: SharedBytes] = [:]
        members.forEach { id, member in assigned[id] = member.assignment }
        return assigned
    }

    /// The new id of a static member is durable, or will not be.
    mutating func settle(_ replacement: StaticReplacement, _ failure: AppendFailure?, _ desk: inout Desk) {
        // A rebalance that began meanwhile answers the member and writes the group itself.
        guard state == .stable, members[replacement.currentID]?.awaitingJoin == replacement.token else { return }
        let memberID = replacement.currentID
        if let failure {
            answerJoin(memberID, .failure(failure.refusal), &desk)
            restore(replacement.former, over: memberID, &desk)
        } else if replacement.supportsSkippingAssignment {
            let leads = leader == memberID
            let answer = joined(
                as: memberID, leader: leader, skipAssignment: leads, members: leads ? joinedMembers : [])
            answerJoin(memberID, .success(answer), &desk)
        } else {
            // An older client would assign anew if it were called leader: it is told the id it had before.
            answerJoin(memberID, .success(joined(as: memberID, leader: replacement.leaderBefore)), &desk)
        }
        restartSession(of: members.contains(memberID) ? memberID : replacement.former.id, &desk)
    }

    private mutating func restore(_ former: Member, over memberID: MemberID, _ desk: inout Desk) {
        let wasLeader = leader == memberID
        let owedSync = members[memberID]?.owesSync ?? false
        remove(memberID, telling: .fencedInstance, &desk)
        var restored = Member(former, id: former.id)
        restored.owesSync = owedSync
        if owedSync { owingSyncCount += 1 }
        insert(restored)
        if wasLeader { leader = former.id }
    }
}

extension Desk {
    mutating func refuseJoin(_ token: RequestToken, _ refusal: GroupRefusal) { reply(token, .join(.failure(refusal))) }
}
