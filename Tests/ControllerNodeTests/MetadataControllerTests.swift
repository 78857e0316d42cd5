// SPDX-License-Identifier: Apache-2.0

import ControllerNode
import Coordinator
import Primitives
import Simulation
import StorageEngine
import Testing

@Suite("the metadata controller")
struct MetadataControllerTests {
    @Test("what was answered is there after a restart, in the same image")
    func restart() throws {
        let disk = SimulatedDisk(seed: 1)
        let first = try Bench(disk)
        #expect(try first.register() != nil)
        let created = try #require(first.create("payments"))
        let image = first.controller.image
        try first.controller.close(at: now)
        let second = try Bench(disk)
        #expect(second.controller.image == image)
        // The new term begins with an entry of its own.
        #expect(second.controller.nextOffset == first.controller.nextOffset.next)
        #expect(second.controller.term == first.controller.term.next)
        #expect(second.controller.image.topic(named: "payments")?.id == created.id)
    }

    @Test("a new cluster agrees on its features before anything else")
    func features() throws {
        let bench = try Bench(SimulatedDisk(seed: 1))
        bench.controller.turn(at: now)
        for feature in Features.supported {
            #expect(bench.controller.image.featureLevel(feature.name) == feature.levelMax)
        }
        try bench.controller.close(at: now)
        let again = try Bench(bench.disk)
        #expect(!again.controller.hasWork)
    }

    @Test("nothing is answered or published before it is durable")
    func durability() throws {
        let disk = SimulatedDisk(seed: 1)
        let bench = try Bench(disk)
        #expect(try bench.register() != nil)
        disk.delivery = .released
        let before = bench.publications.count
        #expect(bench.create("payments") == nil)
        #expect(bench.publications.count == before)
        #expect(bench.controller.image.topic(named: "payments") == nil)
        disk.releaseCompletions()
        bench.controller.turn(at: now)
        #expect(bench.controller.image.topic(named: "payments") != nil)
        #expect(bench.publications.last?.delta.topics.map(\.name) == ["payments"])
    }

    @Test("commands that wait together share one synchronize, are decided in order and see each other")
    func batching() throws {
        let disk = SimulatedDisk(seed: 1)
        let bench = try Bench(disk)
        #expect(try bench.register() != nil)
        let synchronizes = disk.operationCounts[.synchronize] ?? 0
        let proposals = bench.controller.counters.proposalCount
        var answers: [String] = []
        for index in 0..<100 {
            bench.controller.submit(CreateTopics([NewTopic(name: "t\(index % 50)")])) { answer in
                guard case .success(let outcome) = answer else { return }
                answers.append((try? outcome[0].get().name) ?? "refused")
            }
        }
        bench.controller.turn(at: now)
        #expect(answers == (0..<50).map { "t\($0)" } + Array(repeating: "refused", count: 50))
        #expect(bench.controller.counters.proposalCount == proposals + 1)
        // One of the log, and one of the file that says how far it is durable.
        #expect((disk.operationCounts[.synchronize] ?? 0) - synchronizes == 2)
    }

