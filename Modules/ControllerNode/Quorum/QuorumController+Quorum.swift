// SPDX-License-Identifier: Apache-2.0

public import Coordinator
public import Primitives
public import WireProtocol

extension QuorumController {
    /// Changes the quorum by one voter.
    ///
    /// - Parameters:
    ///   - validateOnly: Answers whether it could begin, and changes nothing.
    ///   - reply: Called when the change is committed, or refused. One that was begun and whose leader was lost is
    ///     `.outcomeUnknown`.
    public func change(
        _ change: VoterChange, validateOnly: Bool = false, reply: @escaping (Result<Void, SubmitRefusal>) -> Void
    ) {
        if let refusal = refusal(of: change) { return reply(.failure(refusal)) }
        guard !validateOnly else { return reply(.success(())) }
        begin(reply) { .voterChangeRequested(change, $0) }
    }

    /// Hands the leadership over, so that nobody waits for an election time-out.
    ///
    /// - Parameter target: nil takes the voter that is nearest to the end of the log.
    public func transferLeadership(
        to target: NodeID?, validateOnly: Bool = false, reply: @escaping (Result<Void, SubmitRefusal>) -> Void
    ) {
        guard isActive else { return reply(.failure(.notController(leader: leader?.id))) }
        if let target, core.voters[target] == nil {
            return reply(.failure(SubmitRefusal(RaftRefusal.notVoter)))
        }
        guard !validateOnly else { return reply(.success(())) }
        begin(reply) { .transferRequested(to: target, $0) }
    }

    private func begin(
        _ reply: @escaping (Result<Void, SubmitRefusal>) -> Void, _ event: (RaftTicket) -> RaftEvent
    ) {
        let ticket = nextTicket()
        quorumChanges[ticket] = QuorumChange(reply: reply)
        step(event(ticket))
    }

    private func refusal(of change: VoterChange) -> SubmitRefusal? {
        guard isActive else { return .notController(leader: leader?.id) }
        switch change {
        case .add(let voter): return core.voters[voter.id] == nil ? nil : SubmitRefusal(RaftRefusal.alreadyVoter)
        case .remove(let key), .replace(let key, _):
            return core.voters.contains(key) ? nil : SubmitRefusal(RaftRefusal.notVoter)
        case .move(let voter): return core.voters.contains(voter.key) ? nil : SubmitRefusal(RaftRefusal.notVoter)
        }
    }

    /// How the quorum stands, as the active controller sees it; a refusal from any other one.
    public func quorumInfo() -> Controller.QuorumInfoResponse {
        guard isActive else {
            let refusal = SubmitRefusal.notController(leader: leader?.id)
            return .with { $0.refusal = refusal.message(leader: leader.map(Controller.ControllerEndpoint.init)) }
        }
        var response = Controller.QuorumInfoResponse()
        (response.leader, response.term, response.highWatermark) = (member.id, core.term, core.commit)
        response.voters = core.voters.voters.map(replica(of:))
        response.observers = core.replicas.filter { !$0.isVoter }.map { status in
            replica(status, at: Voter(id: status.key.id, directory: status.key.directory, host: "", port: 0))
        }
        return response
    }

    private func replica(of voter: Voter) -> Controller.QuorumReplica {
        replica(core.replicas.first { voter.matches($0.key) }, at: voter)
    }

    private func replica(_ status: RaftReplicaStatus?, at voter: Voter) -> Controller.QuorumReplica {
        .with {
            $0.endpoint = Controller.ControllerEndpoint(voter)
            $0.directory = (status?.key.directory ?? voter.directory).map { TopicID($0) } ?? .zero
            guard let status else { return ($0.lastFetchTimestamp, $0.lastCaughtUpTimestamp) = (.none, .none) }
            $0.logEndOffset = status.durableEnd
            let heard = time.wallClock.advanced(byMilliseconds: -time.now.milliseconds(since: status.lastHeard))
            $0.lastFetchTimestamp = heard
            $0.lastCaughtUpTimestamp = status.durableEnd >= core.commit ? heard : .none
        }
    }
}
