// SPDX-License-Identifier: Apache-2.0

internal import ControllerNode
internal import Coordinator
internal import Primitives
import Synchronization
public import Transport
public import WireProtocol

extension BrokerNode {
    /// Answers every method of the admin catalogue (`Admin.methods`), and takes the records of other brokers' leaders, on
    /// `host` and `port` (0: any free one).
    ///
    /// Drain the server before the node is stopped: its calls need the shards.
    ///
    /// - Parameters:
    ///   - group: Its loops carry the connections; give the node's own.
    ///   - process: What `ClusterInfo` and `Metrics` tell of the process; give the same as to `metricsText`.
    ///   - onStopRequest: Begins the orderly stop of the process, as SIGTERM does, and returns at once; an operator asks for
    ///     it by `Admin.brokerStop`. nil: such requests are refused.
    public func startAdminServer(
        host: String, port: Int, on group: ShardLoopGroup, process: ProcessFacts = ProcessFacts(),
        limits: RPCLimits = RPCLimits(), connectionLimits: ConnectionLimits = ConnectionLimits(),
        onStopRequest: (@Sendable () -> Void)? = nil
    ) async throws(ListenerFault) -> RPCServer {
        let service = AdminService(
            shards: shards, identity: identity, process: process, observer: observer, onStopRequest: onStopRequest)
        let server = try await RPCServer.bind(
            host: host, port: port, group: group, hello: .node(nodeID, role: .broker, clusterID: clusterID),
            roles: [.broker, .controller], service: service.rpcService, limits: limits,
            connectionLimits: connectionLimits)
        service.endpoint.withLock { $0 = server.address }
        return server
    }
}

/// Answers the admin catalogue from the shards of one broker, and for what others store or coordinate by asking them.
///
/// A request with `localOnly` is one that another broker passed on: it is answered from this broker alone.
///
/// A handler runs on the global pool, asks the shards through their mailboxes and waits for the answer. The work itself is
/// that of the Kafka front end: both call the same operations of `BrokerShard`. Records travel by `Clients.session` only.
/// - SeeAlso: docs/decisions/0010-admin-service.md
final class AdminService: Sendable {
    let shards: ShardSet
    let identity: BrokerIdentity
    let process: ProcessFacts
    let observer: NodeObserver
    let peers: PeerBrokers
    let onStopRequest: (@Sendable () -> Void)?
    /// Where this service answers, known once it listens.
    let endpoint = Mutex<NetworkAddress?>(nil)

    init(
        shards: ShardSet, identity: BrokerIdentity, process: ProcessFacts, observer: NodeObserver,
        onStopRequest: (@Sendable () -> Void)? = nil
    ) {
        self.shards = shards
        self.identity = identity
        self.process = process
        self.observer = observer
        self.onStopRequest = onStopRequest
        peers = observer.peers
    }

    /// A handler for each method of the catalogue.
    var rpcService: RPCService {
        var service = RPCService()
        registerCluster(in: &service)
        registerTopics(in: &service)
        registerGroups(in: &service)
        registerTransactionAdministration(in: &service)
        registerConfigs(in: &service)
        registerQuotas(in: &service)
        registerElasticity(in: &service)
        registerPeers(in: &service)
        service.raw(Clients.session) { [shards] call in SessionCall(call, shards: shards).begin() }
        registerTransactions(in: &service)
        return service
    }

    private func registerCluster(in service: inout RPCService) {
        service.on(Admin.clusterInfo) { [self] _, _ in await clusterInfo() }
        service.on(Admin.health) { [self] request, _ in await health(request) }
        service.on(Admin.doctor) { [self] request, _ in try await doctor(request) }
        service.on(Admin.metrics) { [self] request, _ in await metrics(request) }
    }

    private func registerTopics(in service: inout RPCService) {
        service.on(Admin.topicList) { [self] request, _ in await topicList(request) }
        service.on(Admin.topicDescribe) { [self] request, _ in try await topicDescribe(request) }
        service.on(Admin.topicCreate) { [self] request, _ in try await topicCreate(request) }
        service.on(Admin.topicAlter) { [self] request, _ in try await topicAlter(request) }
        service.on(Admin.topicDelete) { [self] request, _ in try await topicDelete(request) }
        service.on(Admin.topicTrim) { [self] request, _ in try await topicTrim(request) }
        service.on(Admin.partitionList) { [self] request, _ in try await partitionList(request) }
    }