    @Test("publications come in the order of the log, without a gap, each with the delta to the one before")
    func publications() throws {
        let bench = try Bench(SimulatedDisk(seed: 1))
        #expect(try bench.register() != nil)
        for index in 0..<10 { #expect(bench.create("t\(index)") != nil) }
        let ends = bench.publications.map(\.nextOffset)
        #expect(ends == ends.sorted() && Set(ends).count == ends.count)
        #expect(bench.publications.suffix(10).map { $0.delta.topics.map(\.name) } == (0..<10).map { ["t\($0)"] })
        #expect(bench.publications.last?.image == bench.controller.image)
    }

    @Test("a command that changes nothing is answered without a write")
    func noRecords() throws {
        let bench = try Bench(SimulatedDisk(seed: 1))
        #expect(try bench.register() != nil)
        let writes = bench.disk.operationCounts[.write]
        let outcome = try #require(try bench.run(DeleteTopics([.name("none")]))?.get())
        #expect(outcome == [.failure(.unknown(.name("none")))])
        #expect(bench.disk.operationCounts[.write] == writes)
    }

    @Test("more waiting commands than the limit are refused at once")
    func busy() throws {
        let bench = try Bench(SimulatedDisk(seed: 1))
        bench.controller.turn(at: now)
        var refusals: [SubmitRefusal] = []
        for _ in 0...MetadataController.waitingCommandCountMax {
            bench.controller.submit(DeleteTopics([])) { answer in
                if case .failure(let refusal) = answer { refusals.append(refusal) }
            }
        }
        #expect(refusals == [.busy(commandCountMax: 10_000)])
        bench.controller.turn(at: now)
        #expect(refusals.count == 1)
    }

    @Test("a reply may submit the next command")
    func submitFromReply() throws {
        let bench = try Bench(SimulatedDisk(seed: 1))
        #expect(try bench.register() != nil)
        var deleted = false
        let controller = bench.controller
        controller.submit(CreateTopics([NewTopic(name: "a")])) { _ in
            controller.submit(DeleteTopics([.name("a")])) { _ in deleted = true }
        }
        controller.turn(at: now)
        #expect(deleted)
        #expect(controller.image.topicCount == 0)
    }

    @Test("a full disk refuses commands by name, and freeing space heals it without a restart")
    func diskFull() throws {
        let disk = SimulatedDisk(seed: 1)
        let bench = try Bench(disk)
        #expect(try bench.register() != nil)
        let capacity = disk.capacity
        disk.capacity = 0
        var refused: SubmitRefusal?
        var count = 0
        // What is preallocated can still be written.
        while refused == nil, count < 100_000 {
            count += 1
            if case .failure(let refusal) = bench.run(CreateTopics([NewTopic(name: "t\(count)")])) { refused = refusal }
        }
        guard case .diskFull(let fault) = refused else {
            Issue.record("refused with \(String(describing: refused)) after \(count)")
            return
        }
        #expect(fault.isOutOfSpace)
        #expect(bench.controller.image.topic(named: "t\(count)") == nil)
        disk.capacity = capacity
        #expect(bench.create("t\(count)") != nil)
        let image = bench.controller.image
        try bench.controller.close(at: now)
        #expect(try Bench(disk).controller.image == image)
    }

    @Test("after a failed synchronize nothing is acknowledged any more")
    func failedSynchronize() throws {
        let disk = SimulatedDisk(seed: 1)
        let bench = try Bench(disk)
        #expect(try bench.register() != nil)
        disk.plan(.failure(errno: 5), of: .synchronize)
        let refused = bench.run(CreateTopics([NewTopic(name: "a")]))
        #expect(throws: SubmitRefusal.self) { try refused?.get() }
        #expect(bench.controller.image.topic(named: "a") == nil)
        #expect(bench.create("b") == nil)
        #expect(bench.controller.fault?.errno == 5)
        // Not even what needs no write: the image may lack what is in the log.
        guard case .failure(.unavailable(.some)) = bench.run(DeleteTopics([.name("a")])) else {
            Issue.record("the log went on after a failed synchronize")
            return
        }
    }
}

@Suite("metadata snapshots on disk")
struct SnapshotFileTests {
    private let settings = ["myelin.metadata.snapshot.records": "20"]

    private func checkpoints(_ disk: SimulatedDisk) throws -> [String] {
        try disk.list("__cluster_metadata-0").filter { $0.hasSuffix(".checkpoint") }
    }

