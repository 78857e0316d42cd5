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

    private let link: any ControllerLink
    let report: (String) -> Void
    private var core: ControllerClientCore
    private var events: [ControllerClientCore.Event] = []
    private var isStepping = false
    private var isStarted = false
    private var replies: [UInt64: (Result<LeaderResponse, SubmitRefusal>) -> Void] = [:]
    private var lastTicket: UInt64 = 0
    private var subscribers: [(MetadataPublication) -> Void] = []
    private var latest: MetadataPublication?
    private var onFirstImage: (() -> Void)?

    /// Connects to nothing yet. Call it on `loop`.
    ///
    /// - Parameters:
    ///   - bootstrap: `controller.quorum.bootstrap.servers`, at least one.
    ///   - clusterID: Checked by the controllers; nil: any will do, and `clusterID` tells which it is.
    ///   - entropy: For jitter.
    ///   - report: One sentence about what goes wrong and is tried again.
    public convenience init(
        bootstrap: [NetworkAddress], node: NodeID, role: NodeRole = .broker, clusterID: ClusterID?, loop: ShardLoop,
        limits: ControllerClientLimits = ControllerClientLimits(), entropy: Entropy,
        report: @escaping (String) -> Void = { _ in }
    ) {
        let link = RPCControllerLink(node: node, role: role, loop: loop)
        self.init(
            bootstrap: bootstrap.map { Controller.ControllerEndpoint(.none, host: $0.host, port: Int32($0.port)) },
            clusterID: clusterID, link: link, limits: limits, entropy: entropy, report: report)
        link.client = self
    }

    /// The same over any link, which has to tell this client what happens.
    package init(
        bootstrap: [Controller.ControllerEndpoint], clusterID: ClusterID?, link: any ControllerLink,
        limits: ControllerClientLimits = ControllerClientLimits(), entropy: Entropy,
        report: @escaping (String) -> Void
    ) {
        self.link = link
        self.report = report
        core = ControllerClientCore(
            bootstrap: bootstrap, cluster: clusterID, limits: limits, entropy: entropy, at: link.now)
    }

    /// Begins to look for a controller and to follow it.
    ///
    /// - Parameter onFirstImage: Called once, after the first publication.
    public func start(onFirstImage: @escaping () -> Void = {}) {
        link.preconditionCurrent()
        precondition(!isStarted, "started twice")
        isStarted = true
        self.onFirstImage = onFirstImage
        handle(.timePassed)
    }

    public func subscribe(_ body: @escaping (MetadataPublication) -> Void) {
        link.preconditionCurrent()
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
    public var isConnected: Bool { core.isConnected(at: link.now) }
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
        link.close()
    }

    // MARK: Core

    private func ask(
        _ request: LeaderRequest, withinMilliseconds milliseconds: Int64,
        _ reply: @escaping (Result<LeaderResponse, SubmitRefusal>) -> Void
    ) {
        lastTicket += 1
        replies[lastTicket] = reply
        handle(.requested(request, ticket: lastTicket, deadline: link.now.advanced(byMilliseconds: milliseconds)))
    }

    /// What handlers do meanwhile waits its turn, so that effects happen in the order they were decided.
    private func handle(_ event: ControllerClientCore.Event) {
        link.preconditionCurrent()
        events.append(event)
        guard !isStepping, isStarted else { return }
        isStepping = true
        var next = 0
        while next < events.count {
            var effects: [ControllerClientCore.Effect] = []
            core.step(events[next], at: link.now, into: &effects)
            next += 1
            for effect in effects { perform(effect) }
        }
        events.removeAll(keepingCapacity: true)
        isStepping = false
        armTimer()
    }

    private func perform(_ effect: ControllerClientCore.Effect) {
        switch effect {
        case .follow(let endpoint, let offset, let stream):
            link.follow(endpoint, from: offset, in: core.cluster, stream: stream)
        case .unfollow: link.unfollow()
        case .call(let request, let endpoint, let call, let deadline):
            link.send(request, to: endpoint, in: core.cluster, call: call, deadline: deadline)
        case .cancel(let call): link.cancel(call: call)
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
        if deadline != .distantFuture { link.wake(at: deadline) }
    }
}

// MARK: What the link tells

extension ControllerClient {
    package func timePassed() { handle(.timePassed) }

    /// An item of the stream that is followed.
    package func received(_ payload: Payload, from endpoint: Controller.ControllerEndpoint, stream: UInt64) {
        do throws(DecodeError) {
            let item: Controller.MetadataItem = try payload.decoded()
            handle(.itemReceived(item, attachment: payload.attachment, stream: stream))
        } catch {
            report("controller \(endpoint.place) sent an item that does not decode: \(error)")
            link.unfollow()
            handle(.followEnded(stream: stream))
        }
    }

    package func followEnded(stream: UInt64) { handle(.followEnded(stream: stream)) }

    package func answered(_ result: Result<LeaderResponse, RPCError>, call: UInt64) {
        handle(.answered(result, call: call))
    }
}

extension Controller.ControllerEndpoint {
    /// For people.
    var place: String { nodeID == .none ? "\(host):\(port)" : "\(nodeID) at \(host):\(port)" }
}
