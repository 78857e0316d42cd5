// SPDX-License-Identifier: Apache-2.0

internal import Coordinator
internal import Primitives

extension QuorumController {
    /// Steps the consensus and carries out what it decides, in order.
    func step(_ event: RaftEvent) {
        var effects: [RaftEffect] = []
        core.step(event, at: time.now, into: &effects)
        for effect in effects where failure == nil { perform(effect) }
        knownDeadline = nil
    }

    private func perform(_ effect: RaftEffect) {
        switch effect {
        case .persist(let write): store.write(write)
        case .send(let message): port.send(message)
        case .committed(let entries): commit(entries)
        case .becameLeader: lead()
        case .steppedDown(let leader): resign(leader: leader)
        case .accepted(let ticket, let base, let end): accepted(ticket, base: base, end: end)
        case .refused(let ticket, let refusal): refused(ticket, refusal)
        case .readReady(let ticket, _): confirmed(ticket)
        case .transferred(let ticket): quorumChanges.removeValue(forKey: ticket)?.reply(.success(()))
        case .readSnapshot(let read): answer(read)
        case .writeSnapshot(let chunk): write(chunk)
        }
    }

    // MARK: Leadership

    private func lead() {
        speculation = Speculation(
            image: image,
            sessions: BrokerSessions(
                start: time.now, timeoutMilliseconds: Int64(settings[.brokerSessionTimeoutMilliseconds])))
        isFencing = false
        upkeep = ControllerUpkeep(start: time.now)
        upkeepDeadline = time.now
        finalizeFeatures()
        tellObservers()
    }

    /// What was decided and is not committed may still be committed by the next leader, or not.
    private func resign(leader: NodeID?) {
        speculation = nil
        upkeep = nil
        for flight in flights {
            let refusal: SubmitRefusal =
                switch flight.awaited {
                case .proposal: .outcomeUnknown
                case .confirmation, .landed: .notController(leader: leader)
                }
            refuse(flight.answers, refusal)
        }
        flights = []
        refuseWaiting(.notController(leader: leader))
        for change in quorumChanges.sorted(by: { $0.key < $1.key }).map(\.value) {
            change.reply(.failure(.outcomeUnknown))
        }
        quorumChanges = [:]
        tellObservers()
    }

    /// A new cluster agrees on its features before anything else.
    private func finalizeFeatures() {
        let missing = Features.supported.filter { image.featureLevel($0.name) == 0 }
        guard !missing.isEmpty else { return }
        submit(UpdateFeatures(missing.map { FeatureUpdate(name: $0.name, level: $0.levelMax) })) { _ in }
    }

    // MARK: Commits

    private func commit(_ entries: [RaftEntry]) {
        var replaying: [RaftEntry] = []
        for entry in entries {
            recent.append(entry)
            guard case .proposal(let proposal)? = ownProposal(at: entry.base)?.awaited else {
                replaying.append(entry)
                continue
            }
            replay(replaying)
            replaying = []
            precondition(proposal.end == entry.end, "a proposal up to \(proposal.end) is committed up to \(entry.end)")
            (image, nextOffset) = (proposal.image, proposal.end)
            note(recordCount: proposal.recordCount)
            publish(proposal.delta)
            land(at: entry.base)
        }
        replay(replaying)
        speculation?.sessions.follow(image)
        landQuorumChanges()
        answerLanded()
    }

    private func ownProposal(at base: Offset) -> Flight? {
        flights.first { if case .proposal(let proposal) = $0.awaited { proposal.base == base } else { false } }
    }

    private func land(at base: Offset) {
        for index in flights.indices {
            if case .proposal(let proposal) = flights[index].awaited, proposal.base == base {
                return flights[index].awaited = .landed
            }
        }
    }

    /// Replays what others decided, and what is in the log from before the start, as one publication.
    private func replay(_ entries: [RaftEntry]) {
        guard let last = entries.last, failure == nil else { return }
        var recorder = MetadataDeltaRecorder(from: image)
        var recordCount = 0
        do throws(MetadataOpenError) {
            for entry in entries {
                for record in try LogEntries.records(of: entry) {
                    do throws(ReplayError) { try recorder.replay(record) } catch {
                        throw .contradiction(at: entry.base, error)
                    }
                    recordCount += 1
                }
            }
            if let refusal = Self.unsupportedFeature(of: recorder.image) { throw refusal }
        } catch {
            fail(.metadata(error))
            return
        }
        (image, nextOffset) = (recorder.image, last.end)
        note(recordCount: recordCount)
        publish(recorder.delta())
    }

    private func note(recordCount: Int) {
        counters.recordCount += recordCount
        recordCountSinceSnapshot += recordCount
    }

    // MARK: Tickets

    private func accepted(_ ticket: RaftTicket, base: Offset, end: Offset) {
        if quorumChanges[ticket] != nil {
            quorumChanges[ticket]?.end = end
            return landQuorumChanges()
        }
        proposed = .success((base, end))
    }

    private func refused(_ ticket: RaftTicket, _ refusal: RaftRefusal) {
        if let change = quorumChanges.removeValue(forKey: ticket) {
            return change.reply(.failure(SubmitRefusal(refusal)))
        }
        for index in flights.indices {
            guard case .confirmation(ticket) = flights[index].awaited else { continue }
            let flight = flights.remove(at: index)
            return refuse(flight.answers, SubmitRefusal(refusal))
        }
        proposed = .failure(refusal)
    }

    private func confirmed(_ ticket: RaftTicket) {
        for index in flights.indices {
            if case .confirmation(ticket) = flights[index].awaited { flights[index].awaited = .landed }
        }
        answerLanded()
    }

    private func landQuorumChanges() {
        let landed = quorumChanges.filter { $0.value.end.map { $0 <= nextOffset } ?? false }
        for (ticket, change) in landed.sorted(by: { $0.key < $1.key }) {
            quorumChanges[ticket] = nil
            change.reply(.success(()))
        }
    }
}

extension SubmitRefusal {
    init(_ refusal: RaftRefusal) {
        self =
            switch refusal {
            case .notLeader(let leader): .notController(leader: leader)
            case .transferring: .notController(leader: nil)
            case .busy: .busy(commandCountMax: QuorumController.flightCountMax)
            case .tooLarge(let limit): .tooLarge(byteCount: limit.rawValue + 1, limit: Int64(limit.rawValue))
            case .changeInFlight: .illegalVoterChange("another change of the quorum is being made: try again later")
            case .alreadyVoter: .illegalVoterChange("the controller is a voter already")
            case .notVoter: .illegalVoterChange("no voter has this id and directory")
            case .lastVoter: .illegalVoterChange("the last voter cannot be removed: add another one first")
            case .tooManyVoters(let limit): .illegalVoterChange("a quorum has at most \(limit) voters")
            case .notCaughtUp:
                .illegalVoterChange("the controller did not catch up with the log: look whether it runs and is reached")
            case .transferTimedOut:
                .illegalVoterChange("the controller to take over did not win the election in time; nothing was changed")
            }
    }
}
