// SPDX-License-Identifier: Apache-2.0

import ControllerNode
import Coordinator
import Foundation
import Primitives
import Synchronization
import Testing
import Transport
import WireProtocol

#if canImport(Glibc)
    import Glibc
#endif

/// Lines that were logged.
final class Lines: Sendable {
    private let lines = Mutex<[String]>([])
    func add(_ line: String) { lines.withLock { $0.append(line) } }
    var all: [String] { lines.withLock { $0 } }
}

/// Controllers with real files and sockets in one process.
final class Cluster: Sendable {
    static let id = "mY8ZmQ3ySqWbC0TzJ1k4Vw"

    let directory: URL
    let lines = Lines()
    private let ports: [Int: Int]
    private let voters: [Int]
    private let running = Mutex<[Int: (ControllerServer, ShardLoopGroup)]>([:])
    private let others = Mutex<[(ControllerServer, ShardLoopGroup)]>([])

    static func with(
        count: Int, voters: [Int]? = nil, _ body: (Cluster) async throws -> Void
    ) async throws {
        let cluster = try Cluster(count: count, voters: voters ?? Array(1...count))
        do {
            for id in 1...count { try await cluster.start(id) }
            try await body(cluster)
        } catch {
            await cluster.tearDown()
            throw error
        }
        await cluster.tearDown()
    }

    private init(count: Int, voters: [Int]) throws {
        directory = FileManager.default.temporaryDirectory.appendingPathComponent("controllers-\(UUID().uuidString)")
        self.voters = voters
        ports = Dictionary(uniqueKeysWithValues: (1...count).map { ($0, Self.freePort()) })
        let id = try #require(ClusterID(Self.id))
        for node in 1...count {
            try ControllerServer.format(dataDirectory: path(node), clusterID: id, node: NodeID(Int32(node)))
        }
    }

    private func tearDown() async {
        for id in ports.keys.sorted() { await stop(id) }
        let others = others.withLock { $0 }
        for (server, group) in others {
            await server.stop()
            await group.shutDown()
        }
        try? FileManager.default.removeItem(at: directory)
    }

    func path(_ id: Int) -> String { directory.appendingPathComponent("c\(id)").path }
    var bootstrap: [NetworkAddress] {
        ports.sorted { $0.key < $1.key }.map { NetworkAddress(host: "127.0.0.1", port: $0.value) }
    }
    func server(_ id: Int) -> ControllerServer? { running.withLock { $0[id]?.0 } }

    private func settings(_ id: Int, port: Int) throws -> BrokerSettings {
        var flags = [
            "node.id": "\(id)", "myelin.rpc.port": "\(port)",
            "controller.quorum.bootstrap.servers": bootstrap.map { "127.0.0.1:\($0.port)" }.joined(separator: ","),
            "controller.quorum.election.timeout.ms": "400", "myelin.quorum.heartbeat.interval.ms": "50",
            "broker.session.timeout.ms": "60000", "myelin.rpc.advertised.host": "127.0.0.1",
        ]
        if voters.contains(id) {
            flags["controller.quorum.voters"] = voters.map { "\($0)@127.0.0.1:\(ports[$0] ?? 0)" }.joined(
                separator: ",")
        }
        return try BrokerSettings(SettingLayers(flags: flags))
    }

    private func begin(_ id: Int, in path: String, port: Int) async throws -> (ControllerServer, ShardLoopGroup) {
        let group = ShardLoopGroup(count: 1)
        do {
            let log = EventLog { [lines] _, line, _ in lines.add("\(id): \(line)") }
            return (
                try await ControllerServer.start(
                    settings: try settings(id, port: port), dataDirectory: path, on: group, log: log), group
            )
        } catch {
            await group.shutDown()
            throw error
        }
    }

    func start(_ id: Int) async throws {
        let begun = try await begin(id, in: path(id), port: ports[id] ?? 0)
        running.withLock { $0[id] = begun }
    }

    /// One more process, beside those of the cluster.
    func start(_ id: Int, in path: String, port: Int) async throws {
        let begun = try await begin(id, in: path, port: port)
        others.withLock { $0.append(begun) }
    }

    /// Another folder with what a controller's has, as a backup or an image of its disk would make it.
    func copyOfFolder(_ id: Int) throws -> String {
        let copy = directory.appendingPathComponent("copy-of-\(id)").path
        try FileManager.default.copyItem(atPath: path(id), toPath: copy)
        try? FileManager.default.removeItem(atPath: copy + "/.lock")
        return copy
    }

    /// A port that nobody has.
    static func anotherPort() -> Int { freePort() }

    /// Starts a stopped controller on its folder, at another port.
    func start(_ id: Int, port: Int) async throws {
        let begun = try await begin(id, in: path(id), port: port)
        running.withLock { $0[id] = begun }
    }

    /// Starts and ends at once.
    func run(_ id: Int, in path: String) async throws {
        let (server, group) = try await begin(id, in: path, port: 0)
        await server.stop()
        await group.shutDown()
    }

    func stop(_ id: Int) async {
        guard let (server, group) = running.withLock({ $0.removeValue(forKey: id) }) else { return }
        await server.stop()
        await group.shutDown()
    }

    func active() async -> Int? {
        for _ in 0..<500 {
            for id in ports.keys.sorted() {
                guard let server = server(id) else { continue }
                if await server.status.isActive { return id }
            }
            try? await Task.sleep(for: .milliseconds(10))
        }
        return nil
    }

