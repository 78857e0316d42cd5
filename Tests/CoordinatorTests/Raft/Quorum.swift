// SPDX-License-Identifier: Apache-2.0

import Coordinator
import Primitives

/// The disk and the state machine of one node, and its core while it runs.
struct QuorumNode {
    let me: Voter
    var core: RaftCore?
    /// What a restart finds.
    var stored: RaftRecovery
    /// Bytes of the newest snapshot.
    var snapshotBytes = SharedBytes.empty
    /// Not durable yet, in order.
    var writes: [RaftWrite] = []
    /// A snapshot that comes in.
    var incoming: [UInt8] = []
    /// Payloads that the state machine has got.
    var applied: [String] = []
    var appliedEnd = Offset.zero
    var isDiskHeld = false
    var contacts: [NodeID] = []

    var storedEnd: Offset { stored.entries.last?.end ?? stored.start.end }
}

/// Nodes, their disks and a network, in one thread. Every promise of Raft is checked at each effect; a broken one is
/// written down in `broken`.
struct Quorum {
    struct Parcel {
        let message: RaftMessage
        let from: NodeID
    }

    private(set) var nodes: [NodeID: QuorumNode] = [:]
    private(set) var now = Instant(nanoseconds: 1_000_000_000_000)
    var parcels: [Parcel] = []
    /// Directed links that lose everything.
    var cuts: Set<[NodeID]> = []
    private(set) var effects: [(node: NodeID, effect: RaftEffect)] = []
    private(set) var broken: [String] = []
    private var limits: RaftLimits
    private var entropy: Entropy

    /// Every entry that some node has handed out, by its base.
    private(set) var committed: [Offset: RaftEntry] = [:]
    private(set) var committedEnd = Offset.zero
    private var leaders: [Term: NodeID] = [:]
    private var leaderEnds: [NodeID: (term: Term, end: Offset)] = [:]
    /// What was committed anywhere when a read was asked for.
    private var reads: [RaftTicket: Offset] = [:]
    private(set) var readsAnswered = 0
    private(set) var snapshotsInstalled = 0

    init(seed: UInt64 = 1, limits: RaftLimits = RaftLimits()) {
        entropy = Entropy(seed: seed)
        self.limits = limits
    }

    static func voter(_ id: Int32, disk: UInt64 = 1) -> Voter {
        let directory = IncarnationID(high: UInt64(id), low: disk)
        return Voter(id: NodeID(id), directory: directory, host: "c\(id)", port: 9191)
    }

    private(set) var ids: [NodeID] = []
    var runningIDs: [NodeID] { ids.filter { nodes[$0]?.core != nil } }
    func core(_ id: NodeID) -> RaftCore? { nodes[id]?.core }
    func core(_ id: Int32) -> RaftCore {
        guard let core = nodes[NodeID(id)]?.core else { preconditionFailure("node \(id) is down") }
        return core
    }
    subscript(id: NodeID) -> QuorumNode {
        guard let node = nodes[id] else { preconditionFailure("no node \(id)") }
        return node
    }

    // MARK: Nodes

    /// A node that is not there yet, or whose disk is another one now.
    mutating func add(_ me: Voter, voters: VoterSet = .empty) {
        add(me, storing: RaftRecovery(voters: voters))
    }

    mutating func add(_ me: Voter, storing recovery: RaftRecovery) {
        nodes[me.id] = QuorumNode(me: me, stored: recovery)
        ids = nodes.keys.sorted()
        start(me.id)
    }

    mutating func start(_ id: NodeID) {
        var node = self[id]
        node.applied = String(decoding: node.snapshotBytes.array, as: UTF8.self).split(separator: ",").map(String.init)
        node.appliedEnd = node.stored.snapshot.position.end
        node.core = RaftCore(
            me: node.me, recovery: node.stored, limits: limits, entropy: entropy.split(), at: now)
        let contacts = node.contacts
        nodes[id] = node
        step(id, .contactsFound(contacts))
    }

