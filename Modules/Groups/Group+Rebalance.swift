// SPDX-License-Identifier: Apache-2.0

internal import Primitives

extension Group {
    /// Something about the members changed: begin a rebalance, or see whether the running one can end.
    mutating func rebalanceOrCompleteJoin(_ desk: inout Desk) {
        switch state {
        case .empty, .stable, .completingRebalance: prepareRebalance(&desk)
        case .preparingRebalance: completeJoinIfEveryoneIsHere(&desk)
        case .dead: break
        }
    }

    mutating func prepareRebalance(_ desk: inout Desk) {
        if state == .completingRebalance { giveOutAssignments([:], refusing: .rebalanceInProgress, &desk) }
        stopWaitingForSync(&desk)
        storingGeneration = nil
        isInitialRebalance = state == .empty
        newMemberAdded = false
        enter(.preparingRebalance, at: desk.wall)
        desk.counts.startedRebalances += 1
        if isInitialRebalance {
            let delay = Int64(desk.limits.initialRebalanceDelayMilliseconds)
            initialDelay = InitialDelay(delay: delay, remaining: max(0, rebalanceTimeoutMilliseconds - delay))
            startRebalanceTimer(inMilliseconds: delay, &desk)
        } else if hasAllMembersJoined {
            completeJoin(&desk)
        } else {
            startRebalanceTimer(inMilliseconds: rebalanceTimeoutMilliseconds, &desk)
        }
    }

    /// Ends the joining when everyone is here; an initial rebalance waits for its delay all the same.
    mutating func completeJoinIfEveryoneIsHere(_ desk: inout Desk) {
        guard state == .preparingRebalance, !isInitialRebalance, hasAllMembersJoined else { return }
        completeJoin(&desk)
    }

    /// The rebalance timer has run down.
    mutating func rebalanceTimeCame(_ desk: inout Desk) {
        rebalanceTimer = nil
        guard state == .preparingRebalance else { return }
        guard let waited = initialDelay, newMemberAdded, waited.remaining > 0 else { return completeJoin(&desk) }
        // Someone came during the delay: wait once more, together never longer than the rebalance timeout.
        newMemberAdded = false
        let delay = min(Int64(desk.limits.initialRebalanceDelayMilliseconds), waited.remaining)
        initialDelay = InitialDelay(delay: delay, remaining: max(0, waited.remaining - waited.delay))
        startRebalanceTimer(inMilliseconds: delay, &desk)
    }

    /// Ends the joining: who has not come back is out, static members excepted, and a generation begins.
    mutating func completeJoin(_ desk: inout Desk) {
        desk.timers.cancel(&rebalanceTimer)
        initialDelay = nil
        for memberID in members.keys {
            guard let member = members[memberID], member.awaitingJoin == nil, !member.isStatic else { continue }
            remove(memberID, telling: .unknownMember, &desk)
        }
        if members.isEmpty { return becomeEmpty(&desk) }
        guard electJoinedLeader() else {
            // Only static members that are away: wait until they are back or their sessions end.
            return startRebalanceTimer(inMilliseconds: rebalanceTimeoutMilliseconds, &desk)
        }
        generation = generation.next
        isInitialRebalance = false
        protocolName = selectProtocol()
        subscribedTopics = currentSubscribedTopics()
        enter(.completingRebalance, at: desk.wall)
        answerJoins(&desk)
        startTimer(\.syncTimer, inMilliseconds: rebalanceTimeoutMilliseconds, .sync(id), &desk)
    }

    private mutating func answerJoins(_ desk: inout Desk) {
        let everyone = joinedMembers
        for memberID in members.keys {
            let answer = joined(as: memberID, leader: leader, members: leader == memberID ? everyone : [])
            answerJoin(memberID, .success(answer), &desk)
            restartSession(of: memberID, &desk)
            members[memberID]?.isNew = false
            members[memberID]?.owesSync = true
        }
        owingSyncCount = members.count
    }

    /// The last member is gone. The generation counts on, so that a member of the old one cannot commit.
    private mutating func becomeEmpty(_ desk: inout Desk) {
        generation = generation.next
        isInitialRebalance = false
        protocolName = nil
        leader = nil
        enter(.empty, at: desk.wall)
        subscribedTopics = currentSubscribedTopics()
        mayBeInLog = true
        // If the log refuses, the former generation comes back after a failover and times out: nobody is harmed.
        desk.append([metadataRecord(assignments: [:])], then: .nothing)
    }

    /// Keeps the leader if it is waiting, else takes the first that is.
    private mutating func electJoinedLeader() -> Bool {
        if let leader, members[leader]?.awaitingJoin != nil { return true }
        guard let successor = members.first(where: { $0.awaitingJoin != nil }) else { return false }
        leader = successor
        return true
    }

    // MARK: Silence

    /// A session, or the time to come back with a given id, has run down.
    mutating func sessionExpired(_ memberID: MemberID, _ desk: inout Desk) {
        if pendingMembers.remove(memberID) != nil {
            // Unlike a join, this may end an initial rebalance early, as in Kafka.
            if state == .preparingRebalance, hasAllMembersJoined { completeJoin(&desk) }
            return
        }
        members[memberID]?.sessionTimer = nil
        guard let member = members[memberID], !member.isExcusedFromHeartbeat else { return }
        desk.counts.expiredSessions += 1
        remove(memberID, telling: .unknownMember, &desk)
        membersLeft(&desk)
    }

    /// After members have gone: the others form a new generation.
    mutating func membersLeft(_ desk: inout Desk) {
        switch state {
        case .stable, .completingRebalance: prepareRebalance(&desk)
        case .preparingRebalance: if hasAllMembersJoined { completeJoin(&desk) }
        case .empty, .dead: break
        }
    }

    /// Members that took their place in the generation and never asked for their assignment are out.
    mutating func syncTimeCame(_ desk: inout Desk) {
        syncTimer = nil
        guard owingSyncCount > 0, state == .completingRebalance || state == .stable else { return }
        for memberID in members.keys where members[memberID]?.owesSync == true {
            remove(memberID, telling: .unknownMember, &desk)
        }
        prepareRebalance(&desk)
    }

    mutating func stopWaitingForSync(_ desk: inout Desk) {
        desk.timers.cancel(&syncTimer)
        guard owingSyncCount > 0 else { return }
        for memberID in members.keys { members[memberID]?.owesSync = false }
        owingSyncCount = 0
    }

    // MARK: Timers

    private mutating func startRebalanceTimer(inMilliseconds delay: Int64, _ desk: inout Desk) {
        startTimer(\.rebalanceTimer, inMilliseconds: delay, .rebalance(id), &desk)
    }

    private mutating func startTimer(
        _ timer: WritableKeyPath<Group, TimerHandle?>, inMilliseconds delay: Int64, _ deadline: Deadline,
        _ desk: inout Desk
    ) {
        desk.timers.set(&self[keyPath: timer], to: desk.deadline(inMilliseconds: delay), for: deadline)
    }

    /// Lets go of everything that waits: the group is being forgotten.
    mutating func dismiss(telling refusal: GroupRefusal, _ desk: inout Desk) {
        for memberID in members.keys { remove(memberID, telling: refusal, &desk) }
        for memberID in pendingMembers.keys { forgetPending(memberID, &desk) }
        desk.timers.cancel(&rebalanceTimer)
        desk.timers.cancel(&syncTimer)
    }
}