    func waitUntil(_ condition: () async -> Bool) async throws -> Bool {
        for _ in 0..<1000 {
            if await condition() { return true }
            try await Task.sleep(for: .milliseconds(10))
        }
        return false
    }

    /// What a controller says of itself when it is to be added.
    func voter(_ id: Int) throws -> Controller.AddVoterRequest {
        let text = try String(contentsOfFile: path(id) + "/meta.properties", encoding: .utf8)
        let line = try #require(text.split(separator: "\n").first { $0.hasPrefix("directory.id=") })
        let directory = try #require(TopicID(String(line.dropFirst("directory.id=".count))))
        return .with {
            $0.endpoint = Controller.ControllerEndpoint(
                NodeID(Int32(id)), host: "127.0.0.1", port: Int32(ports[id] ?? 0))
            $0.directory = directory
        }
    }

    private static func freePort() -> Int {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(descriptor) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                _ = bind(descriptor, address, length)
                _ = getsockname(descriptor, address, &length)
            }
        }
        return Int(UInt16(bigEndian: address.sin_port))
    }
}

/// A broker's client on a loop of its own.
final class Follower: Sendable {
    private let group = ShardLoopGroup(count: 1)
    private let box = Box()

    private final class Box: @unchecked Sendable {
        // Touched on the loop only.
        var client: ControllerClient?
        var registered: BrokerEpoch?
    }

    static func start(
        _ cluster: Cluster, clusterID: ClusterID? = nil, lines: Lines = Lines(), waits: Bool = true
    ) async throws -> Follower {
        let follower = Follower()
        let id = try clusterID ?? #require(ClusterID(Cluster.id))
        let bootstrap = cluster.bootstrap
        await withCheckedContinuation { (done: CheckedContinuation<Void, Never>) in
            follower.loop.execute {
                let client = ControllerClient(
                    bootstrap: bootstrap, node: NodeID(1), clusterID: id, loop: follower.loop,
                    entropy: Entropy(seed: 3)
                ) { lines.add($0) }
                follower.box.client = client
                client.start { if waits { done.resume() } }
                if !waits { done.resume() }
            }
        }
        guard waits else { return follower }
        let listener = BrokerListener(name: "PLAINTEXT", host: "h", port: 9092, securityProtocol: .plaintext)
        let epoch = try await follower.submit(
            RegisterBroker(id: NodeID(1), incarnation: IncarnationID(high: 1, low: 1), listeners: [listener])
        ).get().get()
        let heartbeat = BrokerHeartbeat(broker: NodeID(1), epoch: epoch, metadataOffset: await follower.nextOffset())
        #expect(try await follower.submit(heartbeat).get().get().isFenced == false)
        return follower
    }

    private var loop: ShardLoop { group.loops[0] }

    private func onLoop<Value: Sendable>(
        _ body: @escaping @Sendable (ControllerClient, @escaping @Sendable (Value) -> Void) -> Void
    ) async -> Value {
        await withCheckedContinuation { done in
            loop.execute { [box] in
                guard let client = box.client else { preconditionFailure("no client") }
                body(client) { done.resume(returning: $0) }
            }
        }
    }

    func submit<Command: ControllerCommand>(_ command: Command) async -> Result<Command.Outcome, SubmitRefusal> {
        await onLoop { client, done in client.submit(command) { done($0) } }
    }

    /// Asks again while the outcome is not known, as one may for a topic.
    func create(_ name: String) async throws -> String {
        for _ in 0..<10 {
            switch await submit(CreateTopics([NewTopic(name: name, partitionCount: 2)])) {
            case .success(let outcome):
                switch outcome[0] {
                case .success(let created): return created.name
                case .failure(.exists): return name
                case .failure(let refusal): throw refusal
                }
            case .failure(.outcomeUnknown): continue
            case .failure(let refusal): throw refusal
            }
        }
        throw SubmitRefusal.outcomeUnknown
    }

    func nextOffset() async -> Offset { await onLoop { $1($0.nextOffset) } }
    func topics() async -> [String] { await onLoop { $1($0.image?.topicsByName().map(\.name) ?? []) } }
    func quorumInfo() async -> Result<Controller.QuorumInfoResponse, SubmitRefusal> {
        await onLoop { client, done in client.quorumInfo { done($0) } }
    }
    func transfer(to id: NodeID) async -> Result<Void, SubmitRefusal> {
        await change(.transferLeadership(.with { $0.nodeID = id }))
    }
    func add(_ voter: Controller.AddVoterRequest) async -> Result<Void, SubmitRefusal> {
        await change(.addVoter(voter))
    }
    func move(_ id: NodeID, toPort port: Int) async -> Result<Void, SubmitRefusal> {
        await change(
            .moveVoter(
                .with { $0.endpoint = Controller.ControllerEndpoint(id, host: "127.0.0.1", port: Int32(port)) }))
    }
    func remove(_ id: NodeID) async -> Result<Void, SubmitRefusal> {
        await change(.removeVoter(.with { $0.nodeID = id }))
    }
    private func change(_ request: LeaderRequest) async -> Result<Void, SubmitRefusal> {
        await onLoop { client, done in client.changeQuorum(request) { done($0) } }
    }

    func stop() async {
        let _: Bool = await onLoop { client, done in
            client.close()
            done(true)
        }
        await group.shutDown()
    }
}
