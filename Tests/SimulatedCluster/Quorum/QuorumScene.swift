// SPDX-License-Identifier: Apache-2.0

import Coordinator
import Primitives
import Simulation
import StorageEngine

/// Controllers alone: the consensus core on disks and a network that break, with clients that propose and read.
package final class QuorumScene: Scene {
    package let world: World
    package let network: Network
    package private(set) var machines: [Machine] = []
    let checker: ConsensusChecker
    let ids: [NodeID]
    let limits: RaftLimits
    /// Entries applied between two snapshots.
    let snapshotInterval: Int
    /// The longest time between two requests: with idle followers and busy leaders, logs differ most.
    private let pace: Nanoseconds
    /// Which leaders are cut off with their removal: a stream of its own, so that the rest of a run does not depend on it.
    private var removals: Entropy
    var readCount = 0
    var snapshotCount = 0
    private let initial: VoterSet
    private var directories: [IncarnationID] = []
    private var voters: [NodeID: QuorumVoter] = [:]

    private var lastContent: UInt64 = 0
    private var acknowledged: [UInt64: Offset] = [:]
    private var refusedContents: Set<UInt64> = []
    private var endOfFaults: (content: UInt64, isAcknowledged: Bool)?
    private var appliedContents: [UInt64: Int] = [:]

    package init(world: World, network: Network) {
        self.world = world
        self.network = network
        checker = ConsensusChecker(world: world)
        removals = Entropy(seed: world.seed ^ 0x7265_6d6f_7661_6c73)
        let count = world.options.voterCount
        ids = (1...Int32(count + 2)).map { NodeID($0) }
        var limits = RaftLimits()
        limits.messageByteCountMax = ByteCount(world.streams.workload.pick([200, 1000, 1 << 20]))
        limits.snapshotChunkByteCountMax = ByteCount(1000)
        limits.retainedByteCountMax = ByteCount(world.streams.workload.pick([0, 1000, 100_000]))
        limits.appendsInFlightMax = world.streams.workload.pick([1, 2, 16])
        self.limits = limits
        snapshotInterval = world.streams.workload.pick([16, 100, 1000])
        pace = .milliseconds(world.streams.workload.pick([40, 120, 800]))
        for _ in ids { directories.append(IncarnationID.random(using: &world.streams.workload)) }
        // Some quorums begin with voters whose disks nobody knows yet.
        let isNamed = world.streams.workload.chance(1, in: 2)
        let directories = directories
        initial = VoterSet(
            ids.prefix(count).enumerated().map { place, id in
                Voter(id: id, directory: isNamed ? directories[place] : nil, host: "simulated", port: 1)
            })
        for id in ids { addMachine(id) }
    }

    private func addMachine(_ id: NodeID) {
        let machine = Machine(world: world, network: network, address: NodeAddress(.controller, Int64(id.rawValue)))
        machine.start = { [unowned self, unowned machine] process, disk in
            do throws(DiskFault) {
                let voter = try QuorumVoter(process: process, disk: disk, me: self.voter(id), scene: self)
                voters[id] = voter
                machine.diskCompleted = { voter.diskCompleted() }
                voter.begin()
            } catch { failed(process, error) }
        }
        machines.append(machine)
    }

    func initialVoters(of id: NodeID) -> VoterSet { initial[id] == nil ? .empty : initial }

    static func entry(_ entry: RaftEntry) -> HashedLog.Entry {
        var content: UInt64
        switch entry.kind {
        case .records(let payload): content = payload.loadBigEndian(at: 0)
        case .leaderChange: content = 1 << 62
        case .voters(let set):
            content = 0
            for voter in set.voters {
                content = content &* 31 &+ UInt64(voter.id.rawValue) &+ (voter.directory?.low ?? 0)
            }
            content |= HashedLog.Entry.votersBit
        }
        return HashedLog.Entry(end: entry.end.rawValue, epoch: entry.term.rawValue, content: content)
    }

    // MARK: Nodes

    func send(_ message: RaftMessage) {
        let target = message.to.id
        network.send(from: address(message.from.id), to: address(target)) { [unowned self] in
            guard let voter = voters[target], voter.process.isAlive else { return }
            note(message, at: voter.process.address)
            voter.receive(message)
        }
    }

    private func note(_ message: RaftMessage, at node: NodeAddress) {
        let (from, term) = (Int64(message.from.id.rawValue), message.term.rawValue)
        switch message.body {
        case .append(let append): world.note("appends", node, from, term, append.previous.end.rawValue)
        case .appendReply(let reply):
            switch reply.outcome {
            case .accepted(let end): world.note("accepted", node, from, term, end.rawValue)
            case .rejected(let previous, _): world.note("rejected", node, from, term, previous.rawValue)
            }
        case .snapshotChunk(let chunk): world.note("chunk", node, from, term, chunk.position)
        case .snapshotChunkReply(_, let next): world.note("has chunks", node, from, term, next)
        case .preVote, .preVoteReply, .vote, .voteReply, .timeoutNow, .observe:
            world.note("message", node, from, term)
        }
    }

    private func address(_ id: NodeID) -> NodeAddress { NodeAddress(.controller, Int64(id.rawValue)) }

    // MARK: Work

    package func begin() {
        for machine in machines { machine.boot() }
        work()
        supervise()
    }

    private func work() {
        world.after(world.streams.workload.span(.milliseconds(5), pace)) { [self] in
            // One that is paused answers when it goes on, believing what it believed before.
            let up = ids.compactMap { voters[$0] }.filter(\.process.isAlive)
            if !up.isEmpty { serve(up[world.streams.workload.index(below: up.count)]) }
            work()
        }
    }

    private func serve(_ voter: QuorumVoter) {
        // Those that lead and those that do not know yet that they were replaced.
        let believers = ids.compactMap { voters[$0] }.filter { $0.process.isAlive && $0.leadsTerm != nil }
        if world.streams.workload.chance(1, in: 4) {
            let floor = acknowledgedEnd
            for one in believers.isEmpty ? [voter] : believers { one.process.run { one.read(floor: floor) } }
            return
        }
        var chosen = leader ?? voter
        if world.streams.workload.chance(1, in: 4) { chosen = world.streams.workload.pick(believers + [voter]) }
        let count = world.streams.workload.chance(1, in: 8) ? world.streams.workload.number(in: 2...20) : 1
        for _ in 0..<count { propose(at: chosen) }
    }

    private func propose(at voter: QuorumVoter) {
        lastContent += 1
        let content = lastContent
        if !world.isDisturbed, endOfFaults == nil || endOfFaults?.isAcknowledged == false {
            endOfFaults = (content, false)
        }
        voter.process.run { voter.propose(content) }
    }

    private var acknowledgedEnd = Offset.zero

    func accepted(_ content: UInt64, end: Offset) { acceptedEnds[content] = end }

    private var acceptedEnds: [UInt64: Offset] = [:]

    func refused(_ content: UInt64) { refusedContents.insert(content) }

    /// A state machine got a command; the first one that does lets the client have its answer.
    func applied(_ payload: SharedBytes, at node: NodeAddress) {
        let content: UInt64 = payload.loadBigEndian(at: 0)
        world.check(!refusedContents.contains(content), "what was refused does not happen", "\(content) at \(node)")
        guard acknowledged[content] == nil, let end = acceptedEnds[content] else { return }
        acknowledged[content] = end
        acknowledgedEnd = max(acknowledgedEnd, end)
        if let (last, _) = endOfFaults, content >= last { endOfFaults = (last, true) }
    }

    // MARK: Faults

    private var leader: QuorumVoter? {
        ids.compactMap { voters[$0] }.filter { $0.process.isAlive && !$0.process.isPaused && $0.leadsTerm != nil }
            .max { $0.leadsTerm! < $1.leadsTerm! }
    }

    package func disturb(with fault: Fault) -> Bool {
        guard let leader else { return false }
        switch fault {
        case .leadershipTransfer:
            let voters = leader.voters.voters
            let target = world.streams.workload.chance(1, in: 3) ? nil : world.streams.workload.pick(voters).id
            leader.process.run { leader.transfer(to: target) }
            if world.has(.partition), world.streams.workload.chance(1, in: 2) {
                cutOff(leader, after: world.streams.workload.span(world.options.latency, world.options.latency * 8))
            }
        case .membershipChange:
            guard let change = leader.voters.change(among: ids.map(voter), using: &world.streams.workload) else {
                return false
            }
            leader.process.run { leader.change(change) }
            if case .remove(leader.key) = change, world.has(.partition), removals.chance(1, in: 2) {
                cutOff(leader, after: 0)
            }
        default: return false
        }
        return true
    }

    /// A leader that hears nothing once it has handed over believes for a while that it still leads; one that has removed
    /// itself is alone with that.
    private func cutOff(_ leader: QuorumVoter, after span: Nanoseconds) {
        world.after(span) { [self] in
            let others = machines.map(\.address)
            network.cut([leader.process.address], others)
            network.cut(others, [leader.process.address])
            world.after(.seconds(2)) { [self] in network.heal() }
        }
    }

    private func voter(_ id: NodeID) -> Voter {
        Voter(id: id, directory: directories[ids.firstIndex(of: id)!], host: "simulated", port: 1)
    }

    // MARK: The end

    package func faultsEnded() {}

    package var hasRecovered: Bool {
        guard endOfFaults?.isAcknowledged == true, let leader else { return false }
        return leader.voters.voters.allSatisfy { voters[$0.id].map { $0.appliedEnd >= acknowledgedEnd } ?? false }
    }

    package var whatIsMissing: String {
        let nodes = ids.compactMap { voters[$0] }.map { $0.description }
        return "acknowledged \(acknowledgedEnd); \(nodes.joined(separator: ", "))"
    }

    package func checkHistory() {
        var places: [UInt64: Int64] = [:]
        for (entry, _) in checker.committed where entry.content < 1 << 62 {
            let before = places.updateValue(entry.end, forKey: entry.content)
            world.check(before == nil, "a command happens once", "\(entry.content) before \(before!) and \(entry.end)")
        }
        for (content, end) in acknowledged {
            world.check(
                places[content] == end.rawValue, "acknowledged is for ever", "\(content), told to stand before \(end)")
        }
    }
}
