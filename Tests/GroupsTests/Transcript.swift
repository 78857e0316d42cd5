// SPDX-License-Identifier: Apache-2.0

import Groups
import Primitives

/// Plays commands against a coordinator and its log, and writes down what it answers.
///
/// Member ids are random; here they are called by client (or instance) and number: `alice.1`, `alice.2` …
struct Transcript {
    private var coordinator: GroupCoordinator
    private var limits = GroupLimits()
    private var entropy = Entropy(seed: 7)
    private var now = Instant(nanoseconds: 0)
    private var effects: [Effect] = []
    private var lastToken = RequestToken(0)
    /// What the log has acknowledged, encoded and decoded again.
    private var log: [GroupRecord] = []
    private var waiting: [(records: [GroupRecord], ticket: AppendTicket)] = []
    private var isHolding = false
    private var names: [MemberID: String] = [:]
    private var ids: [String: MemberID] = [:]
    private(set) var trace: [String] = []

    init() {
        coordinator = GroupCoordinator(limits: limits, entropy: Entropy(seed: 7))
        step(.loaded)
    }

    /// Runs one command line and returns what it caused.
    mutating func run(_ line: String) throws -> [String] {
        trace = []
        var words = line.split(separator: " ").map(String.init)
        let verb = words.removeFirst()
        let arguments = try Arguments(words)
        switch verb {
        case "limits": try restart(with: arguments)
        case "wait": try wait(arguments)
        case "hold": isHolding = true
        case "release": isHolding = false; drainLog()
        case "answer": acknowledge()
        case "fail": fail(try arguments.failure())
        case "restart": restart()
        case "resign": step(.resigned)
        case "delete-topics": step(.topicsDeleted(arguments.positional))
        default: try ask(verb, arguments)
        }
        coordinator.checkInvariants()
        return trace
    }

    private mutating func ask(_ verb: String, _ arguments: Arguments) throws {
        lastToken = lastToken.next
        let request = try arguments.request(verb, member: { ids[$0] ?? MemberID($0) })
        step(.requested(lastToken, request))
    }

    // MARK: Time and log

    private var wall: Timestamp { Timestamp(1_000_000 + now.nanoseconds / 1_000_000) }

    private mutating func step(_ event: Event) {
        coordinator.step(event, at: now, wall: wall, into: &effects)
        let caused = effects
        effects = []
        for effect in caused { note(effect) }
        drainLog()
    }

    private mutating func note(_ effect: Effect) {
        switch effect {
        case .reply(let token, let reply):
            trace.append("#\(token) \(describe(reply))")
        case .append(let records, let ticket), .appendTransactional(let records, _, _, let ticket):
            for record in records { trace.append("log \(ticket): \(describe(record))") }
            waiting.append((records, ticket))
        }
    }

    private mutating func drainLog() {
        while !isHolding, !waiting.isEmpty { acknowledge() }
    }

    private mutating func acknowledge() {
        guard !waiting.isEmpty else { return trace.append("nothing waits") }
        let (records, ticket) = waiting.removeFirst()
        log += records
        step(.appended(ticket))
    }

    private mutating func fail(_ failure: AppendFailure) {
        guard !waiting.isEmpty else { return trace.append("nothing waits") }
        step(.appendFailed(waiting.removeFirst().ticket, failure))
    }

    private mutating func wait(_ arguments: Arguments) throws {
        let end = now.advanced(byMilliseconds: try arguments.integer(at: 0))
        while let deadline = coordinator.nextDeadline, deadline <= end {
            now = max(now, deadline)
            let before = trace.count
            step(.timePassed)
            if trace.count > before { trace.insert("at \(now.nanoseconds / 1_000_000) ms", at: before) }
        }
        now = end
    }

    private mutating func restart(with arguments: Arguments) throws {
        try arguments.apply(to: &limits)
        restart()
    }

    private mutating func restart() {
        waiting = []
        coordinator = GroupCoordinator(limits: limits, entropy: entropy.split())
        for record in log { coordinator.replay(record) }
        step(.loaded)
    }

    // MARK: Words

    private mutating func name(_ id: MemberID) -> String {
        if id == .unknown { return "-" }
        if let known = names[id] { return known }
        guard id.byteCount > 37 else { return id.rawValue }
        let prefix = String(id.rawValue.dropLast(37))
        var number = 1
        while ids["\(prefix).\(number)"] != nil { number += 1 }
        names[id] = "\(prefix).\(number)"
        ids["\(prefix).\(number)"] = id
        return "\(prefix).\(number)"
    }

