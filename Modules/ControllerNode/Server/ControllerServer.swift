// SPDX-License-Identifier: Apache-2.0

public import Coordinator
internal import Foundation
public import Primitives
public import StorageEngine
public import Transport
internal import WireProtocol

/// Why a controller did not start. The description is one sentence for people; nothing was changed.
public enum ControllerStartFailure: Error, Sendable {
    case folderUnusable(path: String, DiskFault)
    case folderInUse(path: String, processID: Int32?)
    case folderRefused(path: String, DataFolderRefusal)
    case metadataUnreadable(path: String, String)
    /// Another process runs on the folder that this one is a copy of.
    case folderCopied(path: String, original: String)
    case listener(ListenerFault)
}

extension ControllerStartFailure: CustomStringConvertible {
    public var description: String {
        switch self {
        case .folderUnusable(let path, let fault):
            "\(path) cannot be used: \(fault.operation) of \(fault.target), errno \(fault.errno)"
        case .folderInUse(let path, let processID?): "\(path) is in use by process \(processID)"
        case .folderInUse(let path, nil): "\(path) is in use by another process"
        case .folderRefused(let path, let refusal): "\(path): \(refusal)"
        case .metadataUnreadable(let path, let reason): "the metadata in \(path) cannot be loaded: \(reason)"
        case .folderCopied(let path, let original):
            "\(path) is a copy of the data folder on which another process runs at \(original): give this controller a "
                + "node.id and an empty folder of its own, or stop the other one"
        case .listener(.addressUnusable(let address)):
            "\(address) is no address of this machine: set myelin.rpc.host to one that is, or to 0.0.0.0"
        case .listener(let fault): "\(fault)"
        }
    }
}

/// A controller process: its folder, its listener and its part of the quorum.
public final class ControllerServer: Sendable {
    /// Where it answers RPC.
    public let address: NetworkAddress
    private let server: RPCServer
    private let member: ControllerLoop
    private let lock: DirectoryLock

    private init(server: RPCServer, member: ControllerLoop, lock: DirectoryLock) {
        address = server.address
        self.server = server
        self.member = member
        self.lock = lock
    }

    /// Gives a new folder to a controller of a cluster. One that is this controller's already is left as it is.
    ///
    /// - Throws: `ControllerStartFailure`, for a folder of somebody else or one that cannot be written.
    public static func format(dataDirectory path: String, clusterID: ClusterID, node: NodeID) throws {
        let disk = try disk(path, .threads)
        let lock = try lock(path)
        var entropy = Entropy.fromSystem()
        do throws(DataFolderRefusal) {
            _ = try DataFolderIdentity(
                opening: disk, node: node, role: .controller, cluster: clusterID, using: &entropy)
        } catch { throw ControllerStartFailure.folderRefused(path: path, error) }
        withExtendedLifetime(lock) {}
    }

    /// Opens a formatted folder, listens, and takes part in the quorum, which may or may not have a majority yet.
    ///
    /// - Parameters:
    ///   - settings: `node.id`, `myelin.rpc.port` and the quorum's.
    ///   - group: Its first loop runs the controller.
    /// - Throws: `ControllerStartFailure`.
    public static func start(
        settings: BrokerSettings, dataDirectory path: String, on group: ShardLoopGroup, log: EventLog
    ) async throws -> ControllerServer {
        let disk = try disk(path, settings[.diskMechanism].preference)
        let lock = try lock(path)
        let node = NodeID(Int32(settings[.nodeID]))
        let folder = try identity(on: disk, node: node, path)
        var entropy = Entropy.fromSystem()
        let own = settings.ownEndpoint(of: node)
        let loop = group.loops[0]
        let member = ControllerLoop(
            identity: folder, own: own, bootstrap: settings.bootstrapEndpoints,
            clockSkewMillisecondsMax: Int64(settings[.clockSkewMillisecondsMax]), incarnation: .random(using: &entropy),
            loop: loop, log: log)
        // Before the folder is opened, so that a port that is taken leaves everything as it was.
        let server = try await listen(settings, own, member, folder, on: group)
        do {
            try await open(disk, member, settings, path, entropy: entropy.split())
            try await refuseCopy(member, path)
        } catch {
            await server.drain(withinMilliseconds: 0)
            throw error
        }
        log.info("controller \(node) of cluster \(folder.clusterID) answers at \(server.address)")
        if server.address.isLoopback, !own.isLoopback {
            // Debian gives a machine's own name an address of 127.0.0.0/8.
            log.warning(
                "\(own.host) is \(server.address.host) here, where only this machine reaches it: set myelin.rpc.host")
        }
        return ControllerServer(server: server, member: member, lock: lock)
    }

