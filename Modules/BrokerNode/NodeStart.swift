// SPDX-License-Identifier: Apache-2.0

internal import ControllerNode
internal import Coordinator
internal import Primitives
internal import StorageEngine
internal import Transport
internal import WireProtocol

/// The steps that bring a node up, in order; each throws a `StartFailure`.
struct NodeStart: Sendable {
    let identity: BrokerIdentity
    let lock: DirectoryLock
    let diskMechanism: String
    /// The way to the controllers of the cluster; nil: this node is a cluster of its own.
    private let uplink: Uplink?
    var isOwnCluster: Bool { uplink == nil }
    private let folder: DataFolderIdentity
    /// The registration that an orderly stop ended; nil after a crash.
    private let previousEpoch: BrokerEpoch?
    private let settings: BrokerSettings
    private let limits: BrokerLimits
    private let group: ShardLoopGroup
    private let log: EventLog
    private let seed: UInt64

    /// Locks the data folder and finds out whose it is; a new one of a cluster's broker belongs to the cluster that its
    /// controllers say.
    init(settings: BrokerSettings, dataDirectory: String, group: ShardLoopGroup, log: EventLog) async throws {
        self.settings = settings
        self.group = group
        self.log = log
        var generator = SystemRandomNumberGenerator()
        seed = generator.next()
        var entropy = Entropy(seed: generator.next())
        let disk = try Self.disk(dataDirectory, settings)
        diskMechanism = disk.choice.description
        lock = try Self.lock(dataDirectory)
        let nodeID = NodeID(Int32(settings[.nodeID]))
        do {
            let known = try DataFolderIdentity.existing(on: disk, node: nodeID)
            if let servers = settings[.quorumBootstrapServers] {
                let uplink = Uplink(
                    to: servers.endpoints, from: nodeID, of: known?.clusterID, on: group.loops[0], log: log)
                folder = try DataFolderIdentity(
                    opening: disk, node: nodeID, cluster: try await uplink.clusterID(), using: &entropy)
                self.uplink = uplink
            } else {
                folder = try DataFolderIdentity(opening: disk, node: nodeID, using: &entropy)
                uplink = nil
            }
        } catch let refusal as DataFolderRefusal {
            throw StartFailure.folderRefused(path: dataDirectory, refusal)
        }
        do throws(DiskFault) {
            previousEpoch = try CleanShutdown.take(from: disk)
        } catch {
            throw StartFailure.folderUnusable(path: dataDirectory, error)
        }
        identity = BrokerIdentity(
            id: nodeID, clusterID: folder.clusterID.text, incarnation: .random(using: &entropy),
            rack: settings[.rack], shardCount: group.loops.count, dataDirectory: dataDirectory,
            hasAdvertisedListeners: settings[.advertisedListeners] != nil, settings: settings,
            startedAt: group.loops[0].wallClock)
        limits = BrokerLimits(settings, shardCount: group.loops.count)
    }

    private static func lock(_ path: String) throws -> DirectoryLock {
        do {
            return try DirectoryLock(path)
        } catch .held(let processID) {
            throw StartFailure.folderInUse(path: path, processID: processID)
        } catch .failed(let fault) {
            throw StartFailure.folderUnusable(path: path, fault)
        }
    }

    static func disk(_ path: String, _ settings: BrokerSettings) throws -> FileDisk {
        do {
            return try FileDisk.open(at: path, preferring: settings[.diskMechanism].preference)
        } catch {
            throw StartFailure.folderUnusable(path: path, error)
        }
    }

    /// One shard for each loop, each with a disk of its own over the same folder.
    func makeShards() async throws -> ShardSet {
        let shards = ShardSet(loops: group.loops)
        var entropy = Entropy(seed: seed)
        for loop in group.loops {
            let disk = try Self.disk(identity.dataDirectory, settings)
            let shard = BrokerShard(
                index: loop.index, node: identity, limits: limits, disk: disk,
                driver: LoopDriver(loop: loop, shards: shards), entropy: entropy.split(), logger: log)
            shards.add(shard)
        }
        for loop in group.loops {
            let index = loop.index
            let descriptor = try await shards.run(on: index) { [identity] shard in
                shards.loops[index].onRoundEnd { shards[index].endRound() }
                let hello = Hello.node(identity.id, role: .broker, clusterID: identity.clusterID, wants: .broker)
                shard.peerCalls = PeerCalls(loop: shards.loops[index], hello: hello)
                shard.replicator.links = RPCReplicaLinks(loop: shards.loops[index], hello: hello) { event in
                    shards[index].replicator.happened(event)
                }
                shard.repairer.reader = RPCReplicaReader(loop: shards.loops[index], hello: hello)
                return shard.disk.completionDescriptor
            }
            guard let descriptor else { continue }
            try await loop.watch(descriptor: descriptor) { shards[index].diskCompleted() }
        }
        return shards
    }

    /// Finds the metadata, here or at the controllers, and lets its publications reach every shard.
    func openController(_ shards: ShardSet) async throws {
        guard let uplink else { return try await openOwnController(shards) }
        try await shards.run(on: BrokerShard.controllerShard) { shard in
            let client = uplink.client
            shard.controllerPort = client
            client.subscribe { [unowned shard] publication in shard.distribute(publication) }
        }
    }

