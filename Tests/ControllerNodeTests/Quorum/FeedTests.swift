// SPDX-License-Identifier: Apache-2.0

import ControllerNode
import Coordinator
import Primitives
import Simulation
import StorageEngine
import Testing
import WireProtocol

/// Carries what a controller tells to the core of a broker's client, through the bytes that travel.
private struct FollowedClient {
    var core: ControllerClientCore
    var publications: [MetadataPublication] = []

    init(at now: Instant) {
        let endpoint = Controller.ControllerEndpoint(NodeID(1), host: "c1", port: 9191)
        core = ControllerClientCore(bootstrap: [endpoint], entropy: Entropy(seed: 1), at: now)
        var effects: [ControllerClientCore.Effect] = []
        core.step(.timePassed, at: now, into: &effects)
    }

    mutating func take(_ feed: inout MetadataFeed, from controller: QuorumController, at now: Instant) throws -> Int {
        var count = 0
        while let payload = feed.next(from: controller, at: now) {
            count += 1
            let item: Controller.MetadataItem = try payload.decoded()
            let attachment = SharedBytes(payload.attachments.flatMap(\.array))
            var effects: [ControllerClientCore.Effect] = []
            core.step(
                .itemReceived(item, attachment: attachment, stream: core.streamNumber), at: now, into: &effects)
            for effect in effects {
                if case .publish(let publication) = effect { publications.append(publication) }
                if case .report(let sentence) = effect { Issue.record("\(sentence)") }
            }
        }
        return count
    }
}

@Suite("following the metadata")
struct FeedTests {
    private let settings = ["broker.session.timeout.ms": "100000", "myelin.metadata.snapshot.records": "20"]

    @Test("a follower from the beginning gets every commit, with the deltas of the leader")
    func fromTheBeginning() throws {
        let world = try QuorumWorld(count: 1, settings: settings)
        #expect(world.register() != nil)
        let controller = try #require(world[1].controller)
        var feed = MetadataFeed(from: .zero)
        var client = FollowedClient(at: world.now)
        _ = try client.take(&feed, from: controller, at: world.now)
        #expect(client.core.image == controller.image)
        for index in 0..<5 {
            #expect(world.create("t\(index)") == true)
            #expect(try client.take(&feed, from: controller, at: world.now) >= 1)
            #expect(client.core.image == controller.image)
            #expect(client.publications.last?.delta.topics.map(\.name) == ["t\(index)"])
            #expect(client.core.nextOffset == controller.nextOffset)
        }
    }