    /// Whether it knows who is active and has what that one was known to have committed.
    public var isReady: Bool {
        get async { await onLoop { $0.controller.isCaughtUp } }
    }

    /// How it stands, for logs and health checks.
    public var status: ControllerStatus {
        get async {
            await onLoop { member in
                ControllerStatus(
                    isActive: member.controller.isActive, leader: member.controller.leader?.id,
                    term: member.controller.term, nextOffset: member.controller.nextOffset,
                    failure: member.controller.failure, counters: member.controller.counters)
            }
        }
    }

    /// Hands the leadership over, ends calls, and makes everything durable.
    public func stop() async {
        await handOver()
        await server.drain(withinMilliseconds: 500)
        await onLoop { $0.close() }
        withExtendedLifetime(lock) {}
    }

    private func handOver() async {
        await withCheckedContinuation { (done: CheckedContinuation<Void, Never>) in
            member.loop.execute { [member] in
                guard member.controller.isActive, member.controller.voters.count > 1 else { return done.resume() }
                member.controller.transferLeadership(to: nil) { _ in done.resume() }
                member.scheduleTurn()
            }
        }
    }

    private func onLoop<Value: Sendable>(_ body: @escaping @Sendable (ControllerLoop) -> Value) async -> Value {
        await withCheckedContinuation { done in
            member.loop.execute { [member] in done.resume(returning: body(member)) }
        }
    }

    // MARK: Steps of a start

    /// Two processes on copies of one folder would be one voter with two votes.
    private static func refuseCopy(_ member: ControllerLoop, _ path: String) async throws {
        let original = await withCheckedContinuation { (done: CheckedContinuation<String?, Never>) in
            member.loop.execute {
                let place = member.controller.voters[member.node].map { "\($0.host):\($0.port)" }
                member.lookForOriginal { done.resume(returning: $0 == nil ? nil : place) }
            }
        }
        guard let original else { return }
        await withCheckedContinuation { (done: CheckedContinuation<Void, Never>) in
            member.loop.execute {
                member.close()
                done.resume()
            }
        }
        throw ControllerStartFailure.folderCopied(path: path, original: original)
    }

    private static func disk(_ path: String, _ preference: DiskPreference) throws -> FileDisk {
        do throws(DiskFault) { return try FileDisk.open(at: path, preferring: preference) } catch {
            throw ControllerStartFailure.folderUnusable(path: path, error)
        }
    }

    private static func lock(_ path: String) throws -> DirectoryLock {
        do throws(DirectoryLockRefusal) { return try DirectoryLock(path) } catch {
            switch error {
            case .held(let processID): throw ControllerStartFailure.folderInUse(path: path, processID: processID)
            case .failed(let fault): throw ControllerStartFailure.folderUnusable(path: path, fault)
            }
        }
    }

    private static func identity(on disk: FileDisk, node: NodeID, _ path: String) throws -> DataFolderIdentity {
        do throws(DataFolderRefusal) {
            guard let known = try DataFolderIdentity.existing(on: disk, node: node, role: .controller) else {
                throw .unformatted
            }
            return known
        } catch { throw ControllerStartFailure.folderRefused(path: path, error) }
    }

