// SPDX-License-Identifier: Apache-2.0

import Coordinator
import Primitives

/// A transcript line that makes no sense.
struct BadRaftCommand: Error, CustomStringConvertible {
    let description: String
    init(_ line: String) { description = "no such command: \(line)" }
}

/// Plays commands against a quorum and writes down what its nodes say and do.
///
/// `voters N` · `node ID CONTACT` · `timeout ID` · `elect ID` (without a word) · `wait MS` · `settle` ·
/// `deliver [COUNT]` · `write ID` · `hold ID` · `release ID` · `cut A B` (one way) · `isolate ID` · `heal` ·
/// `crash ID` · `start ID` · `propose ID WORD...` (a record for each) · `read ID` · `transfer ID [ID]` · `add ID ID` ·
/// `remove ID ID` · `snapshot ID` · `state`
struct RaftTranscript {
    private var quorum = Quorum(seed: 1, limits: RaftTranscript.limits)
    private var lastTicket = RaftTicket(0)
    private var trace: [String] = []

    private static var limits: RaftLimits {
        var limits = RaftLimits()
        limits.snapshotChunkByteCountMax = ByteCount(8)
        limits.retainedByteCountMax = .zero
        return limits
    }

    /// Runs one command line and returns what it caused.
    mutating func run(_ line: String) throws -> [String] {
        trace = []
        let words = line.split(separator: " ").map(String.init)
        let numbers = words.dropFirst().compactMap { Int32($0) }
        if try !control(words[0], numbers) { try ask(words[0], numbers, words, line) }
        trace += quorum.broken.map { "BROKEN \($0)" }
        return trace
    }

    /// What happens to nodes, disks, links and time.
    private mutating func control(_ verb: String, _ numbers: [Int32]) throws -> Bool {
        let id = NodeID(numbers.first ?? 0)
        switch verb {
        case "voters":
            quorum = .of(numbers[0], limits: Self.limits)
        case "node":
            quorum.add(Quorum.voter(numbers[0]))
            quorum.setContacts(numbers.dropFirst().map { NodeID($0) }, of: id)
        case "timeout": quorum.timeOut(id)
        case "elect":
            quorum.timeOut(id)
            quorum.settle()
            _ = quorum.takeEffects()
        case "wait": quorum.run(milliseconds: Int64(numbers[0]))
        case "settle": settle()
        case "deliver": for _ in 0..<(numbers.first ?? 1) { deliver() }
        case "write": quorum.completeWrite(id)
        case "hold": quorum.holdDisk(id, true)
        case "release": quorum.holdDisk(id, false)
        case "cut": quorum.cuts.insert([id, NodeID(numbers[1])])
        case "isolate": quorum.isolate(id)
        case "heal": quorum.cuts = []
        case "crash": quorum.crash(id)
        case "start": quorum.start(id)
        case "snapshot": quorum.takeSnapshot(id)
        case "state": for id in quorum.ids { trace.append(describe(id)) }
        default: return false
        }
        note()
        return true
    }

    /// What a driver asks of a node.
    private mutating func ask(_ verb: String, _ numbers: [Int32], _ words: [String], _ line: String) throws {
        guard let first = numbers.first else { throw BadRaftCommand(line) }
        lastTicket = lastTicket.next
        let event: RaftEvent
        switch verb {
        case "propose":
            let text = words.dropFirst(2).joined(separator: " ")
            event = .proposed(SharedBytes(text), recordCount: max(1, words.count - 2), lastTicket)
        case "read": event = .readRequested(lastTicket)
        case "transfer": event = .transferRequested(to: numbers.count > 1 ? NodeID(numbers[1]) : nil, lastTicket)
        case "add": event = .voterChangeRequested(.add(Quorum.voter(numbers[1])), lastTicket)
        case "remove": event = .voterChangeRequested(.remove(Quorum.voter(numbers[1]).key), lastTicket)
        default: throw BadRaftCommand(line)
        }
        quorum.step(NodeID(first), event)
        note()
    }

    /// As `Quorum.settle`, with every message written down when it arrives.
    private mutating func settle() {
        for _ in 0..<10_000 {
            if let id = quorum.runningIDs.first(where: { !quorum[$0].isDiskHeld && !quorum[$0].writes.isEmpty }) {
                quorum.completeWrite(id)
                note()
            } else if !deliver() {
                return
            }
        }
    }

