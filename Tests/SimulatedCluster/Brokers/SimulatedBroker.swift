// SPDX-License-Identifier: Apache-2.0

import BrokerNode
import ControllerNode
import Coordinator
import Primitives
import Simulation
import StorageEngine
import WireProtocol

/// One life of a broker: the shards that `myelin-broker` runs, with their way to the controllers, on one thread.
final class SimulatedBroker {
    let process: SimulatedProcess
    unowned let scene: BrokersScene
    let id: NodeID
    private let disk: SimulatedDisk
    private let shared: SharedDisk
    private var lanes: [ShardLane] = []
    private var client: ControllerClient!
    private let registration: RegisterBroker
    private var membership: Membership?
    /// Clients are refused before the broker has joined its cluster.
    private(set) var isServing = false
    private var current: Int?

    var world: World { process.world }

    /// Takes the data folder, as a node does at its start.
    ///
    /// - Throws: what the disk did.
    init(process: SimulatedProcess, disk: SimulatedDisk, id: NodeID, scene: BrokersScene) throws(DiskFault) {
        (self.process, self.disk, self.id, self.scene) = (process, disk, id, scene)
        var entropy = process.world.streams.process.split()
        let folder: DataFolderIdentity
        do throws(DataFolderRefusal) {
            folder = try DataFolderIdentity(
                opening: disk, node: id, cluster: ControllerQuorum.cluster, using: &entropy)
        } catch {
            guard case .disk(let fault) = error else { preconditionFailure("\(error)") }
            throw fault
        }
        let previous = try CleanShutdown.take(from: disk)
        let settings = scene.settings
        let identity = BrokerIdentity(
            id: id, clusterID: ControllerQuorum.cluster.text, incarnation: .random(using: &entropy),
            rack: "rack\(id)", shardCount: scene.shardCount, dataDirectory: "simulated", hasAdvertisedListeners: true,
            settings: settings)
        registration = RegisterBroker(
            id: id, incarnation: identity.incarnation,
            listeners: [
                BrokerListener(
                    name: "PLAINTEXT", host: "broker", port: UInt16(id.rawValue), securityProtocol: .plaintext)
            ], rack: identity.rack, cluster: folder.clusterID, directory: folder.directory, previousEpoch: previous)
        shared = SharedDisk(disk, shardCount: scene.shardCount)
        let limits = BrokerLimits(settings, shardCount: scene.shardCount)
        lanes = shared.views.indices.map { ShardLane(self, index: $0) }
        for (index, view) in shared.views.enumerated() {
            lanes[index].shard = BrokerShard(
                index: index, node: identity, limits: limits, disk: view, driver: lanes[index],
                entropy: entropy.split(), logger: scene.log(of: process))
        }
        let uplink = SimulatedUplink(process: process, quorum: scene.quorum) { [unowned self] body in
            round(on: BrokerShard.controllerShard) { _ in body() }
        }
        client = ControllerClient(
            bootstrap: scene.quorum.ids.prefix(world.options.voterCount).map {
                Controller.ControllerEndpoint(.none, host: "controller", port: $0.rawValue)
            }, clusterID: folder.clusterID, link: uplink, entropy: entropy.split(), report: { _ in })
        uplink.client = client
        // Shards and their drivers hold each other.
        process.ended = { [weak self] in self?.letGo() }
    }

    private func letGo() {
        guard current == nil else {
            // A shard is at work: not under its feet.
            return world.after(0) { [self] in
                current = nil
                letGo()
            }
        }
        for shard in shards { shard.abandon() }
        lanes = []
    }

    // MARK: Rounds

    func anyShard() -> Int { world.streams.network.index(below: lanes.count) }

    /// Has a shard do something, and end its round.
    func round(on index: Int, _ body: (BrokerShard) -> Void) {
        guard process.isAlive else { return }
        guard let shard = lanes[index].shard else { preconditionFailure("no shard \(index)") }
        // What answers at once is part of the round that asked.
        guard current != index else { return body(shard) }
        let outer = current
        current = index
        body(shard)
        // The process may have ended in the middle of it.
        if process.isAlive { shard.endRound() }
        current = outer
        scene.observe(self, shard)
    }

    func diskCompleted() {
        for index in shared.distribute() { round(on: index) { $0.diskCompleted() } }
    }

    var shards: [BrokerShard] { lanes.map { $0.shard! } }