    /// Stops a node; of the writes in flight only the first `kept` have reached the disk.
    mutating func crash(_ id: NodeID, keepingWrites kept: Int = 0) {
        for write in self[id].writes.prefix(kept) { store(write, at: id) }
        nodes[id]?.writes = []
        nodes[id]?.core = nil
        leaderEnds[id] = nil
    }

    mutating func setContacts(_ contacts: [NodeID], of id: NodeID) {
        nodes[id]?.contacts = contacts
        step(id, .contactsFound(contacts))
    }

    mutating func holdDisk(_ id: NodeID, _ isHeld: Bool) { nodes[id]?.isDiskHeld = isHeld }

    // MARK: Steps

    mutating func advance(milliseconds: Int64) { now = now.advanced(byMilliseconds: milliseconds) }

    mutating func step(_ id: NodeID, _ event: RaftEvent) {
        guard var core = nodes[id]?.core else { return }
        if case .readRequested(let ticket) = event {
            reads[ticket] = runningIDs.compactMap { self.core($0)?.commit }.max()
        }
        nodes[id]?.core = nil
        var caused: [RaftEffect] = []
        core.step(event, at: now, into: &caused)
        nodes[id]?.core = core
        checkLeader(id, core)
        for effect in caused {
            effects.append((id, effect))
            carryOut(effect, at: id)
        }
    }

    mutating func takeEffects() -> [(node: NodeID, effect: RaftEffect)] {
        defer { effects = [] }
        return effects
    }

    private mutating func carryOut(_ effect: RaftEffect, at id: NodeID) {
        switch effect {
        case .persist(let write): nodes[id]?.writes.append(write)
        case .send(let message):
            checkDurable(message, at: id)
            parcels.append(Parcel(message: message, from: id))
        case .committed(let entries): apply(entries, at: id)
        case .readReady(let ticket, let end):
            readsAnswered += 1
            if let wanted = reads[ticket], end < wanted { report("read \(ticket) of \(id) sees \(end) of \(wanted)") }
            if self[id].appliedEnd < end { report("read \(ticket) of \(id) at \(end) before its state machine") }
        case .readSnapshot(let read): self.read(read, at: id)
        case .writeSnapshot(let chunk): write(chunk, at: id)
        case .becameLeader, .steppedDown, .accepted, .refused, .transferred: break
        }
    }

    /// Delivers one parcel, through bytes, unless its link is cut or nobody is there.
    mutating func deliver(_ parcel: Parcel) {
        let to = parcel.message.to.id
        guard !cuts.contains([parcel.from, to]), nodes[to]?.core != nil else { return }
        do throws(DecodeError) {
            let message = try RaftMessage(decoding: parcel.message.encoded())
            if message != parcel.message { report("\(parcel.message) became \(message)") }
            step(to, .received(message, from: parcel.from))
        } catch { report("\(parcel.message): \(error)") }
    }

    /// Completes the first write of a node.
    mutating func completeWrite(_ id: NodeID) {
        guard let write = nodes[id]?.writes.first else { return }
        nodes[id]?.writes.removeFirst()
        store(write, at: id)
        step(id, .persisted(write.number))
    }

    /// Every disk finishes, and what that sends stays on its way.
    mutating func completeWrites() {
        while let id = runningIDs.first(where: { !self[$0].writes.isEmpty }) { completeWrite(id) }
    }

    /// Until nothing is on its way.
    mutating func settle() {
        for id in ids { settleDisk(id) }
        var delivered = 0
        while delivered < parcels.count {
            let parcel = parcels[delivered]
            delivered += 1
            deliver(parcel)
            settleDisk(parcel.message.to.id)
            guard delivered < 100_000 else { return report("it does not settle") }
        }
        parcels = []
    }

    private mutating func settleDisk(_ id: NodeID) {
        while let node = nodes[id], node.core != nil, !node.isDiskHeld, !node.writes.isEmpty { completeWrite(id) }
    }

