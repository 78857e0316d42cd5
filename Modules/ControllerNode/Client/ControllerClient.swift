// SPDX-License-Identifier: Apache-2.0

public import Coordinator
public import Primitives
public import Transport
public import WireProtocol

/// A broker's way to the controllers over the network.
///
/// Confined to one loop: every method is called there, and so is everything that is given to it.
/// - SeeAlso: docs/decisions/0012-controller-quorum.md
public final class ControllerClient: ControllerPort {
    /// How long a command may take, waiting for an active controller included.
    ///
    /// Shorter than the time that clients wait for an answer, so that they get a sentence.
    public static let commandMillisecondsDefault: Int64 = 10_000

    private let loop: ShardLoop
    private let node: NodeID
    private let role: NodeRole
    private let report: (String) -> Void
    private var core: ControllerClientCore
    private var events: [ControllerClientCore.Event] = []
    private var isStepping = false
    private var isStarted = false
    private var timer: ShardTimer?
    private var timerDeadline = Instant.distantFuture
    private var clients: [Place: RPCClient] = [:]
    private var followed: RPCRawStream?
    private var calls: [UInt64: RPCRawStream] = [:]
    private var replies: [UInt64: (Result<LeaderResponse, SubmitRefusal>) -> Void] = [:]
    private var lastTicket: UInt64 = 0
    private var subscribers: [(MetadataPublication) -> Void] = []
    private var latest: MetadataPublication?
    private var onFirstImage: (() -> Void)?

    private struct Place: Hashable {
        let host: String
        let port: Int32
        /// Empty before a cluster is known; a connection made then accepts any, and serves no later call.
        let cluster: String
    }

    /// Connects to nothing yet. Call it on `loop`.
    ///
    /// - Parameters:
    ///   - bootstrap: `controller.quorum.bootstrap.servers`, at least one.
    ///   - clusterID: Checked by the controllers; nil: any will do, and `clusterID` tells which it is.
    ///   - entropy: For jitter.
    ///   - report: One sentence about what goes wrong and is tried again.
    public init(
        bootstrap: [NetworkAddress], node: NodeID, role: NodeRole = .broker, clusterID: ClusterID?, loop: ShardLoop,
        limits: ControllerClientLimits = ControllerClientLimits(), entropy: Entropy,
        report: @escaping (String) -> Void = { _ in }
    ) {
        self.loop = loop
        self.report = report
        (self.node, self.role) = (node, role)
        core = ControllerClientCore(
            bootstrap: bootstrap.map { Controller.ControllerEndpoint(.none, host: $0.host, port: Int32($0.port)) },
            cluster: clusterID, limits: limits, entropy: entropy, at: loop.now)
    }

    /// Begins to look for a controller and to follow it.
    ///
    /// - Parameter onFirstImage: Called once, after the first publication.
    public func start(onFirstImage: @escaping () -> Void = {}) {
        loop.preconditionCurrent()
        precondition(!isStarted, "started twice")
        isStarted = true
        self.onFirstImage = onFirstImage
        handle(.timePassed)
    }

    public func subscribe(_ body: @escaping (MetadataPublication) -> Void) {
        loop.preconditionCurrent()
        subscribers.append(body)
        guard let latest else { return }
        body(
            MetadataPublication(
                image: latest.image, delta: MetadataDelta(), nextOffset: latest.nextOffset, term: latest.term))
    }

    public func submit<Command: ControllerCommand>(
        _ command: Command, reply: @escaping (Result<Command.Outcome, SubmitRefusal>) -> Void
    ) {
        submit(command, validateOnly: false, withinMilliseconds: Self.commandMillisecondsDefault, reply: reply)
    }