    private mutating func describe(_ record: GroupRecord) -> String {
        switch record {
        case .offsetCommitted(let group, let partition, let committed):
            return "offset \(group) \(partition) = \(describe(committed)) at \(committed.committedAt)"
        case .offsetRemoved(let group, let partition):
            return "offset \(group) \(partition) removed"
        case .groupRemoved(let group):
            return "group \(group) removed"
        case .groupChanged(let group, let metadata):
            var members: [String] = []
            for member in metadata.members {
                let instance = member.instanceID.map { "(\($0))" } ?? ""
                members.append("\(name(member.memberID))\(instance)=\(text(member.assignment))")
            }
            let leader = metadata.leader.map { name($0) } ?? "-"
            return "group \(group) generation \(metadata.generation) \(metadata.protocolName ?? "-") "
                + "leader \(leader) members [\(members.joined(separator: " "))]"
        }
    }

    private func describe(_ committed: CommittedOffset) -> String {
        let epoch = committed.leaderEpoch == .none ? "" : "@\(committed.leaderEpoch)"
        let remark = committed.metadata.isEmpty ? "" : " \"\(committed.metadata)\""
        let expiry = committed.expiresAt == .none ? "" : " until \(committed.expiresAt)"
        return "\(committed.offset)\(epoch)\(remark)\(expiry)"
    }

    private func text(_ bytes: SharedBytes) -> String {
        String(decoding: bytes.array.map { (33..<127).contains($0) ? $0 : UInt8(ascii: ".") }, as: UTF8.self)
    }

    private mutating func describe(_ refusal: GroupRefusal) -> String {
        if case .memberIDRequired(let id) = refusal { return "memberIDRequired \(name(id))" }
        return "\(refusal)"
    }

    private mutating func describe(_ reply: GroupReply) -> String {
        switch reply {
        case .join(.success(let joined)): return describe(joined)
        case .join(.failure(let refusal)): return "join refused: \(describe(refusal))"
        case .sync(.success(let synced)):
            return "synced \(synced.protocolName ?? "-") assignment \"\(text(synced.assignment))\""
        case .sync(.failure(let refusal)): return "sync refused: \(describe(refusal))"
        case .heartbeat(nil): return "heartbeat ok"
        case .heartbeat(let refusal?): return "heartbeat refused: \(describe(refusal))"
        case .leave(.failure(let refusal)): return "leave refused: \(describe(refusal))"
        case .leave(.success(let left)):
            var members: [String] = []
            for member in left {
                let identity = member.identity.instanceID.map { "(\($0))" } ?? ""
                let outcome = member.refusal.map { describe($0) } ?? "gone"
                members.append("\(name(member.identity.memberID))\(identity) \(outcome)")
            }
            return "left: \(members.joined(separator: ", "))"
        case .commitOffsets(let result): return "commit \(describe(result))"
        case .deleteOffsets(let result): return "delete-offsets \(describe(result))"
        case .fetchOffsets(let fetched):
            return fetched.map { group in
                let partitions = group.partitions.map { "\($0.partition) = \($0.committed.map(describe) ?? "none")" }
                let refusal = group.refusal.map { " refused: \($0)" } ?? ""
                return "fetched \(group.group)\(refusal) [\(partitions.joined(separator: ", "))]"
            }.joined(separator: "; ")
        case .describe(let groups):
            return groups.map { describe($0) }.joined(separator: "; ")
        case .list(.failure(let refusal)): return "list refused: \(describe(refusal))"
        case .list(.success(let groups)):
            let listed = groups.map { "\($0.group) \($0.state.rawValue) \($0.protocolType)/\($0.type.rawValue)" }
            return "listed [\(listed.joined(separator: ", "))]"
        case .deleteGroups(let groups):
            let deleted = groups.map { "\($0.group) \($0.refusal.map { "\($0)" } ?? "deleted")" }
            return "deleted-groups [\(deleted.joined(separator: ", "))]"
        }
    }

    private mutating func describe(_ joined: JoinedGroup) -> String {
        let skip = joined.skipAssignment ? " skip-assignment" : ""
        var everyone: [String] = []
        for member in joined.members {
            let instance = member.instanceID.map { "(\($0))" } ?? ""
            everyone.append("\(name(member.memberID))\(instance):\(text(member.metadata))")
        }
        let members = everyone.isEmpty ? "" : " members [\(everyone.joined(separator: " "))]"
        return "joined as \(name(joined.memberID)) generation \(joined.generation) "
            + "\(joined.protocolName ?? "-") leader \(name(joined.leader))\(skip)\(members)"
    }

    private func describe(_ result: Result<[PartitionResult], GroupRefusal>) -> String {
        switch result {
        case .failure(let refusal): "refused: \(refusal)"
        case .success(let results):
            "[" + results.map { "\($0.partition) \($0.refusal.map { "\($0)" } ?? "ok")" }.joined(separator: ", ") + "]"
        }
    }

    private mutating func describe(_ group: GroupDescription) -> String {
        var members: [String] = []
        for member in group.members {
            members.append("\(name(member.memberID)):\(text(member.subscription))=\(text(member.assignment))")
        }
        let refusal = group.refusal.map { " \($0)" } ?? ""
        return "\(group.group)\(refusal) \(group.state.rawValue) generation \(group.generation) "
            + "\(group.protocolType)/\(group.protocolName) members [\(members.joined(separator: " "))]"
    }
}