    /// Lets time pass, deadline by deadline, and settles after each.
    mutating func run(milliseconds: Int64) {
        let end = now.advanced(byMilliseconds: milliseconds)
        settle()
        while true {
            let due = runningIDs.compactMap { id in core(id).map { (deadline: $0.nextDeadline, id: id) } }
                .min { ($0.deadline, $0.id) < ($1.deadline, $1.id) }
            guard let due, due.deadline <= end else { break }
            now = max(now, due.deadline)
            step(due.id, .timePassed)
            settle()
        }
        now = end
    }

    /// Lets the node's election time-out come, at once.
    mutating func timeOut(_ id: NodeID) {
        guard let deadline = core(id)?.nextDeadline else { return }
        now = max(now, deadline)
        step(id, .timePassed)
    }

    var leader: NodeID? {
        runningIDs.filter { core($0)?.isLeader == true }.max { core($0)?.term ?? .zero < core($1)?.term ?? .zero }
    }

    // MARK: Disk

    private mutating func store(_ write: RaftWrite, at id: NodeID) {
        guard var stored = nodes[id]?.stored else { return }
        if let end = write.truncateTo { stored.entries.removeAll { $0.end > end } }
        stored.entries += write.entries
        if let hardState = write.hardState { stored.hardState = hardState }
        nodes[id]?.stored = stored
    }

    /// The state machine writes itself down and the log lets go of the past.
    mutating func takeSnapshot(_ id: NodeID, retaining count: Int = 0) {
        guard let core = core(id), self[id].appliedEnd > self[id].stored.snapshot.position.end else { return }
        let snapshot = core.snapshot(at: self[id].appliedEnd)
        let text = self[id].applied.joined(separator: ",")
        nodes[id]?.snapshotBytes = SharedBytes(text)
        nodes[id]?.stored.snapshot = snapshot
        let covered = self[id].stored.entries.prefix { $0.end <= snapshot.position.end }.count
        let last = self[id].stored.entries.prefix(max(0, covered - count)).last
        if let last {
            nodes[id]?.stored.start = last.position
            nodes[id]?.stored.entries.removeAll { $0.end <= last.end }
        }
        step(id, .snapshotTaken(snapshot))
    }

    private mutating func read(_ read: SnapshotRead, at id: NodeID) {
        let bytes = self[id].snapshotBytes
        guard read.snapshot == self[id].stored.snapshot, read.position <= Int64(bytes.count) else {
            return step(id, .snapshotRead(read, nil))
        }
        let count = min(read.byteCountMax, bytes.count - Int(read.position))
        let chunk = SnapshotChunk(
            snapshot: read.snapshot, position: read.position,
            bytes: bytes.slice(from: Int(read.position), count: count),
            isLast: Int(read.position) + count == bytes.count)
        step(id, .snapshotRead(read, chunk))
    }

    private mutating func write(_ chunk: SnapshotChunk, at id: NodeID) {
        var incoming = chunk.position == 0 ? [] : self[id].incoming
        precondition(
            incoming.count == Int(chunk.position), "a chunk at \(chunk.position) after \(incoming.count) bytes")
        incoming += chunk.bytes.array
        nodes[id]?.incoming = incoming
        let position = chunk.snapshot.position
        guard chunk.isLast else {
            return step(id, .snapshotChunkWritten(position, nextPosition: chunk.nextPosition))
        }
        // Everything on its way to the old log is of no use any more; the hard state is.
        while self[id].core != nil, !self[id].writes.isEmpty { completeWrite(id) }
        guard var node = nodes[id], node.core != nil else { return }
        node.snapshotBytes = SharedBytes(incoming)
        node.stored = RaftRecovery(
            hardState: node.stored.hardState, snapshot: chunk.snapshot, start: position, entries: [])
        node.applied = String(decoding: incoming, as: UTF8.self).split(separator: ",").map(String.init)
        node.appliedEnd = position.end
        nodes[id] = node
        snapshotsInstalled += 1
        step(id, .snapshotInstalled(position))
    }

    // MARK: Promises