    /// - Parameters:
    ///   - validateOnly: Answered as if, nothing is written.
    ///   - milliseconds: Afterwards the refusal is `.notController` when the command was never handed over, else
    ///     `.outcomeUnknown`.
    public func submit<Command: ControllerCommand>(
        _ command: Command, validateOnly: Bool, withinMilliseconds milliseconds: Int64,
        reply: @escaping (Result<Command.Outcome, SubmitRefusal>) -> Void
    ) {
        let request = Controller.SubmitRequest.with {
            $0.command = Command.name
            $0.arguments = CommandRegistry.encode(command)
            $0.validateOnly = validateOnly
        }
        ask(.submit(request), withinMilliseconds: milliseconds) { result in
            reply(
                result.flatMap { response in
                    guard case .submit(let response) = response else {
                        preconditionFailure("\(response) answers a command")
                    }
                    return Result { () throws(SubmitRefusal) in
                        try CommandRegistry.decode(Command.Outcome.self, from: response.outcome)
                    }
                })
        }
    }

    /// How the quorum stands, from the active controller.
    public func quorumInfo(
        withinMilliseconds milliseconds: Int64 = 10_000,
        reply: @escaping (Result<Controller.QuorumInfoResponse, SubmitRefusal>) -> Void
    ) {
        ask(.quorumInfo, withinMilliseconds: milliseconds) { result in
            reply(
                result.map { response in
                    guard case .quorumInfo(let info) = response else {
                        preconditionFailure("\(response) answers a question about the quorum")
                    }
                    return info
                })
        }
    }

    /// Changes the quorum: `.addVoter`, `.removeVoter`, `.moveVoter` or `.transferLeadership`. Answered when the change is committed.
    public func changeQuorum(
        _ request: LeaderRequest, withinMilliseconds milliseconds: Int64 = commandMillisecondsDefault,
        reply: @escaping (Result<Void, SubmitRefusal>) -> Void
    ) {
        ask(request, withinMilliseconds: milliseconds) { result in reply(result.map { _ in () }) }
    }

    /// The cluster of the controllers; known with the first image.
    public var clusterID: ClusterID? { core.cluster }

    /// Whether a controller is followed and has said something within the last one and a half seconds.
    public var isConnected: Bool { core.isConnected(at: loop.now) }
    /// When a controller last said something.
    public var lastContact: Instant? { core.lastContact }
    /// The active controller as far as known, with its endpoint.
    public var activeController: Controller.ControllerEndpoint? { core.leader }
    /// As followed; nil before the first.
    public var image: MetadataImage? { core.image }
    /// Offset of the first record that is not in the image.
    public var nextOffset: Offset { core.nextOffset }

    /// Refuses what waits and closes the connections. Nothing may be asked afterwards.
    public func close() {
        handle(.closed)
        timer?.cancel()
        for call in calls.values { call.cancel() }
        // A client that nobody holds closes its connection.
        (calls, clients) = ([:], [:])
    }

    // MARK: Core

    private func ask(
        _ request: LeaderRequest, withinMilliseconds milliseconds: Int64,
        _ reply: @escaping (Result<LeaderResponse, SubmitRefusal>) -> Void
    ) {
        lastTicket += 1
        replies[lastTicket] = reply
        handle(.requested(request, ticket: lastTicket, deadline: loop.now.advanced(byMilliseconds: milliseconds)))
    }

    /// What handlers do meanwhile waits its turn, so that effects happen in the order they were decided.
    private func handle(_ event: ControllerClientCore.Event) {
        loop.preconditionCurrent()
        events.append(event)
        guard !isStepping, isStarted else { return }
        isStepping = true
        var next = 0
        while next < events.count {
            var effects: [ControllerClientCore.Effect] = []
            core.step(events[next], at: loop.now, into: &effects)
            next += 1
            for effect in effects { perform(effect) }
        }
        events.removeAll(keepingCapacity: true)
        isStepping = false
        armTimer()
    }

    private func perform(_ effect: ControllerClientCore.Effect) {
        switch effect {
        case .follow(let endpoint, let offset, let stream): follow(endpoint, from: offset, stream: stream)
        case .unfollow: unfollow()
        case .call(let request, let endpoint, let call, let deadline):
            send(request, to: endpoint, call: call, deadline: deadline)
        case .cancel(let call): calls.removeValue(forKey: call)?.cancel()
        case .answer(let result, let ticket): replies.removeValue(forKey: ticket)?(result)
        case .publish(let publication): publish(publication)
        case .report(let sentence): report(sentence)
        }
    }

