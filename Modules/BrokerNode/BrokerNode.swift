// SPDX-License-Identifier: Apache-2.0

public import ControllerNode
public import Coordinator
public import Primitives
public import StorageEngine
public import Transport

/// Why a node did not start. The description is one sentence that says what to do.
public enum StartFailure: Error, CustomStringConvertible {
    case folderUnusable(path: String, DiskFault)
    case folderInUse(path: String, processID: Int32?)
    case folderRefused(path: String, DataFolderRefusal)
    case metadataUnreadable(String)
    case registrationRefused(String)
    case listener(ListenerFault)
    case invalidListeners(String)

    public var description: String {
        switch self {
        case .folderUnusable(let path, let fault):
            "the data folder \(path) cannot be used: \(fault.operation) of \(fault.target) failed with error \(fault.errno)"
        case .folderInUse(let path, let process):
            "the data folder \(path) is in use by \(process.map { "process \($0)" } ?? "another process"): stop it, or use another folder"
        case .folderRefused(_, let refusal): refusal.description
        case .metadataUnreadable(let reason): "the metadata log cannot be read: \(reason)"
        case .registrationRefused(let reason): "the broker could not be registered: \(reason)"
        case .listener(let fault): fault.description
        case .invalidListeners(let reason): "listeners: \(reason)"
        }
    }
}

/// A broker with its own controller in one process: shards on event loops, a Kafka listener in front, one data folder below.
public final class BrokerNode: Sendable {
    let shards: ShardSet
    let identity: BrokerIdentity
    let log: EventLog
    private let lock: DirectoryLock
    private let listener: FrameListener
    private let scrubber: Scrubber
    /// What moves bytes between memory and disk, and why.
    public let diskMechanism: String
    let observer: NodeObserver

    private init(
        shards: ShardSet, identity: BrokerIdentity, log: EventLog, lock: DirectoryLock, listener: FrameListener,
        scrubber: Scrubber, diskMechanism: String
    ) {
        self.shards = shards
        self.identity = identity
        self.log = log
        self.lock = lock
        self.listener = listener
        self.scrubber = scrubber
        self.diskMechanism = diskMechanism
        observer = NodeObserver(
            shards: shards, identity: identity, scrubber: scrubber, diskMechanism: diskMechanism)
    }

    public var clusterID: String { identity.clusterID }
    public var nodeID: NodeID { identity.id }
    /// Where Kafka clients are served; the real port when 0 was asked for.
    public var kafkaAddress: NetworkAddress { listener.address }

    // MARK: Start

    /// Opens the data folder and recovers every partition. A node that is a cluster of its own serves clients from then on;
    /// another one refuses them until it has joined.
    ///
    /// - Parameters:
    ///   - dataDirectory: Made when it is absent.
    ///   - group: One loop for each shard.
    /// - Returns: when the port of the listener is this node's.
    public static func start(
        settings: BrokerSettings, dataDirectory: String, on group: ShardLoopGroup, log: EventLog
    ) async throws -> BrokerNode {
        let start = try await NodeStart(settings: settings, dataDirectory: dataDirectory, group: group, log: log)
        let shards = try await start.makeShards()
        try await start.openController(shards)
        try await start.openPartitions(shards)
        let listener = try await start.reservePort(shards)
        do {
            try await shards.run(on: BrokerShard.controllerShard) { shard in
                shard.listener = listener
                shard.limitAddresses()
            }
            try await start.beginMembership(shards, at: listener.address)
            if start.isOwnCluster { try await listener.open() }
        } catch {
            await listener.stopAccepting()
            throw error
        }
        let scrubber = Scrubber(
            shards, settings: settings, disk: try NodeStart.disk(dataDirectory, settings), log: log)
        return BrokerNode(
            shards: shards, identity: start.identity, log: log, lock: start.lock, listener: listener,
            scrubber: scrubber, diskMechanism: start.diskMechanism)
    }

    /// Tells the cluster where other nodes reach this broker, and makes it a member: from then on it leads partitions and
    /// serves clients.
    ///
    /// Before, its metadata may be of the time before its start: it would send clients to coordinators and leaders that are
    /// none, or tell them that there are no brokers, and some of them never ask anybody again.
    ///
    /// To be called when the RPC server answers. Waits for controllers as long as there are none.
    /// - Throws: `StartFailure.registrationRefused` with a sentence that says what to do.
    public func join(rpc address: NetworkAddress) async throws {
        let host = identity.settings[.rpcAdvertisedHost] ?? address.host
        try await shards.join(rpc: RPCEndpoint(host: host, port: UInt16(address.port)))
        do { try await listener.open() } catch { throw StartFailure.listener(error) }
        // Before, the logs are not known yet that there are to read.
        scrubber.start()
    }

    // MARK: Stop

    /// Hands over what this broker leads and takes it out of every in-sync set, so that nobody waits for it when it stops.
    /// Ends when the cluster does without it, or after `myelin.controlled.shutdown.timeout.ms`.
    public func leave() async {
        let home = BrokerShard.controllerShard
        await withCheckedContinuation { (done: CheckedContinuation<Void, Never>) in
            shards.loops[home].execute { [shards] in
                let shard = shards[home]
                let milliseconds = Int64(shard.node.settings[.controlledShutdownTimeoutMilliseconds])
                guard let membership = shard.membership else { return done.resume() }
                membership.leave(withinMilliseconds: milliseconds) { done.resume() }
            }
        }
    }

    /// Answers what is under way, makes everything durable, and closes the logs. The loops stay, for their owner to end.
    public func stop(drainingForMilliseconds milliseconds: Int64 = 5_000) async {
        await scrubber.stop()
        await listener.stopAccepting()
        for index in shards.loops.indices { try? await shards.run(on: index) { $0.beginDraining() } }
        await listener.drain(withinMilliseconds: milliseconds)
        let home = BrokerShard.controllerShard
        if let worker = try? await shards.run(on: home, { $0.cleaner?.worker }) { await worker.stop() }
        var isClean = true
        for index in shards.loops.indices.reversed() {
            isClean = ((try? await shards.run(on: index) { $0.close() }) ?? false) && isClean
        }
        if isClean { try? await shards.run(on: BrokerShard.controllerShard) { $0.leaveProofOfCleanShutdown() } }
        withExtendedLifetime(lock) {}
    }
}
