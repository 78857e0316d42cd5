// SPDX-License-Identifier: Apache-2.0

import Coordinator
import Primitives
import Simulation
import StorageEngine

/// One life of a controller: the consensus core, its journal, and a state machine that counts what it applies.
final class QuorumVoter {
    let process: SimulatedProcess
    private unowned let scene: QuorumScene
    private let journal: RaftJournal
    private var core: RaftCore
    private var effects: [RaftEffect] = []
    private var machine = CountingMachine()
    private var appliedSinceSnapshot = 0
    private var proposals: [RaftTicket: UInt64] = [:]
    private var reads: [RaftTicket: Offset] = [:]
    private var lastTicket: Int64 = 0
    private var isStepping = false
    private var waiting: [RaftEvent] = []
    private(set) var leadsTerm: Term?
    private var pace = AppendPace()

    /// Fails when the disk does; the process then has no reason to live.
    init(process: SimulatedProcess, disk: SimulatedDisk, me: Voter, scene: QuorumScene) throws(DiskFault) {
        self.process = process
        self.scene = scene
        let (journal, recovery, state) = try RaftJournal.open(on: disk, initial: scene.initialVoters(of: me.id))
        self.journal = journal
        machine = CountingMachine(state: state)
        core = RaftCore(
            me: me, recovery: recovery, limits: scene.limits, entropy: process.world.streams.process.split(),
            at: process.now)
        let entries = recovery.entries.map(QuorumScene.entry)
        scene.checker.recovered(from: recovery.start.end.rawValue, entries, at: process.address)
    }

    var world: World { process.world }

    // MARK: Events

    func begin() {
        step(.contactsFound(scene.ids.filter { $0 != core.me.id }))
    }

    func receive(_ message: RaftMessage) {
        if case .appendReply(let reply) = message.body {
            pace.received(reply.outcome, from: message.from.id, in: message.term)
        }
        step(.received(message, from: message.from.id))
    }

    func step(_ event: RaftEvent) {
        // What answers an effect at once waits until the effects before it are done.
        waiting.append(event)
        guard !isStepping else { return }
        isStepping = true
        while !waiting.isEmpty, process.isAlive {
            core.step(waiting.removeFirst(), at: process.now, into: &effects)
            let round = effects
            effects.removeAll(keepingCapacity: true)
            for effect in round where process.isAlive { perform(effect) }
            scene.checker.stepEnded(isWhole: process.isAlive)
        }
        isStepping = false
        guard process.isAlive else { return }
        if !world.buggify(20) {
            journal.synchronize()
        } else {
            process.after(.milliseconds(30)) { [self] in journal.synchronize() }
        }
        process.wake(at: core.nextDeadline) { [self] in step(.timePassed) }
    }

    func diskCompleted() {
        attempt { () throws(DiskFault) in
            if let number = try journal.takeCompletions() { step(.persisted(number)) }
            if process.isAlive { journal.synchronize() }
        }
    }

    private func attempt(_ body: () throws(DiskFault) -> Void) {
        do throws(DiskFault) { try body() } catch { scene.failed(process, error) }
    }

    // MARK: Effects

    private func perform(_ effect: RaftEffect) {
        switch effect {
        case .persist(let write): persist(write)
        case .send(let message):
            checkDurability(of: message)
            scene.send(message)
        case .committed(let entries): apply(entries)
        case .becameLeader(let term):
            world.note("leads", process.address, term.rawValue)
            scene.checker.became(leader: process.address, of: term.rawValue)
            leadsTerm = term
        case .steppedDown:
            leadsTerm = nil
        case .accepted(let ticket, _, let end):
            guard let content = proposals.removeValue(forKey: ticket) else { return }
            scene.accepted(content, end: end)
        case .refused(let ticket, _):
            reads[ticket] = nil
            if let content = proposals.removeValue(forKey: ticket) { scene.refused(content) }
        case .readReady(let ticket, let end):
            guard let floor = reads.removeValue(forKey: ticket) else { return }
            world.check(
                end >= floor, "a read sees all that was acknowledged before", "\(process.address): \(end), not \(floor)"
            )
            world.check(
                machine.end >= end, "a read waits for the state machine",
                "\(process.address): \(machine.end), not \(end)")
            scene.readCount += 1
        case .transferred: break
        case .readSnapshot(let read): answer(read)
        case .writeSnapshot(let chunk): write(chunk)
        }
    }

    private func persist(_ write: RaftWrite) {
        if let end = write.truncateTo { scene.checker.truncated(to: end.rawValue, at: process.address) }
        for entry in write.entries { scene.checker.appended(QuorumScene.entry(entry), at: process.address) }
        attempt { () throws(DiskFault) in try journal.persist(write) }
    }