    @Test("a follower that is behind the log gets a snapshot, whose delta is what changed for it")
    func snapshot() throws {
        let world = try QuorumWorld(count: 1, settings: settings)
        #expect(world.register() != nil)
        var feed = MetadataFeed(from: .zero)
        var client = FollowedClient(at: world.now)
        _ = try client.take(&feed, from: try #require(world[1].controller), at: world.now)
        let before = try #require(client.core.image)
        for index in 0..<30 { #expect(world.create("t\(index)") == true) }
        world.crash(1)
        try world.start(1)
        #expect(world.create("last") == true)
        let controller = try #require(world[1].controller)
        var resumed = MetadataFeed(from: client.core.nextOffset)
        _ = try client.take(&resumed, from: controller, at: world.now)
        #expect(client.core.image == controller.image)
        #expect(client.publications.count > 1)
        var names: Set<String> = []
        for publication in client.publications { names.formUnion(publication.delta.topics.map(\.name)) }
        #expect(before.topicCount == 0)
        #expect(names.count == 31)
    }

    @Test("a follower hears who leads twice a second, and at once when that changes")
    func status() throws {
        let world = try QuorumWorld(count: 3, settings: settings)
        #expect(world.register() != nil)
        let active = try #require(world.active)
        let other = try #require(world.nodes.first { $0.id != active.id })
        #expect(world.converge())
        var feed = MetadataFeed(from: .zero)
        var client = FollowedClient(at: world.now)
        _ = try client.take(&feed, from: try #require(other.controller), at: world.now)
        #expect(client.core.leader?.nodeID == active.id)
        let later = world.now.advanced(byMilliseconds: MetadataFeed.statusMilliseconds)
        #expect(feed.statusDue == later)
        #expect(try client.take(&feed, from: try #require(other.controller), at: later) == 1)
        world.crash(active.id.rawValue)
        #expect(world.run { world.active != nil && other.controller?.leader != nil })
        _ = try client.take(&feed, from: try #require(other.controller), at: later)
        #expect(client.core.leader?.nodeID == world.active?.id)
    }
}

@Suite("folders of a controller")
struct ControllerFolderTests {
    /// A folder as it was before there were quorums: batches without control records, no term and vote, a plain snapshot.
    private func makeOlder(withSnapshot: Bool) throws -> SimulatedDisk {
        let disk = SimulatedDisk(seed: 1)
        var entropy = Entropy(seed: 1)
        _ = try DataFolderIdentity(opening: disk, node: NodeID(1), using: &entropy)
        let partition = PartitionID(topic: TopicID(high: 0, low: 1), index: PartitionIndex(0))
        var log = try PartitionLog(
            opening: "__cluster_metadata-0", of: partition, configuration: LogConfiguration(), at: now, on: disk)
        let records: [MetadataRecord] = [
            .featureLevelSet(name: "myelin.metadata", level: 1),
            .topicCreated(TopicRecord(name: "payments", id: TopicID(high: 1, low: 2))),
        ]
        var image = MetadataImage()
        for (index, record) in records.enumerated() {
            try image.replay(record)
            let bytes = LogBytes.batch([record], from: Offset(Int64(index)), term: Term(Int64(index + 1)))
            try log.appendReplicated(bytes, at: now)
        }
        try log.writeStaged(on: disk)
        try log.close(on: disk)
        guard withSnapshot else { return disk }
        // The term of the start that took it, which need not be that of the last record.
        let snapshot = MetadataSnapshot(image: image, nextOffset: Offset(2), term: Term(3))
        let file = try disk.open("__cluster_metadata-0/00000000000000000002-0000000003.checkpoint", .createNew)
        try disk.write([snapshot.encoded()], to: file, at: 0)
        try disk.synchronize(file)
        try disk.synchronizeDirectory("__cluster_metadata-0")
        return disk
    }

    @Test("a folder from before there were quorums opens as a quorum of one", arguments: [false, true])
    func openOlder(withSnapshot: Bool) throws {
        let disk = try makeOlder(withSnapshot: withSnapshot)
        let bench = try Bench(disk)
        #expect(bench.controller.image.topic(named: "payments")?.id == TopicID(high: 1, low: 2))
        #expect(bench.controller.term > Term(2))
        #expect(bench.controller.quorum.voters.voters.map(\.id) == [NodeID(1)])
        #expect(try bench.register() != nil)
        #expect(bench.create("orders") != nil)
        let image = bench.controller.image
        try bench.controller.close(at: now)
        #expect(try Bench(disk).controller.image == image)
    }

    @Test("a damaged term and vote is refused by name")
    func damagedState() throws {
        let disk = SimulatedDisk(seed: 1)
        let bench = try Bench(disk)
        try bench.controller.close(at: now)
        try disk.damage("__cluster_metadata-0/quorum-state", at: 15)
        try disk.evict("__cluster_metadata-0/quorum-state")
        let error = #expect(throws: MetadataOpenError.self) { try Bench(disk) }
        guard case .stateDamaged("__cluster_metadata-0/quorum-state", _) = error else {
            Issue.record("refused with \(String(describing: error))")
            return
        }
    }

    @Test("a batch that does not check is damage where it was durable, and torn behind that", arguments: [true, false])
    func tornEnd(wasDurable: Bool) throws {
        let disk = SimulatedDisk(seed: 1)
        let bench = try Bench(disk)
        #expect(try bench.register() != nil)
        #expect(bench.create("orders") != nil)
        disk.crash()
        if !wasDurable { try tellDurableEnd(0, on: disk) }
        try disk.damage("__cluster_metadata-0/00000000000000000000.log", at: 100)
        try disk.evict("__cluster_metadata-0/00000000000000000000.log")
        guard wasDurable else {
            let found = try Bench(disk)
            #expect(found.controller.image.topic(named: "orders") == nil)
            #expect(try found.register() != nil)
            return
        }
        let error = #expect(throws: MetadataOpenError.self) { try Bench(disk) }
        guard case .damaged? = error else {
            Issue.record("refused with \(String(describing: error))")
            return
        }
    }

    /// As the file would be that followed the log with a delay.
    private func tellDurableEnd(_ end: Int64, on disk: SimulatedDisk) throws {
        var writer = ByteWriter()
        writer.writeBytes(SharedBytes("MYDUREND"))
        writer.writeInt64(end)
        writer.writeInteger(CRC32C.checksum(of: writer.shared))
        let file = try disk.open("__cluster_metadata-0/durable-end", .readWrite)
        defer { disk.close(file) }
        try disk.write([writer.shared], to: file, at: 0)
        try disk.synchronize(file)
    }

    @Test("the folder of a member of several is no node's alone")
    func memberOfSeveral() throws {
        let world = try QuorumWorld(count: 3, settings: ["broker.session.timeout.ms": "100000"])
        #expect(world.register() != nil)
        world.crash(1)
        let disk = world[1].disk
        // Identified as a node's own folder, which nothing else does to a controller's.
        try disk.rename("__cluster_metadata-0", to: "aside")
        var entropy = Entropy(seed: 1)
        _ = try DataFolderIdentity(opening: disk, node: NodeID(1), using: &entropy)
        try disk.rename("aside", to: "__cluster_metadata-0")
        #expect(throws: MetadataOpenError.memberOfQuorum([NodeID(1), NodeID(2), NodeID(3)])) { try Bench(disk) }
    }
}
