// SPDX-License-Identifier: Apache-2.0

internal import ControllerNode
internal import Coordinator
internal import Primitives
internal import Transport
internal import WireProtocol

extension BrokerShard {
    /// How long the active controller may take to tell how the quorum stands.
    private static let quorumMilliseconds: Int64 = 3_000

    /// How the quorum stands. Any shard may ask.
    func quorumInfo(then continuation: @escaping (Result<Controller.QuorumInfoResponse, SubmitRefusal>) -> Void) {
        ask(
            Self.controllerShard,
            { shard, reply in
                if let client = shard.controllerPort as? ControllerClient {
                    return client.quorumInfo(withinMilliseconds: Self.quorumMilliseconds, reply: reply)
                }
                guard let own = shard.controller?.quorum.quorumInfo(), own.refusal == nil else {
                    return reply(.failure(.unavailable(nil)))
                }
                reply(.success(own))
            }, then: continuation)
    }

    /// Changes the voters. Any shard may ask.
    ///
    /// Refused where this node is its own cluster: its one controller cannot have peers before it runs as a process of its own.
    func changeQuorum(_ request: LeaderRequest, then continuation: @escaping (Result<Done, SubmitRefusal>) -> Void) {
        ask(
            Self.controllerShard,
            { shard, reply in
                guard let client = shard.controllerPort as? ControllerClient else {
                    let reason = "this node is its own cluster: its controller is part of it and stays alone"
                    return reply(.failure(.illegalVoterChange(reason)))
                }
                client.changeQuorum(request) { reply($0.map { _ in Done() }) }
            }, then: continuation)
    }
}

extension AdminService {
    func quorumInfo() async -> Result<Controller.QuorumInfoResponse, SubmitRefusal> {
        await ask { $0.quorumInfo(then: $1) }
    }

    /// Voters, then those who only follow; each ascending by id.
    func controllers(_ quorum: Controller.QuorumInfoResponse, at now: Timestamp) -> [Admin.ControllerInfo] {
        let end = (quorum.voters + quorum.observers).first { $0.endpoint.nodeID == quorum.leader }?.logEndOffset
        func info(_ replica: Controller.QuorumReplica, isVoter: Bool) -> Admin.ControllerInfo {
            .with {
                $0.nodeID = replica.endpoint.nodeID
                $0.endpoints = replica.endpoint.host.isEmpty ? rpcEndpoints : [Admin.Endpoint(replica.endpoint)]
                $0.isActive = replica.endpoint.nodeID == quorum.leader
                $0.isVoter = isVoter
                $0.term = quorum.term
                $0.logEndOffset = replica.logEndOffset
                $0.directoryID = replica.directory == .zero ? "" : "\(replica.directory)"
                guard !$0.isActive else { return }
                $0.lagRecordCount = end.map { max(0, $0.distance(from: replica.logEndOffset)) } ?? -1
                $0.lastContactMilliseconds =
                    replica.lastFetchTimestamp < Timestamp(0)
                    ? -1 : max(0, now.rawValue - replica.lastFetchTimestamp.rawValue)
            }
        }
        return quorum.voters.map { info($0, isVoter: true) } + quorum.observers.map { info($0, isVoter: false) }
    }

    func voterChange(_ request: Admin.VoterChangeRequest) async throws -> Admin.VoterChangeResponse {
        let quorum = try await knownQuorum()
        let change = try leaderRequest(request, quorum)
        let result: Result<Done, SubmitRefusal> = await ask { $0.changeQuorum(change, then: $1) }
        if case .failure(let refusal) = result { throw RPCError(refusal) }
        let now = await ask { $1($0.wallClock) }
        let after = try await knownQuorum()
        return .with { $0.controllers = controllers(after, at: now) }
    }

    private func knownQuorum() async throws(RPCError) -> Controller.QuorumInfoResponse {
        do throws(SubmitRefusal) { return try await quorumInfo().get() } catch { throw RPCError(error) }
    }

    private func leaderRequest(
        _ request: Admin.VoterChangeRequest, _ quorum: Controller.QuorumInfoResponse
    ) throws(RPCError) -> LeaderRequest {
        let known = quorum.voters + quorum.observers
        let directory = try directory(of: request, among: known)
        switch request.action {
        case .unspecified:
            throw RPCError(.invalidRequest, "it is not said whether to add, to remove or to move a voter")
        case .add:
            return .addVoter(
                .with {
                    $0.endpoint = Controller.ControllerEndpoint(request.nodeID, host: request.host, port: request.port)
                    $0.directory = directory
                    $0.validateOnly = request.validateOnly
                })
        case .remove:
            return .removeVoter(
                .with {
                    $0.nodeID = request.nodeID
                    $0.directory = directory
                    $0.validateOnly = request.validateOnly
                })
        case .move:
            return .moveVoter(
                .with {
                    $0.endpoint = Controller.ControllerEndpoint(request.nodeID, host: request.host, port: request.port)
                    $0.directory = directory
                    $0.validateOnly = request.validateOnly
                })
        }
    }

    private func directory(
        of request: Admin.VoterChangeRequest, among known: [Controller.QuorumReplica]
    ) throws(RPCError) -> TopicID {
        let mine = known.filter { $0.endpoint.nodeID == request.nodeID }.map(\.directory)
        if !request.directoryID.isEmpty {
            guard let named = mine.first(where: { "\($0)" == request.directoryID }) else {
                throw RPCError(
                    .notFound, "no controller \(request.nodeID) has the data folder \(request.directoryID)",
                    remedy: "'myelin cluster controllers' shows who is there.")
            }
            return named
        }
        guard let only = mine.first else {
            throw RPCError(
                .notFound, "no controller \(request.nodeID) follows the quorum",
                remedy: "Start it first; 'myelin cluster controllers' shows who is there.")
        }
        guard mine.count == 1 else {
            throw RPCError(
                .refused, "\(mine.count) controllers have the id \(request.nodeID)",
                remedy: "Say which with --directory; 'myelin cluster controllers' shows them.")
        }
        return only
    }
}

extension Admin.Endpoint {
    fileprivate init(_ endpoint: Controller.ControllerEndpoint) {
        self.init()
        (listenerName, host, port, securityProtocol) = ("RPC", endpoint.host, endpoint.port, "PLAINTEXT")
    }
}

extension RPCError {
    init(_ refusal: SubmitRefusal) {
        self.init(kafka: refusal.kafkaCode, refusal.description)
    }
}
