// SPDX-License-Identifier: Apache-2.0

internal import KafkaProtocol
internal import Primitives
internal import Synchronization
internal import Transport
internal import WireProtocol

/// A topic as the brokers last described it.
struct TopicView: Sendable {
    struct Partition: Sendable {
        /// `.none` while nobody leads.
        let leader: NodeID
        let leaderEpoch: LeaderEpoch
    }

    /// By index.
    let partitions: [Partition]
}

/// Keeps apart what must not wait for each other: a session answers in the order of the requests, so a long poll or a join
/// holds up whatever comes behind it. All sessions with one broker share a connection.
struct Lane: Hashable, Sendable {
    fileprivate let number: Int
    /// Metadata and other short questions.
    static let control = Lane(number: 0)
}

/// What a client knows of its cluster: sessions by address, brokers, topics.
actor Cluster {
    private static let openMilliseconds: Int64 = 10_000
    private static let requestMilliseconds: Int64 = 10_000
    /// Newest version that the client writes.
    private static let metadataVersion: Int16 = 9

    private struct SessionKey: Hashable {
        let address: NetworkAddress
        let lane: Lane
    }

    let clientID: String
    private let createsTopics: Bool
    private let bootstrap: [NetworkAddress]
    private let group: ShardLoopGroup
    private var clients: [NetworkAddress: RPCClient] = [:]
    private var sessions: [SessionKey: Task<Result<BrokerSession, ClientError>, Never>] = [:]
    private let laneCount = Atomic(1)
    private var brokers: [NodeID: NetworkAddress] = [:]
    private var topics: [String: TopicView] = [:]
    private var nextBootstrap = 0
    private var isClosed = false

    init(bootstrap: [NetworkAddress], clientID: String, createsTopics: Bool) {
        self.bootstrap = bootstrap
        self.clientID = clientID
        self.createsTopics = createsTopics
        group = ShardLoopGroup(count: 1)
    }

    nonisolated var wallClock: Timestamp { group.loops[0].wallClock }

    func close() async {
        isClosed = true
        await close(sessions.keys.map { $0 })
        for client in clients.values { await client.close() }
        clients = [:]
        await group.shutDown()
    }

    // MARK: Sessions

    /// A lane that nobody else uses.
    nonisolated func makeLane() -> Lane { Lane(number: laneCount.wrappingAdd(1, ordering: .relaxed).oldValue) }

    func close(_ lane: Lane) async { await close(sessions.keys.filter { $0.lane == lane }) }

    /// Waits until the brokers have taken all that was posted on a lane: answers come in the order of requests.
    func settle(_ lane: Lane, withinMilliseconds milliseconds: Int64) async {
        for (key, task) in sessions where key.lane == lane {
            if case .success(let session) = await task.value {
                // Nobody asks what became of requests without an answer.
                try? await session.open(withinMilliseconds: milliseconds)
            }
        }
    }

    private func close(_ keys: [SessionKey]) async {
        for task in keys.compactMap({ sessions.removeValue(forKey: $0) }) {
            if case .success(let session) = await task.value { await session.close() }
        }
    }

    /// A session that works, opened where there is none.
    func session(at address: NetworkAddress, _ lane: Lane) async throws(ClientError) -> BrokerSession {
        let key = SessionKey(address: address, lane: lane)
        if let known = sessions[key], case .success(let session) = await known.value, await session.isUsable {
            return session
        }
        guard !isClosed else { throw .closed }
        let client = clients[address] ?? RPCClient(address: address, loop: group.loops[0])
        clients[address] = client
        let opening = Task { [clientID, loop = group.loops[0]] () -> Result<BrokerSession, ClientError> in
            let session = BrokerSession(client, clientID: clientID, loop: loop)
            do throws(ClientError) {
                try await session.open(withinMilliseconds: Self.openMilliseconds)
                return .success(session)
            } catch {
                await session.close()
                return .failure(error)
            }
        }
        sessions[key] = opening
        return try await opening.value.get()
    }

    func session(with broker: NodeID, _ lane: Lane) async throws(ClientError) -> BrokerSession {
        guard let address = brokers[broker] else {
            throw ClientError(.rpc(.unavailable), "broker \(broker) is not known", isRetriable: true)
        }
        return try await session(at: address, lane)
    }

    /// A session with whichever broker can be reached: those of the bootstrap list and those that were learned take turns.
    func anySession(_ lane: Lane = .control) async throws(ClientError) -> BrokerSession {
        let known = bootstrap + brokers.keys.sorted().compactMap { brokers[$0] }.filter { !bootstrap.contains($0) }
        var last = ClientError(.invalidArgument, "the bootstrap list is empty")
        for step in known.indices {
            do throws(ClientError) {
                let session = try await session(at: known[(nextBootstrap + step) % known.count], lane)
                nextBootstrap = (nextBootstrap + step) % known.count
                return session
            } catch {
                last = error
            }
        }
        throw last
    }

    // MARK: Metadata

    /// The topic, asked for when it is not known yet.
    func topic(_ name: String) async throws(ClientError) -> TopicView {
        if let known = topics[name] { return known }
        try await refresh([name])
        guard let known = topics[name] else {
            throw ClientError(code: ErrorCode.unknownTopicOrPartition.rawValue, "topic \(name)")
        }
        return known
    }

    /// A session with the leader.
    func leader(of partition: TopicPartition, _ lane: Lane) async throws(ClientError) -> BrokerSession {
        try await session(with: someLeader(of: partition), lane)
    }

    /// The broker that leads.
    func someLeader(of partition: TopicPartition) async throws(ClientError) -> NodeID {
        let leader = try await leaderID(of: partition)
        guard leader != .none else {
            throw ClientError(code: ErrorCode.leaderNotAvailable.rawValue, "\(partition)")
        }
        return leader
    }

    /// The broker that leads, as last heard; `.none` while nobody does.
    func leaderID(of partition: TopicPartition) async throws(ClientError) -> NodeID {
        let partitions = try await topic(partition.topic).partitions
        let index = Int(partition.partition.rawValue)
        guard partitions.indices.contains(index) else {
            throw ClientError(.invalidArgument, "topic \(partition.topic) has \(partitions.count) partitions")
        }
        return partitions[index].leader
    }

    /// Forgets what is known of a topic, so that the next use asks.
    func forget(_ topic: String) { topics[topic] = nil }

    private func refresh(_ names: [String]) async throws(ClientError) {
        var request = MetadataRequest()
        request.allowAutoTopicCreation = createsTopics
        request.topics = names.map { name in
            var topic = MetadataRequest.MetadataRequestTopic()
            topic.name = name
            return topic
        }
        let response = try await anySession().call(
            request, newest: Self.metadataVersion, withinMilliseconds: Self.requestMilliseconds)
        for broker in response.brokers {
            brokers[NodeID(broker.nodeID)] = NetworkAddress(host: broker.host, port: Int(broker.port))
        }
        for topic in response.topics {
            guard let name = topic.name else { continue }
            // A partition without a leader is an error of its own, told when it is used.
            guard topic.errorCode == 0 else { throw ClientError(code: topic.errorCode, "topic \(name)") }
            let ordered = topic.partitions.sorted { $0.partitionIndex < $1.partitionIndex }
            topics[name] = TopicView(
                partitions: ordered.map {
                    TopicView.Partition(leader: NodeID($0.leaderID), leaderEpoch: LeaderEpoch($0.leaderEpoch))
                })
        }
    }

    // MARK: Coordinators

    /// What a coordinator is for.
    enum Coordinated: CustomStringConvertible {
        case group(String)
        case transactions(of: String)

        var description: String {
            switch self {
            case .group(let id): "group \(id)"
            case .transactions(let id): "transactional id \(id)"
            }
        }

        fileprivate var key: (type: Int8, id: String) {
            switch self {
            case .group(let id): (0, id)
            case .transactions(let id): (1, id)
            }
        }
    }

    /// A session with the coordinator.
    func coordinator(of subject: Coordinated, _ lane: Lane) async throws(ClientError) -> BrokerSession {
        var request = FindCoordinatorRequest()
        request.coordinatorKeys = [subject.key.id]
        request.keyType = subject.key.type
        let response = try await anySession().call(
            request, newest: 4, withinMilliseconds: Self.requestMilliseconds)
        guard let found = response.coordinators.first else {
            throw ClientError(.malformedAnswer, "no coordinator was named for \(subject)")
        }
        guard found.errorCode == 0 else { throw ClientError(code: found.errorCode, "\(subject)") }
        return try await session(at: NetworkAddress(host: found.host, port: Int(found.port)), lane)
    }
}