    private func apply(_ entries: [RaftEntry]) {
        guard let last = entries.last else { return }
        world.check(
            entries[0].base == machine.end, "entries are applied in order",
            "\(process.address): \(entries[0].base), not \(machine.end)")
        scene.checker.committed(upTo: last.end.rawValue, at: process.address)
        for entry in entries {
            machine.apply(entry)
            if case .records(let payload) = entry.kind { scene.applied(payload, at: process.address) }
        }
        appliedSinceSnapshot += entries.count
        guard appliedSinceSnapshot >= scene.snapshotInterval else { return }
        appliedSinceSnapshot = 0
        let descriptor = core.snapshot(at: machine.end)
        let snapshot = RaftJournal.Snapshot(descriptor: descriptor, state: machine.state)
        attempt { () throws(DiskFault) in
            try journal.store(snapshot)
            step(.snapshotTaken(descriptor))
        }
    }

    /// A vote, a term and an acknowledgement bind only whoever has them on its disk.
    private func checkDurability(of message: RaftMessage) {
        let state = journal.durableState
        switch message.body {
        case .preVote, .preVoteReply, .observe: return
        case .voteReply(isGranted: true):
            world.check(
                state.term == message.term && state.vote?.id == message.to.id, "a vote is durable before it is given",
                "\(process.address) votes in \(message.term), durable is \(state)")
        case .appendReply(let reply):
            guard case .accepted(let end) = reply.outcome else { break }
            world.check(
                journal.durableEnd >= end, "an entry is durable before it is acknowledged",
                "\(process.address) acknowledges \(end), durable is \(journal.durableEnd)")
        case .append(let append):
            scene.checker.became(leader: process.address, of: message.term.rawValue)
            scene.checker.told(commit: append.commit.rawValue, by: process.address, in: message.term.rawValue)
            world.check(
                pace.sent(append, to: message.to.id, in: message.term), "refused appends do not breed",
                "\(process.address) to \(message.to.id) in \(message.term)")
        default: break
        }
        world.check(
            state.term >= message.term, "a term is durable before it is told",
            "\(process.address) tells \(message.term), durable is \(state.term)")
    }

    // MARK: Snapshots

    private func answer(_ read: SnapshotRead) {
        attempt { () throws(DiskFault) in
            guard let snapshot = try journal.newestSnapshot(), snapshot.descriptor == read.snapshot,
                read.position < Int64(snapshot.bytes.count)
            else { return step(.snapshotRead(read, nil)) }
            let bytes = snapshot.bytes
            let count = min(read.byteCountMax, bytes.count - Int(read.position))
            let isLast = Int(read.position) + count == bytes.count
            let chunk = SnapshotChunk(
                snapshot: snapshot.descriptor, position: read.position,
                bytes: bytes.slice(from: Int(read.position), count: count), isLast: isLast)
            step(.snapshotRead(read, chunk))
        }
    }

    private func write(_ chunk: SnapshotChunk) {
        attempt { () throws(DiskFault) in
            guard let snapshot = try journal.write(chunk) else {
                let position = chunk.snapshot.position
                return step(
                    chunk.isLast
                        ? .snapshotRefused(position) : .snapshotChunkWritten(position, nextPosition: chunk.nextPosition)
                )
            }
            machine = CountingMachine(state: snapshot.state)
            appliedSinceSnapshot = 0
            scene.snapshotCount += 1
            scene.checker.installed(snapshotTo: snapshot.descriptor.position.end.rawValue, at: process.address)
            step(.snapshotInstalled(snapshot.descriptor.position))
        }
    }

    // MARK: Requests

    func propose(_ content: UInt64) {
        var writer = ByteWriter()
        writer.writeInteger(content)
        writer.writeZeros(Int(content % 200))
        let ticket = nextTicket()
        proposals[ticket] = content
        step(.proposed(writer.shared, recordCount: 1 + Int(content % 3), ticket))
    }

    func read(floor: Offset) {
        let ticket = nextTicket()
        reads[ticket] = floor
        step(.readRequested(ticket))
    }

    func change(_ change: VoterChange) { step(.voterChangeRequested(change, nextTicket())) }

    func transfer(to voter: NodeID?) { step(.transferRequested(to: voter, nextTicket())) }

    var voters: VoterSet { core.voters }
    var key: ReplicaKey { core.me.key }
    var appliedEnd: Offset { machine.end }

    var description: String {
        let voters = core.voters.voters.map { "\($0.key)" }.joined(separator: " ")
        return
            "\(core.me.key) \(core.role) of \(core.term), log to \(core.lastPosition), applied \(machine.end), "
            + "voters [\(voters)]"
    }

    private func nextTicket() -> RaftTicket {
        lastTicket += 1
        return RaftTicket(lastTicket)
    }
}

/// The smallest state machine that shows whether two replicas applied the same.
struct CountingMachine {
    private(set) var end = Offset.zero
    private var hash: UInt64 = 0

    init() {}

    init(state: [UInt8]) {
        guard !state.isEmpty else { return }
        var reader = RecordReader(state)
        end = Offset(reader.number())
        hash = reader.integer()
    }

    mutating func apply(_ entry: RaftEntry) {
        end = entry.end
        hash = (hash ^ QuorumScene.entry(entry).content) &* 0x0000_0100_0000_01b3
    }

    /// Larger than a chunk, so that a snapshot travels in several.
    var state: [UInt8] {
        var writer = ByteWriter()
        writer.writeInt64(end.rawValue)
        writer.writeInteger(hash)
        writer.writeZeros(3000)
        return writer.bytes
    }
}