    private func registerGroups(in service: inout RPCService) {
        service.on(Admin.groupList) { [self] request, _ in try await groupList(request) }
        service.on(Admin.groupDescribe) { [self] request, _ in try await groupDescribe(request) }
        service.on(Admin.groupLag) { [self] request, _ in try await groupLag(request) }
        service.on(Admin.groupOffsetReset) { [self] request, _ in try await groupOffsetReset(request) }
        service.on(Admin.groupDelete) { [self] request, _ in try await groupDelete(request) }
    }

    private func registerTransactionAdministration(in service: inout RPCService) {
        service.on(Admin.transactionList) { [self] request, _ in try await transactionList(request) }
        service.on(Admin.transactionDescribe) { [self] request, _ in try await transactionDescribe(request) }
        service.on(Admin.transactionAbort) { [self] request, _ in try await transactionAbort(request) }
    }

    private func registerConfigs(in service: inout RPCService) {
        service.on(Admin.configList) { [self] request, _ in try configList(request) }
        service.on(Admin.configDescribe) { [self] request, _ in try await configDescribe(request) }
        service.on(Admin.configAlter) { [self] request, _ in try await configAlter(request) }
        service.on(Admin.configExplain) { [self] request, _ in try await configExplain(request) }
    }

    private func registerQuotas(in service: inout RPCService) {
        service.on(Admin.quotaList) { [self] request, _ in await quotaList(request) }
        service.on(Admin.quotaAlter) { [self] request, _ in try await quotaAlter(request) }
    }

    private func registerElasticity(in service: inout RPCService) {
        service.on(Admin.balance) { [self] request, _ in try await balance(request) }
        service.on(Admin.featureUpdate) { [self] request, _ in try await featureUpdate(request) }
        service.on(Admin.brokerDrain) { [self] request, _ in try await brokerDrain(request) }
        service.on(Admin.brokerStop) { [self] request, _ in try await brokerStop(request) }
        service.on(Admin.brokerUnregister) { [self] request, _ in try await brokerUnregister(request) }
        service.on(Admin.voterChange) { [self] request, _ in try await voterChange(request) }
        service.on(Admin.partitionMove) { [self] request, _ in try await partitionMove(request) }
        service.on(Admin.partitionMoveList) { [self] request, _ in await partitionMoveList(request) }
        service.on(Admin.leaderElect) { [self] request, _ in try await leaderElect(request) }
    }

    private func registerPeers(in service: inout RPCService) {
        service.on(Admin.brokerState) { [self] request, _ in await brokerState(request) }
        service.on(Admin.offsetLookup) { [self] request, _ in await offsetLookup(request) }
        service.raw(Replicas.push) { [shards] call in PushCall.begin(call, shards: shards) }
        service.raw(Replicas.fetchLog) { [shards] call in FetchLogCall.begin(call, shards: shards) }
    }
}

// MARK: Asking the shards

extension AdminService {
    /// Puts a question to one shard, by default the controller's, and waits for the answer.
    func ask<Answer: Sendable>(
        _ index: Int = BrokerShard.controllerShard,
        _ question: @escaping @Sendable (BrokerShard, @escaping (Answer) -> Void) -> Void
    ) async -> Answer {
        await withCheckedContinuation { done in
            shards.loops[index].execute { [shards] in
                question(shards[index]) { answer in done.resume(returning: answer) }
            }
        }
    }

    /// Hands a command to the controller; its records are durable and every shard works on them when this returns.
    func command<Command: ControllerCommand>(_ command: Command) async throws(RPCError) -> Command.Outcome {
        let result: Result<Command.Outcome, ControllerFailure> = await ask { $0.command(command, then: $1) }
        do throws(ControllerFailure) {
            return try result.get()
        } catch {
            throw RPCError(kafka: error.kafkaCode, error.description)
        }
    }
}