    @Test("after so many records there is one snapshot, and start loads it and the log after it")
    func snapshots() throws {
        let disk = SimulatedDisk(seed: 1)
        let bench = try Bench(disk, settings: settings)
        #expect(try bench.register() != nil)
        for index in 0..<50 { #expect(bench.create("t\(index)") != nil) }
        #expect(bench.controller.counters.snapshotCount == 7)
        #expect(bench.controller.counters.snapshotFaultCount == 0)
        #expect(try checkpoints(disk).count == 1)
        let image = bench.controller.image
        try bench.controller.close(at: now)
        let again = try Bench(disk, settings: settings)
        #expect(again.controller.image == image)
        #expect(again.controller.nextOffset == bench.controller.nextOffset.next)
        #expect(again.create("more") != nil)
    }

    @Test("a level that goes down is followed by a snapshot at once")
    func lowered() throws {
        let bench = try Bench(SimulatedDisk(seed: 1))
        #expect(try bench.register() != nil)
        let name = Features.metadata.name
        #expect(bench.controller.image.featureLevel(name) == Features.metadata.levelMax)
        #expect(bench.create("t") != nil)
        let before = bench.controller.counters.snapshotCount
        _ = bench.run(UpdateFeatures([FeatureUpdate(name: name, level: 1, direction: .safeDowngrade)]))
        #expect(bench.controller.image.featureLevel(name) == 1)
        #expect(bench.controller.counters.snapshotCount == before + 1)
    }

    @Test("a session that ends while the disk is full is ended later, and nothing spins until then")
    func fencingWithoutRoom() throws {
        let disk = SimulatedDisk(seed: 1)
        let bench = try Bench(disk)
        #expect(try bench.register() != nil)
        disk.capacity = 0
        // What is preallocated can still be written.
        for number in 0..<100_000 {
            if case .failure = bench.run(CreateTopics([NewTopic(name: "t\(number)")])) { break }
        }
        bench.controller.turn(at: now, now: Instant(nanoseconds: 100_000_000_000))
        #expect(bench.controller.image.broker(NodeID(1))?.isFenced == false)
        disk.capacity = 1 << 40
        bench.controller.turn(at: now, now: Instant(nanoseconds: 101_000_000_000))
        #expect(bench.controller.image.broker(NodeID(1))?.isFenced == true)
    }

    @Test("the next deadline is as of the last turn, whoever asked for it before")
    func deadlines() throws {
        let bench = try Bench(SimulatedDisk(seed: 1))
        let epoch = try #require(try bench.register())
        func second(_ number: Int64) -> Instant { Instant(nanoseconds: number * 1_000_000_000) }
        // The chores of a controller are due every few seconds, a session of two seconds ends before.
        for start in 100..<103 as Range<Int64> {
            let heartbeat = BrokerHeartbeat(
                broker: NodeID(1), epoch: epoch, metadataOffset: bench.controller.nextOffset)
            bench.controller.turn(at: now, now: second(start))
            bench.controller.submit(heartbeat) { _ in }
            bench.controller.turn(at: now, now: second(start))
            let deadline = bench.controller.nextDeadline
            #expect(deadline > second(start) && deadline <= second(start + 2))
            #expect(bench.controller.nextDeadline == deadline)
        }
        bench.controller.turn(at: now, now: second(200))
        #expect(bench.controller.image.broker(NodeID(1))?.isFenced == true)
        #expect(bench.controller.nextDeadline > second(200))
    }

    @Test("a damaged snapshot is refused by name when the log before it is gone")
    func damaged() throws {
        let disk = SimulatedDisk(seed: 1)
        let bench = try Bench(disk, settings: settings)
        #expect(try bench.register() != nil)
        for index in 0..<10 { #expect(bench.create("t\(index)") != nil) }
        try bench.controller.close(at: now)
        let name = try #require(try checkpoints(disk).first)
        try disk.damage("__cluster_metadata-0/\(name)", at: 60)
        try disk.evict("__cluster_metadata-0/\(name)")
        let error = #expect(throws: MetadataOpenError.self) { try Bench(disk, settings: settings) }
        guard case .snapshotDamaged(name, _) = error else {
            Issue.record("refused with \(String(describing: error))")
            return
        }
    }

    @Test("a disk that is full when a snapshot is due keeps the log, and the node goes on")
    func full() throws {
        let disk = SimulatedDisk(seed: 1)
        let bench = try Bench(disk, settings: settings)
        #expect(try bench.register() != nil)
        let capacity = disk.capacity
        disk.capacity = 0
        for index in 0..<8 { #expect(bench.create("t\(index)") != nil) }
        #expect(bench.controller.counters.snapshotFaultCount == 1)
        disk.capacity = capacity
        for index in 10..<20 { #expect(bench.create("t\(index)") != nil) }
        #expect(bench.controller.counters.snapshotCount == 1)
        let image = bench.controller.image
        try bench.controller.close(at: now)
        #expect(try Bench(disk, settings: settings).controller.image == image)
    }
}

@Suite("metadata after a crash")
struct CrashTests {
    /// The story: a cluster begins, topics come and go, snapshots are taken. Returns what was answered.
    private func story(_ disk: SimulatedDisk) throws -> (answered: [String: Bool], image: MetadataImage) {
        var answered: [String: Bool] = [:]
        let bench = try Bench(disk, settings: ["myelin.metadata.snapshot.records": "12"])
        _ = try? bench.register()
        for index in 0..<8 {
            if bench.create("t\(index)") != nil { answered["t\(index)"] = true }
            guard index % 3 == 2 else { continue }
            // Not answered, it may have happened or not.
            answered["t\(index)"] = nil
            let deletion = bench.run(DeleteTopics([.name("t\(index)")]))
            if case .success(let outcome) = deletion, case .success = outcome[0] { answered["t\(index)"] = false }
        }
        return (answered, bench.controller.image)
    }

    /// How many operations the story has.
    private func length() throws -> Int {
        let disk = SimulatedDisk(seed: 1)
        _ = try story(disk)
        return disk.operationCount
    }

    @Test("a power cut at any operation loses nothing that was answered, and invents nothing", arguments: 1...3)
    func powerCuts(seed: UInt64) throws {
        for ordinal in 1...(try length()) {
            let disk = SimulatedDisk(seed: seed &* 1000 &+ UInt64(ordinal))
            disk.plan(.powerCut, at: ordinal)
            let told = try? story(disk)
            disk.restart()
            let again = try Bench(disk)
            let image = again.controller.image
            for (name, isThere) in told?.answered ?? [:] {
                #expect((image.topic(named: name) != nil) == isThere, "\(name), cut at \(ordinal), seed \(seed)")
            }
            for topic in image.topicsByName() { #expect(topic.partitions.count == 2, "\(topic.name), \(ordinal)") }
            _ = try again.register()
            #expect(again.create("after") != nil, "cut at \(ordinal)")
        }
    }

    @Test("a fault at any operation is answered or refused, and a restart finds what was answered")
    func faults() throws {
        for ordinal in 1...(try length()) {
            let disk = SimulatedDisk(seed: UInt64(ordinal))
            disk.plan(.failure(errno: 5), at: ordinal)
            let told = try? story(disk)
            disk.crash()
            let image = try Bench(disk).controller.image
            for (name, isThere) in told?.answered ?? [:] where isThere {
                #expect(image.topic(named: name) != nil, "\(name), failed at \(ordinal)")
            }
        }
    }
}