    private mutating func report(_ text: String) { broken.append("at \(now.nanoseconds / 1_000_000) ms: \(text)") }

    /// State machine safety: the same entry at the same place, whoever hands it out, without a gap.
    private mutating func apply(_ entries: [RaftEntry], at id: NodeID) {
        for entry in entries {
            if entry.base != self[id].appliedEnd { report("\(id) applies \(entry.base) after \(self[id].appliedEnd)") }
            if let former = committed[entry.base] {
                if former != entry { report("\(id) commits \(entry) where \(former) was committed") }
            } else {
                if entry.base != committedEnd { report("\(id) commits \(entry.base) first, after \(committedEnd)") }
                committed[entry.base] = entry
                committedEnd = max(committedEnd, entry.end)
            }
            if self[id].storedEnd < entry.end {
                report("\(id) hands out \(entry.end) and has stored \(self[id].storedEnd)")
            }
            nodes[id]?.appliedEnd = entry.end
            if case .records(let payload) = entry.kind {
                nodes[id]?.applied.append(String(decoding: payload.array, as: UTF8.self))
            }
        }
    }

    /// Election safety, leader append-only and leader completeness.
    private mutating func checkLeader(_ id: NodeID, _ core: RaftCore) {
        guard core.role == .leader else { return leaderEnds[id] = nil }
        if let other = leaders[core.term], other != id { report("\(other) and \(id) lead term \(core.term)") }
        if leaders.updateValue(id, forKey: core.term) == nil { checkCompleteness(id, core) }
        if let former = leaderEnds[id], former.term == core.term, former.end > core.lastPosition.end {
            report("leader \(id) cut its log from \(former.end) to \(core.lastPosition.end)")
        }
        leaderEnds[id] = (core.term, core.lastPosition.end)
    }

    private mutating func checkCompleteness(_ id: NodeID, _ core: RaftCore) {
        let entries = core.entriesInMemory
        let own = Dictionary(entries.map { ($0.base, $0) }) { one, _ in one }
        guard let start = entries.first?.base else { return }
        for (base, entry) in committed where base >= start && own[base] != entry {
            report("leader \(id) of term \(core.term) lacks the committed entry at \(base)")
        }
    }

    /// A promise is on the disk before anybody hears of it.
    private mutating func checkDurable(_ message: RaftMessage, at id: NodeID) {
        let stored = self[id].stored
        let term: Term
        if case .preVote = message.body { term = Term(message.term.rawValue - 1) } else { term = message.term }
        if term > stored.hardState.term, term > stored.entries.last?.term ?? .zero {
            report("\(id) speaks in term \(term) and has stored \(stored.hardState.term)")
        }
        switch message.body {
        case .voteReply(true) where stored.hardState.vote != message.to || stored.hardState.term != message.term:
            report("\(id) votes for \(message.to) and has stored \(stored.hardState)")
        case .vote where stored.hardState.vote != message.from: report("\(id) campaigns without its own vote")
        case .appendReply(let reply):
            if case .accepted(let end) = reply.outcome, end > self[id].storedEnd {
                report("\(id) acknowledges \(end) and has stored \(self[id].storedEnd)")
            }
        default: break
        }
    }

    /// Log matching: logs that share a position are equal up to it.
    mutating func checkLogMatching() {
        let logs = runningIDs.compactMap { id in core(id)?.entriesInMemory }
        for (index, one) in logs.enumerated() {
            for other in logs.dropFirst(index + 1) { checkMatching(one[...], other[...]) }
        }
    }

    private mutating func checkMatching(_ one: ArraySlice<RaftEntry>, _ other: ArraySlice<RaftEntry>) {
        var (one, other) = (one, other)
        while let left = one.last, let right = other.last, left.position != right.position {
            if left.end >= right.end { one.removeLast() }
            if right.end >= left.end { other.removeLast() }
        }
        let shared = min(one.count, other.count)
        if one.suffix(shared) != other.suffix(shared) {
            report("logs share \(one.last.map { "\($0.position)" } ?? "-") and differ before it")
        }
    }
}
