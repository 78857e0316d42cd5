// SPDX-License-Identifier: Apache-2.0

public import Coordinator
public import Primitives
internal import RecordBatch

extension QuorumController {
    /// Queues a command for the next `turn`.
    ///
    /// - Parameter reply: Called once: from `turn`, or at once when the command is refused. It may submit.
    public func submit<Command: ControllerCommand>(
        _ command: Command, reply: @escaping (Result<Command.Outcome, SubmitRefusal>) -> Void
    ) {
        submit(command, validateOnly: false) { result, _ in reply(result) }
    }

    /// - Parameters:
    ///   - validateOnly: Answers as if, and writes nothing.
    ///   - reply: Also given the offset that an image must have reached to hold what the command led to.
    public func submit<Command: ControllerCommand>(
        _ command: Command, validateOnly: Bool,
        reply: @escaping (Result<Command.Outcome, SubmitRefusal>, Offset) -> Void
    ) {
        counters.commandCount += 1
        if let refusal = refusalNow {
            counters.refusedCommandCount += 1
            return reply(.failure(refusal), .zero)
        }
        let refuse: (SubmitRefusal) -> Void = { reply(.failure($0), .zero) }
        waiting.append(
            WaitingCommand(
                decide: { state, entropy in
                    let decision = command.decide(on: state, using: &entropy)
                    return DecidedCommand(
                        records: validateOnly ? [] : decision.records, contact: validateOnly ? nil : decision.contact,
                        answer: CommandAnswer(succeed: { reply(.success(decision.outcome), $0) }, refuse: refuse))
                },
                refuse: refuse))
    }

    private var refusalNow: SubmitRefusal? {
        if let failure {
            guard case .disk(let fault) = failure else { return .unavailable(nil) }
            return .unavailable(fault)
        }
        guard isActive else { return .notController(leader: leader?.id) }
        return waiting.count < Self.waitingCommandCountMax
            ? nil : .busy(commandCountMax: Self.waitingCommandCountMax)
    }

    // MARK: Decide

    /// Decides what waits, each command on the image that the ones before it lead to, and proposes all records at once.
    func decideWaiting() {
        guard var draft = ProposalDraft(self) else { return }
        var count = 0
        while count < waiting.count, draft.byteCount < Self.proposalByteCountMax {
            draft.decide(waiting[count], using: &entropy)
            count += 1
        }
        waiting.removeFirst(count)
        draft.hasRecords ? propose(draft) : confirm(draft)
    }

    private func propose(_ draft: ProposalDraft) {
        let batch = LogEntries.batch(of: draft.records, at: time.wallClock, using: compressor)
        if let fault = store.lackOfRoom(for: batch.bytes.count) { return refuse(draft.answers, .diskFull(fault)) }
        proposed = nil
        step(.proposed(batch.bytes, recordCount: draft.records.count, nextTicket()))
        switch proposed {
        case .success((let base, let end))?:
            let proposal = draft.proposal
            precondition(
                base == proposal.base && end == proposal.end,
                "records decided for \(proposal.base) to \(proposal.end) are in the log from \(base) to \(end)")
            flights.append(Flight(awaited: .proposal(proposal), answers: draft.answers))
            counters.proposalCount += 1
            speculation = Speculation(image: draft.image, sessions: draft.sessions)
        case .failure(.tooLarge(let limit))?:
            refuse(draft.answers, .tooLarge(byteCount: batch.bytes.count, limit: Int64(limit.rawValue)))
        case .failure(let refusal)?: refuse(draft.answers, SubmitRefusal(refusal))
        case nil: preconditionFailure("a proposal in term \(core.term) was neither accepted nor refused")
        }
    }

    /// Commands that write nothing wait until a majority has confirmed that this controller led when they were decided, so
    /// that none is answered from a past that others have left.
    private func confirm(_ draft: ProposalDraft) {
        speculation?.sessions = draft.sessions
        let ticket = nextTicket()
        flights.append(Flight(awaited: .confirmation(ticket), answers: draft.answers))
        step(.readRequested(ticket))
    }

    // MARK: Answer

    /// Answers flights that have nothing to wait for, as long as none before them has.
    func answerLanded() {
        while let first = flights.first, case .landed = first.awaited {
            flights.removeFirst()
            for answer in first.answers { answer.succeed(nextOffset) }
        }
    }