    private func openOwnController(_ shards: ShardSet) async throws {
        let home = BrokerShard.controllerShard
        let path = identity.dataDirectory
        let descriptor = try await shards.run(on: home) { [settings, identity, seed] shard in
            let disk = try Self.disk(path, settings)
            let controller: MetadataController
            do {
                controller = try MetadataController(
                    opening: disk, node: identity.id, settings: settings, entropy: Entropy(seed: seed &+ 1),
                    at: shard.wallClock, now: shard.now)
            } catch {
                throw StartFailure.metadataUnreadable("\(error)")
            }
            shard.controller = controller
            shard.controllerPort = controller
            controller.subscribe { [unowned shard] publication in shard.distribute(publication) }
            return disk.completionDescriptor
        }
        guard let descriptor else { return }
        try await shards.loops[home].watch(descriptor: descriptor) { shards[home].controllerDiskCompleted() }
    }

    /// Opens what the metadata assigns to each shard.
    func openPartitions(_ shards: ShardSet) async throws {
        let home = BrokerShard.controllerShard
        try await shards.run(on: home) { try $0.openDirectory() }
        await withCheckedContinuation { (done: CheckedContinuation<Void, Never>) in
            shards.loops[home].execute { shards[home].openPartitions { done.resume() } }
        }
        guard settings[.cleanerEnabled] else { return }
        let worker = CleanerWorker(
            shards: shards, dataDirectory: identity.dataDirectory,
            bytesPerSecondMax: settings[.cleanerBytesPerSecondMax])
        try await shards.run(on: home) { shard in
            let cleaner = Cleaner(shard: shard, worker: worker)
            shard.cleaner = cleaner
            cleaner.start()
        }
    }

    /// Takes the port of the clients, who are refused until the listener is opened.
    func reservePort(_ shards: ShardSet) async throws -> FrameListener {
        let addresses = settings[.listeners].addresses
        guard let address = addresses.first, addresses.count == 1 else {
            throw StartFailure.invalidListeners("\(addresses.count) are given, and one is served")
        }
        guard address.name == "PLAINTEXT" else {
            throw StartFailure.invalidListeners("\(address.name) is not served, PLAINTEXT is")
        }
        var bounds = ConnectionLimits()
        bounds.frameByteCountMax = settings[.socketRequestBytesMax]
        bounds.connectionCountMax = settings[.connectionsMax]
        bounds.connectionCountPerAddressMax = settings[.connectionsPerAddressMax]
        bounds.connectionCountMaxByAddress = settings[.connectionsPerAddressOverrides].counts
        bounds.connectionRateMax = settings[.connectionRateMax]
        bounds.firstFrameMilliseconds = Int64(settings[.firstRequestMilliseconds])
        bounds.frameMilliseconds = Int64(settings[.requestReceiveMilliseconds])
        bounds.frameRateMin = settings[.requestReceiveRateMin]
        let heldMax = settings[.queuedRequestBytesMax]
        bounds.heldByteCountMax = heldMax < 0 ? .max : heldMax / identity.shardCount
        bounds.idleMilliseconds = Int64(settings[.connectionsIdleMilliseconds])
        do {
            return try await FrameListener.reserve(
                host: address.host.isEmpty ? "0.0.0.0" : address.host, port: Int(address.port), group: group,
                limits: bounds
            ) { connection in KafkaConnection(shard: shards[connection.loop.index]) }
        } catch {
            throw StartFailure.listener(error)
        }
    }

    /// Prepares the broker's membership in its cluster. A node that is a cluster of its own joins at once; any other when
    /// it is known where its peers reach it.
    func beginMembership(_ shards: ShardSet, at bound: NetworkAddress) async throws {
        let advertised = (settings[.advertisedListeners] ?? settings[.listeners]).addresses.map {
            BrokerListener(
                name: $0.name, host: $0.host.isEmpty ? bound.host : $0.host,
                port: $0.port == 0 ? UInt16(bound.port) : $0.port, securityProtocol: .plaintext)
        }
        let registration = RegisterBroker(
            id: identity.id, incarnation: identity.incarnation, listeners: advertised, rack: identity.rack,
            cluster: folder.clusterID, directory: folder.directory, previousEpoch: previousEpoch)
        try await shards.run(on: BrokerShard.controllerShard) { shard in
            shard.membership = Membership(shard: shard, registration: registration)
        }
        if isOwnCluster { try await shards.join(rpc: nil) }
    }
}

extension ShardSet {
    /// Makes the broker a member of its cluster; returns when it may lead and every shard knows.
    func join(rpc: RPCEndpoint?) async throws {
        try await withCheckedThrowingContinuation { (done: CheckedContinuation<Void, any Error>) in
            loops[BrokerShard.controllerShard].execute {
                let shard = self[BrokerShard.controllerShard]
                guard let membership = shard.membership else {
                    preconditionFailure("joining before the node has started")
                }
                membership.join(rpc: rpc) { result in
                    done.resume(with: result.mapError { StartFailure.registrationRefused($0.description) })
                }
            }
        }
        try await run(on: BrokerShard.controllerShard) { shard in
            do throws(DiskFault) {
                try shard.putStraysAside()
            } catch {
                throw StartFailure.folderUnusable(path: shard.node.dataDirectory, error)
            }
        }
    }
}

extension DiskMechanismChoice {
    fileprivate var preference: DiskPreference {
        switch self {
        case .auto: .automatic
        case .ioUring: .ring
        case .threads: .threads
        }
    }
}
