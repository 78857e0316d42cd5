// SPDX-License-Identifier: Apache-2.0

import ControllerNode
import Coordinator
import Primitives
import Simulation
import StorageEngine
import Testing

@Suite("a quorum of controllers")
struct QuorumTests {
    /// A session long enough that no broker is fenced in the story.
    private let calm = ["broker.session.timeout.ms": "100000"]

    @Test("elects one that decides, and every member has the metadata")
    func election() throws {
        let world = try QuorumWorld(count: 3, settings: calm)
        #expect(world.register() != nil)
        #expect(world.create("payments") == true)
        #expect(world.converge())
        #expect(world.nodes.count { $0.controller?.isActive ?? false } == 1)
        for node in world.nodes {
            #expect(node.controller?.image.topic(named: "payments") != nil)
            let ends = node.publications.map(\.nextOffset)
            #expect(ends == ends.sorted(), "publications of \(node.id) come in order")
        }
    }

    @Test("a member that is not active sends commands to the one that is")
    func notController() throws {
        let world = try QuorumWorld(count: 3, settings: calm)
        #expect(world.register() != nil)
        #expect(world.converge())
        let active = try #require(world.active)
        let other = try #require(world.nodes.first { $0.id != active.id }?.controller)
        var refusal: SubmitRefusal?
        other.submit(DeleteTopics([])) { if case .failure(let why) = $0 { refusal = why } }
        #expect(refusal == .notController(leader: active.id))
        #expect(other.leader?.host == "c\(active.id)")
    }