    private func publish(_ publication: MetadataPublication) {
        latest = publication
        for subscriber in subscribers { subscriber(publication) }
        onFirstImage?()
        onFirstImage = nil
    }

    private func armTimer() {
        let deadline = core.nextDeadline
        guard deadline != .distantFuture, deadline < timerDeadline || timer?.isPending != true else { return }
        timer?.cancel()
        timerDeadline = deadline
        timer = loop.schedule(at: deadline) { [weak self] in
            self?.timerDeadline = .distantFuture
            self?.handle(.timePassed)
        }
    }

    // MARK: Network

    private func client(for endpoint: Controller.ControllerEndpoint) -> RPCClient {
        let place = Place(host: endpoint.host, port: endpoint.port, cluster: core.cluster?.text ?? "")
        if let known = clients[place] { return known }
        let client = RPCClient(
            address: NetworkAddress(host: endpoint.host, port: Int(endpoint.port)),
            hello: .node(node, role: role, clusterID: place.cluster, wants: .controller),
            limits: .betweenControllers, connectMilliseconds: 2_000, loop: loop)
        clients[place] = client
        return client
    }

    private func follow(_ endpoint: Controller.ControllerEndpoint, from offset: Offset, stream: UInt64) {
        unfollow()
        let request = Payload(Controller.FollowMetadataRequest.with { $0.fromOffset = offset })
        followed = client(for: endpoint).openRaw(Controller.followMetadata, request) { [weak self] event in
            self?.took(event, from: endpoint, stream: stream)
        }
    }

    private func took(
        _ event: RPCRawStream.Event, from endpoint: Controller.ControllerEndpoint, stream: UInt64
    ) {
        switch event {
        case .item(let payload, let cost):
            followed?.taken(cost)
            do throws(DecodeError) {
                let item: Controller.MetadataItem = try payload.decoded()
                handle(.itemReceived(item, attachment: payload.attachment, stream: stream))
            } catch {
                report("controller \(endpoint.place) sent an item that does not decode: \(error)")
                unfollow()
                handle(.followEnded(stream: stream))
            }
        case .ended(let result):
            if case .failure(let error) = result { report("controller \(endpoint.place): \(error)") }
            handle(.followEnded(stream: stream))
        }
    }

    private func unfollow() {
        followed?.cancel()
        followed = nil
    }

    private func send(
        _ request: LeaderRequest, to endpoint: Controller.ControllerEndpoint, call: UInt64, deadline: Instant
    ) {
        let client = client(for: endpoint)
        let milliseconds = max(1, deadline.milliseconds(since: loop.now))
        let answered: (Result<LeaderResponse, RPCError>) -> Void = { [weak self] result in
            self?.calls[call] = nil
            self?.handle(.answered(result, call: call))
        }
        let stream =
            switch request {
            case .submit(let message):
                client.callRaw(Controller.submit, message, milliseconds) { answered($0.map(LeaderResponse.submit)) }
            case .quorumInfo:
                client.callRaw(Controller.quorumInfo, Controller.QuorumInfoRequest(), milliseconds) {
                    answered($0.map(LeaderResponse.quorumInfo))
                }
            case .addVoter(let message):
                client.callRaw(Controller.addVoter, message, milliseconds) { answered($0.map(LeaderResponse.voters)) }
            case .removeVoter(let message):
                client.callRaw(Controller.removeVoter, message, milliseconds) {
                    answered($0.map(LeaderResponse.voters))
                }
            case .transferLeadership(let message):
                client.callRaw(Controller.transferLeadership, message, milliseconds) {
                    answered($0.map(LeaderResponse.voters))
                }
            case .moveVoter(let message):
                client.callRaw(Controller.moveVoter, message, milliseconds) { answered($0.map(LeaderResponse.voters)) }
            }
        if stream.isOpen { calls[call] = stream }
    }
}

extension Controller.ControllerEndpoint {
    /// For people.
    var place: String { nodeID == .none ? "\(host):\(port)" : "\(nodeID) at \(host):\(port)" }
}