    fileprivate func post(_ work: [ShardWork], to index: Int) {
        lanes[index].enqueue { [unowned self] in round(on: index) { $0.receive(work) } }
    }

    // MARK: Start and stop

    func begin() {
        for index in lanes.indices {
            round(on: index) { shard in
                shard.replicator.links = SimulatedReplicaLinks(of: self, shard: index)
                shard.repairer.reader = SimulatedReplicaReader(of: self, shard: index)
            }
        }
        round(on: BrokerShard.controllerShard) { _ in client.start { [unowned self] in open() } }
    }

    /// There is an image: what it assigns is opened, and the broker joins.
    private func open() {
        let home = BrokerShard.controllerShard
        let shard = lanes[home].shard!
        shard.controllerPort = client
        client.subscribe { [unowned shard] publication in shard.distribute(publication) }
        do throws(StartFailure) { try shard.openDirectory() } catch { return scene.cannotStart(self, error) }
        shard.openPartitions { [unowned self] in
            join(shard)
            scrubLater()
        }
    }

    private func join(_ shard: BrokerShard) {
        let membership = Membership(shard: shard, registration: registration)
        self.membership = membership
        shard.membership = membership
        membership.join(rpc: RPCEndpoint(host: "broker", port: UInt16(id.rawValue))) { [unowned self] result in
            switch result {
            case .success: joined(shard)
            case .failure(let refusal): scene.refused(self, refusal.description)
            }
        }
    }

    private func joined(_ shard: BrokerShard) {
        do throws(DiskFault) { try shard.putStraysAside() } catch { return scene.failed(process, error) }
        isServing = true
    }

    /// Leaves the cluster in order; the process ends when it may.
    func stop() {
        guard let membership, isServing else { return }
        isServing = false
        let milliseconds = Int64(scene.settings[.controlledShutdownTimeoutMilliseconds])
        round(on: BrokerShard.controllerShard) { _ in
            membership.leave(withinMilliseconds: milliseconds) { [unowned self] in
                // Not from inside of a round.
                process.after(0) { [unowned self] in close() }
            }
        }
    }

    private func close() {
        for index in lanes.indices { round(on: index) { $0.beginDraining() } }
        var isClean = true
        for shard in shards.reversed() { isClean = shard.close() && isClean }
        if isClean { shards[BrokerShard.controllerShard].leaveProofOfCleanShutdown() }
        scene.stopped(self)
    }

    // MARK: Scrubbing

    private func scrubLater() {
        process.after(world.streams.process.span(.seconds(2), .seconds(10))) { [unowned self] in
            for index in lanes.indices { round(on: index) { scrub($0) } }
            scrubLater()
        }
    }

    /// Verifies all segments; the scrubber's thread does it piece by piece.
    private func scrub(_ shard: BrokerShard) {
        for (_, partition) in shard.partitions.sorted(by: { $0.key < $1.key }) {
            var last: Offset?
            while var scrub = partition.log.scrub(after: last) {
                last = scrub.segment
                do throws(DiskFault) {
                    while !scrub.isDone { try scrub.verifyNext(byteCountMax: 1 << 20, on: disk) }
                } catch {
                    scrub.close(on: disk)
                    break
                }
                partition.note(scrub)
            }
        }
    }
}

/// The loop of one shard.
private final class ShardLane: ShardDriver {
    private unowned let broker: SimulatedBroker
    private let index: Int
    /// There from the broker's beginning on.
    var shard: BrokerShard!
    private var queue: [() -> Void] = []
    private var isScheduled = false
    private let alarm: Alarm

    init(_ broker: SimulatedBroker, index: Int) {
        (self.broker, self.index) = (broker, index)
        alarm = Alarm(of: broker.process)
    }

    var now: Instant { broker.process.now }
    var wallClock: Timestamp { broker.process.wallClock }

    func post(_ work: [ShardWork], to shard: Int) { broker.post(work, to: shard) }

    /// Runs `work` soon, after all that was enqueued before.
    func enqueue(_ work: @escaping () -> Void) {
        queue.append(work)
        guard !isScheduled else { return }
        isScheduled = true
        broker.process.after(broker.world.streams.schedule.span(.microseconds(1), .microseconds(50))) {
            [unowned self] in
            isScheduled = false
            let work = queue
            queue = []
            for item in work { item() }
        }
    }

    func wake(at deadline: Instant) {
        alarm.set(at: deadline) { [unowned self] in broker.round(on: index) { $0.timePassed() } }
    }
}