    func refuse(_ answers: [CommandAnswer], _ refusal: SubmitRefusal) {
        counters.refusedCommandCount += answers.count
        for answer in answers { answer.refuse(refusal) }
    }

    func refuseWaiting(_ refusal: SubmitRefusal) {
        let refused = waiting
        waiting = []
        counters.refusedCommandCount += refused.count
        for command in refused { command.refuse(refusal) }
    }

    /// When the controller goes out of service.
    func refuseAll() {
        let refused = flights
        flights = []
        for flight in refused { refuse(flight.answers, .outcomeUnknown) }
        let changes = quorumChanges.sorted { $0.key < $1.key }
        quorumChanges = [:]
        for (_, change) in changes { change.reply(.failure(.outcomeUnknown)) }
        if case .disk(let fault)? = failure {
            refuseWaiting(.unavailable(fault))
        } else {
            refuseWaiting(.unavailable(nil))
        }
        speculation = nil
    }

    // MARK: Sessions

    /// Fences brokers that were not heard of for a session. By the clock of this controller alone.
    func expireSessions() {
        guard let speculation, !isFencing, time.now >= fencingNotBefore else { return }
        let expired = speculation.sessions.expired(on: image, at: time.now)
        guard !expired.isEmpty else { return }
        isFencing = true
        submit(FenceBrokers(expired)) { [weak self] result in
            guard let self else { return }
            isFencing = false
            if case .success(let fenced) = result, !fenced.isEmpty {
                counters.fencedBrokerCount += fenced.count
            } else {
                // The disk is full, say, or the broker's new registration is on its way: at once it would be the same again.
                fencingNotBefore = time.now.advanced(byMilliseconds: QuorumStore.retryMilliseconds)
            }
        }
    }
}

// MARK: Upkeep

extension QuorumController {
    /// Does what an active controller does unasked: leaders go back to where they are preferred, draining brokers are
    /// emptied, replicas are evened out, internal topics grow with the cluster.
    func keepUp() {
        guard isActive, var upkeep, upkeepDeadline <= time.now else { return }
        let settings = settings.overlaid(by: image, for: member.id)
        let chores = upkeep.due(
            on: image, settings: settings, at: time.now, loads: speculation?.sessions.loads(on: image) ?? [])
        upkeepDeadline = upkeep.nextDeadline(settings: settings)
        self.upkeep = upkeep
        for chore in chores {
            switch chore {
            case .rebalanceLeaders(let command): submit(command) { _ in }
            case .balance(let command): submit(command) { _ in }
            case .raiseInternalReplication(let command): submit(command) { _ in }
            }
        }
    }
}

/// Commands decided together, on the metadata with everything decided before.
struct ProposalDraft {
    private(set) var records: [MetadataRecord] = []
    private(set) var answers: [CommandAnswer] = []
    private(set) var sessions: BrokerSessions
    /// Of the records, roughly.
    private(set) var byteCount = 0
    private var recorder: MetadataDeltaRecorder
    private let base: Offset
    private let controller: QuorumController

    /// - Returns: nil for a controller that is not active.
    init?(_ controller: QuorumController) {
        guard let speculation = controller.speculation else { return nil }
        self.controller = controller
        base = controller.core.lastPosition.end
        sessions = speculation.sessions
        recorder = MetadataDeltaRecorder(from: speculation.image)
    }

    var hasRecords: Bool { !records.isEmpty }
    var end: Offset { base + Int64(records.count) }

    var proposal: Proposal {
        Proposal(base: base, end: end, image: recorder.image, delta: recorder.delta(), recordCount: records.count)
    }

    var image: MetadataImage { recorder.image }

    mutating func decide(_ command: WaitingCommand, using entropy: inout Entropy) {
        let state = ControllerState(
            image: recorder.image, settings: controller.settings, node: controller.member.id, nextOffset: end,
            sessions: sessions, now: controller.time.now, time: controller.time.wallClock,
            cluster: controller.member.cluster)
        let decided = command.decide(state, &entropy)
        for record in decided.records {
            do throws(ReplayError) { try recorder.replay(record) } catch {
                preconditionFailure("decided \(record), which does not follow: \(error)")
            }
        }
        records += decided.records
        byteCount += decided.records.count * 64
        answers.append(decided.answer)
        if let contact = decided.contact { sessions.note(contact, at: controller.time.now) }
    }
}
