// SPDX-License-Identifier: Apache-2.0

internal import Coordinator
internal import Primitives
internal import Transport
internal import WireProtocol

/// The way to the controllers over the framed RPC: a connection to each that was asked.
final class RPCControllerLink: ControllerLink {
    private struct Place: Hashable {
        let host: String
        let port: Int32
        /// Empty before a cluster is known; a connection made then accepts any, and serves no later call.
        let cluster: String
    }

    private let loop: ShardLoop
    private let node: NodeID
    private let role: NodeRole
    weak var client: ControllerClient?
    private var timer: ShardTimer?
    private var timerDeadline = Instant.distantFuture
    private var clients: [Place: RPCClient] = [:]
    private var followed: RPCRawStream?
    private var calls: [UInt64: RPCRawStream] = [:]

    init(node: NodeID, role: NodeRole, loop: ShardLoop) {
        (self.node, self.role, self.loop) = (node, role, loop)
    }

    var now: Instant { loop.now }
    func preconditionCurrent() { loop.preconditionCurrent() }

    func wake(at deadline: Instant) {
        guard deadline < timerDeadline || timer?.isPending != true else { return }
        timer?.cancel()
        timerDeadline = deadline
        timer = loop.schedule(at: deadline) { [weak self] in
            self?.timerDeadline = .distantFuture
            self?.client?.timePassed()
        }
    }

    func close() {
        timer?.cancel()
        for call in calls.values { call.cancel() }
        // A client that nobody holds closes its connection.
        (calls, clients) = ([:], [:])
    }

    private func rpc(to endpoint: Controller.ControllerEndpoint, in cluster: ClusterID?) -> RPCClient {
        let place = Place(host: endpoint.host, port: endpoint.port, cluster: cluster?.text ?? "")
        if let known = clients[place] { return known }
        let made = RPCClient(
            address: NetworkAddress(host: endpoint.host, port: Int(endpoint.port)),
            hello: .node(node, role: role, clusterID: place.cluster, wants: .controller),
            limits: .betweenControllers, connectMilliseconds: 2_000, loop: loop)
        clients[place] = made
        return made
    }

    // MARK: Following

    func follow(
        _ endpoint: Controller.ControllerEndpoint, from offset: Offset, in cluster: ClusterID?, stream: UInt64
    ) {
        unfollow()
        let request = Payload(Controller.FollowMetadataRequest.with { $0.fromOffset = offset })
        followed = rpc(to: endpoint, in: cluster).openRaw(Controller.followMetadata, request) { [weak self] event in
            self?.took(event, from: endpoint, stream: stream)
        }
    }

    private func took(
        _ event: RPCRawStream.Event, from endpoint: Controller.ControllerEndpoint, stream: UInt64
    ) {
        switch event {
        case .item(let payload, let cost):
            followed?.taken(cost)
            client?.received(payload, from: endpoint, stream: stream)
        case .ended(let result):
            if case .failure(let error) = result { client?.report("controller \(endpoint.place): \(error)") }
            client?.followEnded(stream: stream)
        }
    }

    func unfollow() {
        followed?.cancel()
        followed = nil
    }

    // MARK: Calls

    func send(
        _ request: LeaderRequest, to endpoint: Controller.ControllerEndpoint, in cluster: ClusterID?, call: UInt64,
        deadline: Instant
    ) {
        let rpc = rpc(to: endpoint, in: cluster)
        let milliseconds = max(1, deadline.milliseconds(since: loop.now))
        let answered: (Result<LeaderResponse, RPCError>) -> Void = { [weak self] result in
            self?.calls[call] = nil
            self?.client?.answered(result, call: call)
        }
        let voters: (Result<Controller.VoterResponse, RPCError>) -> Void = {
            answered($0.map(LeaderResponse.voters))
        }
        let stream =
            switch request {
            case .submit(let message):
                rpc.callRaw(Controller.submit, message, milliseconds) { answered($0.map(LeaderResponse.submit)) }
            case .quorumInfo:
                rpc.callRaw(Controller.quorumInfo, Controller.QuorumInfoRequest(), milliseconds) {
                    answered($0.map(LeaderResponse.quorumInfo))
                }
            case .addVoter(let message): rpc.callRaw(Controller.addVoter, message, milliseconds, voters)
            case .removeVoter(let message): rpc.callRaw(Controller.removeVoter, message, milliseconds, voters)
            case .transferLeadership(let message):
                rpc.callRaw(Controller.transferLeadership, message, milliseconds, voters)
            case .moveVoter(let message): rpc.callRaw(Controller.moveVoter, message, milliseconds, voters)
            }
        if stream.isOpen { calls[call] = stream }
    }

    func cancel(call: UInt64) { calls.removeValue(forKey: call)?.cancel() }
}