    private static func listen(
        _ settings: BrokerSettings, _ own: Controller.ControllerEndpoint, _ member: ControllerLoop,
        _ folder: DataFolderIdentity, on group: ShardLoopGroup
    ) async throws -> RPCServer {
        do {
            return try await RPCServer.bind(
                host: settings[.rpcHost] ?? own.host, port: settings[.rpcPort], group: group,
                hello: .node(folder.node, role: .controller, clusterID: folder.clusterID.text),
                service: member.service, catalogue: Admin.methods + Controller.methods, limits: .betweenControllers)
        } catch { throw ControllerStartFailure.listener(error) }
    }

    private static func open(
        _ disk: FileDisk, _ member: ControllerLoop, _ settings: BrokerSettings, _ path: String, entropy: Entropy
    ) async throws {
        var limits = RaftLimits()
        limits.electionTimeoutMilliseconds = Int64(settings[.quorumElectionTimeoutMilliseconds])
        limits.heartbeatIntervalMilliseconds = Int64(settings[.quorumHeartbeatIntervalMilliseconds])
        try await withCheckedThrowingContinuation { (done: CheckedContinuation<Void, any Error>) in
            // Proof: used on the loop only, from here on.
            nonisolated(unsafe) let disk = disk
            member.loop.execute { [limits] in
                do {
                    try QuorumStore.writeInitialVoters(settings.initialVoters, on: unsafe disk)
                    try member.open(
                        unsafe disk, voters: .empty, settings: settings, limits: limits, entropy: entropy)
                    member.tellStatusForever()
                    done.resume()
                } catch {
                    done.resume(
                        throwing: ControllerStartFailure.metadataUnreadable(path: path, "\(error)"))
                }
            }
        }
        if let descriptor = disk.completionDescriptor {
            try await member.loop.watch(descriptor: descriptor) { member.turn() }
        }
    }
}

/// How a controller stands.
public struct ControllerStatus: Sendable {
    public let isActive: Bool
    /// The active controller as far as known.
    public let leader: NodeID?
    public let term: Term
    public let nextOffset: Offset
    /// Why it is out of service; nil while it serves.
    public let failure: ControllerFailure?
    public let counters: MetadataCounters
}

extension BrokerSettings {
    /// Where others reach the controller: what the list of the first voters says, unless it has another host by now.
    fileprivate func ownEndpoint(of node: NodeID) -> Controller.ControllerEndpoint {
        let first = self[.quorumVoters]?.voters.first { $0.id == node }?.endpoint
        let advertised = self[.rpcAdvertisedHost]
        if let first, advertised == nil || advertised == first.host {
            return Controller.ControllerEndpoint(node, host: first.host, port: Int32(first.port))
        }
        let host = advertised ?? ProcessInfo.processInfo.hostName
        return Controller.ControllerEndpoint(node, host: host, port: Int32(self[.rpcPort]))
    }

    fileprivate var bootstrapEndpoints: [Controller.ControllerEndpoint] {
        (self[.quorumBootstrapServers]?.endpoints ?? []).map {
            Controller.ControllerEndpoint(.none, host: $0.host, port: Int32($0.port))
        }
    }

    /// Nobody where the setting is absent: this controller is to be added to a quorum.
    fileprivate var initialVoters: VoterSet {
        VoterSet(
            (self[.quorumVoters]?.voters ?? []).map {
                Voter(id: $0.id, directory: nil, host: $0.endpoint.host, port: $0.endpoint.port)
            })
    }
}

extension NetworkAddress {
    fileprivate var isLoopback: Bool { host.hasPrefix("127.") || host == "::1" || host == "localhost" }
}

extension Controller.ControllerEndpoint {
    fileprivate var isLoopback: Bool { NetworkAddress(host: host, port: Int(port)).isLoopback }
}

extension Entropy {
    fileprivate static func fromSystem() -> Entropy {
        var generator = SystemRandomNumberGenerator()
        return Entropy(seed: generator.next())
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