    @discardableResult
    private mutating func deliver() -> Bool {
        guard !quorum.parcels.isEmpty else { return false }
        let parcel = quorum.parcels.removeFirst()
        let isLost =
            quorum.cuts.contains([parcel.from, parcel.message.to.id]) || quorum.core(parcel.message.to.id) == nil
        trace.append("\(parcel.from) → \(parcel.message.to.id)  \(describe(parcel.message))\(isLost ? "  lost" : "")")
        quorum.deliver(parcel)
        note()
        return true
    }

    // MARK: Words

    private mutating func note() {
        for (node, effect) in quorum.takeEffects() {
            if let text = describe(effect) { trace.append("\(node): \(text)") }
        }
    }

    private func describe(_ id: NodeID) -> String {
        guard let core = quorum.core(id) else { return "\(id) is down" }
        let voters = core.voters.voters.map { "\($0.id)" }.joined(separator: ",")
        return "\(id) \(core.role) of term \(core.term), leader \(core.leader.map { "\($0.id)" } ?? "-"), log "
            + "\(core.lastPosition), durable \(core.durableEnd), commit \(core.commit), voters [\(voters)], "
            + "applied [\(quorum[id].applied.joined(separator: " "))]"
    }

    private func describe(_ effect: RaftEffect) -> String? {
        switch effect {
        case .send: nil
        case .persist(let write):
            "write \(write.number)"
                + (write.hardState.map { " term \($0.term) vote \($0.vote.map { "\($0.id)" } ?? "-")" } ?? "")
                + (write.truncateTo.map { " cut to \($0)" } ?? "")
                + (write.entries.isEmpty ? "" : " [\(describe(write.entries))]")
        case .committed(let entries): "committed [\(describe(entries))]"
        case .becameLeader(let term): "leads term \(term)"
        case .steppedDown(let leader): "stepped down, leader \(leader.map { "\($0)" } ?? "-")"
        case .accepted(let ticket, let base, let end): "#\(ticket) accepted \(base)..<\(end)"
        case .refused(let ticket, let refusal): "#\(ticket) refused: \(refusal)"
        case .readReady(let ticket, let end): "#\(ticket) reads at \(end)"
        case .transferred(let ticket): "#\(ticket) transferred"
        case .readSnapshot(let read):
            "read snapshot \(read.snapshot.position) from byte \(read.position) for \(read.follower.id)"
        case .writeSnapshot(let chunk):
            "write snapshot \(chunk.snapshot.position) bytes \(chunk.position)..<\(chunk.nextPosition)"
                + (chunk.isLast ? ", the last" : "")
        }
    }

    private func describe(_ entries: [RaftEntry]) -> String {
        entries.map { entry in
            let place = "\(entry.position)"
            return switch entry.kind {
            case .records(let payload): "\(place) \"\(String(decoding: payload.array, as: UTF8.self))\""
            case .leaderChange: "\(place) leader"
            case .voters(let set): "\(place) voters \(set.voters.map { "\($0.id)" }.joined(separator: ","))"
            }
        }.joined(separator: ", ")
    }

    private func describe(_ message: RaftMessage) -> String {
        "term \(message.term) " + describe(message.body)
    }

    private func describe(_ body: RaftMessage.Body) -> String {
        switch body {
        case .preVote(let last): "pre-vote? log \(last)"
        case .preVoteReply(_, let isGranted): "pre-vote \(isGranted ? "yes" : "no")"
        case .vote(let last, let isTransfer): "vote? log \(last)\(isTransfer ? ", sent by the leader" : "")"
        case .voteReply(let isGranted): "vote \(isGranted ? "yes" : "no")"
        case .append(let append):
            "append at \(append.previous) [\(describe(append.entries))] commit \(append.commit) round \(append.round)"
        case .appendReply(let reply):
            switch reply.outcome {
            case .accepted(let end): "has \(end) round \(reply.round)"
            case .rejected(let previous, let hint): "lacks \(previous), try \(hint)"
            }
        case .snapshotChunk(let chunk): "snapshot \(chunk.snapshot.position) from byte \(chunk.position)"
        case .snapshotChunkReply(let position, let next): "snapshot \(position) wants byte \(next)"
        case .timeoutNow: "campaign now"
        case .observe: "who leads?"
        }
    }
}