    @Test("what was answered survives the crash of any one member, and of all", arguments: [[1], [2], [3], [1, 2, 3]])
    func crashes(ids: [Int32]) throws {
        let world = try QuorumWorld(count: 3, settings: calm)
        #expect(world.register() != nil)
        for index in 0..<5 { #expect(world.create("t\(index)") == true) }
        for id in ids { world.crash(id) }
        if ids.count == 1 { #expect(world.create("meanwhile") == true) }
        for id in ids { try world.start(id) }
        #expect(world.create("after") == true)
        #expect(world.converge())
        for node in world.nodes {
            for index in 0..<5 { #expect(node.controller?.image.topic(named: "t\(index)") != nil) }
        }
    }

    @Test("a leader that is cut off says of what it decided that the outcome is unknown, and of the rest who leads")
    func cutOff() throws {
        let world = try QuorumWorld(count: 3, settings: calm)
        #expect(world.register() != nil)
        let old = try #require(world.active)
        world.isolate(old.id.rawValue)
        var answers: [String] = []
        old.controller?.submit(CreateTopics([NewTopic(name: "lost", replicationFactor: 1)])) { answers.append("\($0)") }
        // Writes nothing, and still must not be answered from the past.
        old.controller?.submit(DeleteTopics([])) { answers.append("\($0)") }
        #expect(world.run { answers.count == 2 })
        #expect(answers.allSatisfy { $0.contains("may or may not") || $0.contains("controller") }, "\(answers)")
        #expect(answers.contains { $0.contains("may or may not") })
        #expect(world.run { world.active.map { $0.id != old.id } ?? false })
        #expect(world.create("kept") == true)
        world.heal()
        #expect(world.converge())
        // The entry that only the cut-off leader had is gone, from its disk too.
        #expect(old.controller?.image.topic(named: "lost") == nil)
        #expect(old.controller?.image.topic(named: "kept") != nil)
        world.crash(old.id.rawValue)
        try world.start(old.id.rawValue)
        #expect(world.converge())
        #expect(old.controller?.image.topic(named: "lost") == nil)
    }

    @Test(
        "every command happens at most once, and exactly once when it was answered, whatever crashes", arguments: 1...6)
    func exactlyOnce(seed: UInt64) throws {
        let world = try QuorumWorld(count: 3, settings: calm, seed: seed)
        #expect(world.register() != nil)
        var entropy = Entropy(seed: seed)
        var known: [String: Bool] = [:]
        for index in 0..<40 {
            let name = "t\(index)"
            if entropy.chance(1, in: 4) {
                let id = Int32(entropy.index(below: 3) + 1)
                // In the middle of the command.
                var answer: Bool?
                world.active?.controller?.submit(CreateTopics([NewTopic(name: name, replicationFactor: 1)])) { result in
                    if case .success(let outcome) = result, case .success = outcome[0] { answer = true }
                    if case .failure(let refusal) = result, refusal != .outcomeUnknown { answer = false }
                }
                world.run(milliseconds: entropy.index(below: 4))
                world.crash(id)
                world.run(milliseconds: entropy.index(below: 50))
                try world.start(id)
                world.run(milliseconds: 100)
                known[name] = answer
            } else {
                known[name] = world.create(name)
            }
        }
        #expect(world.converge())
        let image = try #require(world.active?.controller?.image)
        for (name, happened) in known {
            #expect((image.topic(named: name) != nil) == happened, "\(name), seed \(seed)")
        }
        #expect(known.count > 20)
    }

    @Test("a member that was away for longer than the log reaches back is given a snapshot")
    func snapshotInstall() throws {
        let settings = calm.merging(["myelin.metadata.snapshot.records": "20"]) { $1 }
        let world = try QuorumWorld(count: 3, settings: settings)
        #expect(world.register() != nil)
        let away = try #require(world.nodes.first { $0.id != world.active?.id })
        world.crash(away.id.rawValue)
        // Memory keeps 8 MiB of entries before the snapshot, so the others must have started after it.
        for index in 0..<30 { #expect(world.create("t\(index)") == true) }
        for node in world.nodes where node.id != away.id {
            world.crash(node.id.rawValue)
        }
        for node in world.nodes where node.id != away.id { try world.start(node.id.rawValue) }
        #expect(world.create("after") == true)
        try world.start(away.id.rawValue)
        #expect(world.converge())
        let sent = world.nodes.reduce(0) { $0 + ($1.controller?.raftCounts.snapshotsSent ?? 0) }
        #expect(sent > 0)
        // It goes on from there, also after a crash of its own.
        world.crash(away.id.rawValue)
        try world.start(away.id.rawValue)
        #expect(world.create("later") == true)
        #expect(world.converge())
        #expect(away.controller?.image.topic(named: "t0") != nil)
    }

    @Test("one voter becomes three and then two, while it decides")
    func membership() throws {
        let world = try QuorumWorld(count: 3, voters: 1...1, settings: calm)
        #expect(world.register() != nil)
        for id in [Int32(2), 3] {
            var added: Result<Void, SubmitRefusal>?
            world.active?.controller?.change(.add(world[id].voter)) { added = $0 }
            #expect(world.run { added != nil })
            #expect(throws: Never.self) { try added?.get() }
            #expect(world.create("with\(id)") == true)
        }
        #expect(world.active?.controller?.voters.count == 3)
        let first = try #require(world.active)
        var removed: Result<Void, SubmitRefusal>?
        first.controller?.change(.remove(first.voter.key)) { removed = $0 }
        #expect(world.run { removed != nil })
        #expect(world.run { world.active.map { $0.id != first.id } ?? false })
        #expect(world.create("without") == true)
        #expect(world.active?.controller?.voters.count == 2)
        // The quorum is what the logs say, also after all of it went down.
        for node in world.nodes { world.crash(node.id.rawValue) }
        for node in world.nodes { try world.start(node.id.rawValue) }
        #expect(world.create("again") == true)
        #expect(world.active?.controller?.voters.voters.map(\.id) == [NodeID(2), NodeID(3)])
    }

    @Test("what cannot be done to the quorum is refused, and asking as if changes nothing")
    func illegalChanges() throws {
        let world = try QuorumWorld(count: 2, voters: 1...1, settings: calm)
        #expect(world.register() != nil)
        let controller = try #require(world.active?.controller)
        var refusals: [String] = []
        let note: (Result<Void, SubmitRefusal>) -> Void = {
            if case .failure(let why) = $0 { refusals.append("\(why)") }
        }
        controller.change(.add(world[1].voter), reply: note)
        controller.change(.remove(world[2].voter.key), reply: note)
        controller.transferLeadership(to: NodeID(2), reply: note)
        #expect(refusals.count == 3)
        var isPossible = false
        controller.change(.add(world[2].voter), validateOnly: true) { if case .success = $0 { isPossible = true } }
        #expect(isPossible)
        world.run(milliseconds: 100)
        #expect(controller.voters.count == 1)
    }

    @Test("the leadership goes to the voter that was asked for")
    func transfer() throws {
        let world = try QuorumWorld(count: 3, settings: calm)
        #expect(world.register() != nil)
        let old = try #require(world.active)
        let target = try #require(world.nodes.first { $0.id != old.id })
        var isDone = false
        old.controller?.transferLeadership(to: target.id) { if case .success = $0 { isDone = true } }
        #expect(world.run { isDone && world.active?.id == target.id })
        #expect(old.controller?.isActive == false)
    }

    @Test("a broker that is silent for a session is fenced, and a new leader gives it a whole one")
    func sessions() throws {
        let world = try QuorumWorld(count: 3, settings: ["broker.session.timeout.ms": "1500"])
        #expect(world.register() != nil)
        #expect(world.active?.controller?.image.broker(NodeID(1))?.isFenced == false)
        let old = try #require(world.active)
        world.run(milliseconds: 1_000)
        world.crash(old.id.rawValue)
        #expect(world.run { world.active != nil })
        let elected = world.now
        #expect(world.active?.controller?.image.broker(NodeID(1))?.isFenced == false)
        #expect(world.run { world.active?.controller?.image.broker(NodeID(1))?.isFenced ?? false })
        let session = world.now.milliseconds(since: elected)
        #expect((1_400...1_700).contains(session), "\(session) ms")
    }

    @Test("a failed synchronize takes one member out of the quorum, and the others go on")
    func failedDisk() throws {
        let world = try QuorumWorld(count: 3, settings: calm)
        #expect(world.register() != nil)
        let old = try #require(world.active)
        old.disk.plan(.failure(errno: 5), of: .synchronize)
        _ = world.create("first")
        #expect(world.run { old.controller?.failure != nil })
        #expect(old.controller?.failure == .disk(try #require(old.controller?.diskFault)))
        #expect(world.run { world.active.map { $0.id != old.id } ?? false })
        #expect(world.create("second") == true)
        world.crash(old.id.rawValue)
        try world.start(old.id.rawValue)
        #expect(world.converge())
    }

    @Test("a full disk of the leader refuses commands, and the quorum is whole again when there is room")
    func fullDisk() throws {
        let world = try QuorumWorld(count: 3, settings: calm)
        #expect(world.register() != nil)
        let full = try #require(world.active)
        let capacity = full.disk.capacity
        full.disk.capacity = 0
        var refusal: SubmitRefusal?
        for index in 0..<20_000 where refusal == nil {
            full.controller?.submit(CreateTopics([NewTopic(name: "t\(index)", replicationFactor: 1)])) { result in
                if case .failure(let why) = result { refusal = why }
            }
            world.tick()
        }
        guard case .diskFull? = refusal else {
            Issue.record("refused with \(String(describing: refusal))")
            return
        }
        full.disk.capacity = capacity
        #expect(world.create("after") == true)
        #expect(world.converge())
    }

    @Test("asking as if decides, answers and writes nothing")
    func validateOnly() throws {
        let world = try QuorumWorld(count: 3, settings: calm)
        #expect(world.register() != nil)
        let end = world.active?.controller?.logEndOffset
        var created: String?
        world.active?.controller?.submit(
            CreateTopics([NewTopic(name: "maybe", replicationFactor: 1)]), validateOnly: true
        ) { result, _ in
            if case .success(let outcome) = result { created = try? outcome[0].get().name }
        }
        #expect(world.run { created != nil })
        #expect(created == "maybe")
        #expect(world.active?.controller?.logEndOffset == end)
    }
}
