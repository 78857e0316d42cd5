// SPDX-License-Identifier: Apache-2.0

internal import Coordinator
internal import Primitives
internal import StorageEngine
internal import Transport
internal import WireProtocol

#if canImport(Glibc)
    import Glibc
#endif

#if canImport(Dispatch)
    import Dispatch
#endif

/// A controller on its loop: gives the quorum member a clock, a disk that wakes it, peers and followers.
///
/// Confined to `loop`; the calls that others answer hop there.
final class ControllerLoop: QuorumPort, @unchecked Sendable {
    // Proof of @unchecked: the `let`s that others read are Sendable; everything else is touched on `loop`, which the
    // entries check.
    let loop: ShardLoop
    let log: EventLog
    private let identity: DataFolderIdentity
    private let incarnation: IncarnationID
    private(set) var controller: QuorumController! = nil
    private var own: Controller.ControllerEndpoint
    private var peers: [NodeID: PeerLink] = [:]
    /// Where controllers answer that are in no quorum that this one knows.
    private var learned: [NodeID: Controller.ControllerEndpoint] = [:]
    private let bootstrap: [Controller.ControllerEndpoint]
    private let clockSkewMillisecondsMax: Int64
    private var bootstrapNext = 0
    private var senders: [NodeID: RaftSender] = [:]
    private var followers: [ObjectIdentifier: FollowerStream] = [:]
    private var timer: ShardTimer?
    private var timerDeadline = Instant.distantFuture
    private var isTurnScheduled = false
    private var isClosed = false
    private var hasReportedFailure = false
    private let worker = DispatchQueue(label: "myelin.controller.snapshots")

    /// Who sends us messages under an id.
    private struct RaftSender {
        var directory: TopicID
        var incarnation: TopicID
        var lastHeard: Instant
    }

    init(
        identity: DataFolderIdentity, own: Controller.ControllerEndpoint,
        bootstrap: [Controller.ControllerEndpoint], clockSkewMillisecondsMax: Int64, incarnation: IncarnationID,
        loop: ShardLoop, log: EventLog
    ) {
        self.identity = identity
        self.own = own
        self.bootstrap = bootstrap
        self.clockSkewMillisecondsMax = clockSkewMillisecondsMax
        self.incarnation = incarnation
        self.loop = loop
        self.log = log
    }

    var node: NodeID { identity.node }

    /// How long another controller may take to say who it is.
    private static let lookMilliseconds: Int64 = 1_000

    private var introduction: Controller.RaftRequest {
        .with {
            ($0.directory, $0.incarnation) = (TopicID(identity.directory), TopicID(incarnation))
            $0.endpoint = own
        }
    }

    private var hello: Hello {
        .node(identity.node, role: .controller, clusterID: identity.clusterID.text, wants: .controller)
    }

    /// The listener is there before the folder is opened, and for a while after it was closed.
    private var isServing: Bool { controller != nil && !isClosed }

    var time: ControllerTime { ControllerTime(now: loop.now, wallClock: loop.wallClock) }

    /// Opens the member's folder. Call it on the loop.
    func open(
        _ disk: any Disk, voters: VoterSet, settings: BrokerSettings, limits: RaftLimits, entropy: Entropy
    ) throws {
        loop.preconditionCurrent()
        let member = QuorumMember(
            id: identity.node, directory: identity.directory, host: own.host, port: UInt16(own.port),
            cluster: identity.clusterID)
        controller = try QuorumController(
            opening: disk, member: member, voters: voters, settings: settings, limits: limits, entropy: entropy,
            port: self, at: time)
        controller.observe { [unowned self] in pumpFollowers() }
        turn()
        lookForLeader()
    }

    // MARK: Rounds

    /// One turn for everything that happens before the loop gets to it.
    func scheduleTurn() {
        guard !isTurnScheduled else { return }
        isTurnScheduled = true
        loop.execute { [weak self] in
            self?.isTurnScheduled = false
            self?.turn()
        }
    }

    func turn() {
        loop.preconditionCurrent()
        guard isServing else { return }
        controller.turn(at: time)
        if let failure = controller.failure, !hasReportedFailure {
            hasReportedFailure = true
            log.critical("the controller is out of service until it is started again: \(failure)")
        }
        armTimer()
    }

    private func armTimer() {
        let deadline = controller.nextDeadline
        guard deadline != .distantFuture, deadline < timerDeadline || timer?.isPending != true else { return }
        timer?.cancel()
        timerDeadline = deadline
        timer = loop.schedule(at: deadline) { [weak self] in
            self?.timerDeadline = .distantFuture
            self?.turn()
        }
    }

    /// Ends everything but the listener. Call it on the loop.
    func close() {
        guard isServing else { return }
        isClosed = true
        timer?.cancel()
        for link in peers.values { link.close() }
        for follower in followers.values { follower.end() }
        (peers, followers) = ([:], [:])
        do { try controller.close(at: time) } catch { log.error("the metadata log did not close: \(error)") }
    }

    // MARK: Port

    func send(_ message: RaftMessage) {
        guard !isClosed, let link = link(to: message.to.id) else { return }
        link.send(message)
    }

    func offload(_ work: @escaping @Sendable () -> SharedBytes, _ done: @escaping (SharedBytes) -> Void) {
        // Proof: `done` is made, called and dropped on the loop; the queue only carries it.
        nonisolated(unsafe) let done = done
        worker.async { [self] in
            let bytes = work()
            loop.execute { [self] in
                guard !isClosed else { return }
                unsafe done(bytes)
                turn()
            }
        }
    }

    private func link(to peer: NodeID) -> PeerLink? {
        guard let endpoint = controller?.voters[peer].map(Controller.ControllerEndpoint.init) ?? learned[peer] else {
            return nil
        }
        if let link = peers[peer] {
            link.move(to: endpoint)
            return link
        }
        let link = PeerLink(
            to: peer, at: endpoint, introduction: introduction, hello: hello, loop: loop, log: log)
        peers[peer] = link
        return link
    }

    /// A controller that is in no quorum asks around for one, again and again: it may be added at any time.
    private func lookForLeader() {
        guard !isClosed else { return }
        loop.schedule(afterMilliseconds: 1_000) { [weak self] in self?.lookForLeader() }
        guard controller.leader == nil, !controller.isVoter, !bootstrap.isEmpty else { return }
        let endpoint = bootstrap[bootstrapNext % bootstrap.count]
        bootstrapNext += 1
        guard !endpoint.isSamePlace(as: own) else { return }
        let client = RPCClient(
            address: NetworkAddress(host: endpoint.host, port: Int(endpoint.port)),
            hello: hello, connectMilliseconds: Self.lookMilliseconds, loop: loop)
        _ = client.callRaw(Controller.quorumInfo, Controller.QuorumInfoRequest(), Self.lookMilliseconds) {
            [weak self] result in
            switch result {
            case .success(let info): self?.learn(info)
            case .failure(let error):
                self?.log.warning("controller \(endpoint.place): \(error)", limitedBy: "bootstrap")
            }
        }
    }

    private func learn(_ info: Controller.QuorumInfoResponse) {
        let found = info.voters.map(\.endpoint) + [info.refusal?.leader].compactMap { $0 }
        for endpoint in found where endpoint.nodeID != identity.node { learned[endpoint.nodeID] = endpoint }
        controller.contactsFound(found.map(\.nodeID).filter { $0 != identity.node }, at: time)
        turn()
    }

    /// Asks who answers where the quorum expects this controller. Call it on the loop.
    ///
    /// - Parameter done: Gets the refusal of another process that runs on the folder which this one's is a copy of; nil when
    ///   nobody answers, somebody else, or this process itself.
    func lookForOriginal(done: @escaping (RPCError?) -> Void) {
        guard let expected = controller.voters[identity.node].map(Controller.ControllerEndpoint.init),
            expected.isReachable
        else { return done(nil) }
        var introduction = introduction
        introduction.recipient = identity.node
        let client = RPCClient(
            address: NetworkAddress(host: expected.host, port: Int(expected.port)), hello: hello,
            limits: .betweenControllers, connectMilliseconds: Self.lookMilliseconds, loop: loop)
        let call = client.openRaw(
            Controller.raft, Payload(introduction), deadlineMilliseconds: Self.lookMilliseconds
        ) { event in
            guard case .ended(let result) = event else { return }
            // The client is kept as long as it is asked.
            withExtendedLifetime(client) {}
            if case .failure(let error) = result, error.code == .refused { done(error) } else { done(nil) }
        }
        call.finish()
    }

    // MARK: Messages

    /// Why a controller that opens a stream to this one is sent away; nil: it is taken.
    func refusal(of request: Controller.RaftRequest, from peer: Hello) -> RPCError? {
        guard peer.role == .controller else {
            return RPCError(.unauthorized, "only controllers take part in the quorum, and this is a \(peer.role)")
        }
        guard request.recipient == identity.node else {
            return RPCError(
                .wrongRole, "this is controller \(identity.node), not \(request.recipient)",
                remedy: "Check the addresses of the voters.")
        }
        guard request.incarnation != TopicID(incarnation) else {
            return RPCError(.alreadyExists, "controller \(identity.node) has called itself")
        }
        let remedy = "Stop one of them, and give it an empty folder of its own."
        guard request.directory != TopicID(identity.directory) else {
            return RPCError(
                .refused, "controller \(peer.nodeID) runs on a copy of the data folder of controller \(identity.node)",
                remedy: remedy)
        }
        if let known = senders[peer.nodeID], known.incarnation != request.incarnation,
            loop.now < known.lastHeard.advanced(byMilliseconds: 500)
        {
            return RPCError(
                .refused, "another process runs as controller \(peer.nodeID) already",
                remedy: remedy, isRetryable: true)
        }
        return clockRefusal(of: request, from: peer.nodeID)
    }

    /// Of two controllers whose clocks are far apart one would refuse the brokers that the other took. Both send each other
    /// away; the majority agrees about the time, so the one that is wrong stays out until its clock is set.
    private func clockRefusal(of request: Controller.RaftRequest, from peer: NodeID) -> RPCError? {
        guard request.wallClock != Timestamp(0),
            let skew = ClockSkew(of: request.wallClock, from: loop.wallClock, beyond: clockSkewMillisecondsMax)
        else { return nil }
        return RPCError(
            .refused,
            "the clock of controller \(peer) is \(skew) that of "
                + "controller \(identity.node), \(clockSkewMillisecondsMax / 1000) s are allowed (myelin.clock.skew.max.ms)",
            remedy: "Set the clock of the one that is wrong.", isRetryable: true)
    }

    func admit(_ request: Controller.RaftRequest, from peer: NodeID) {
        senders[peer] = RaftSender(
            directory: request.directory, incarnation: request.incarnation, lastHeard: loop.now)
        learned[peer] = request.endpoint
    }

    func receive(_ bytes: SharedBytes, _ incarnation: TopicID, from peer: NodeID) {
        guard isServing, senders[peer]?.incarnation == incarnation else { return }
        senders[peer]?.lastHeard = loop.now
        do throws(DecodeError) {
            controller.receive(try RaftMessage(decoding: bytes), from: peer, at: time)
            scheduleTurn()
        } catch {
            log.warning("controller \(peer) sent a message that does not read: \(error)", limitedBy: "raft-\(peer)")
        }
    }

    // MARK: Requests

    func serve(_ request: LeaderRequest, reply: @escaping (LeaderResponse) -> Void) {
        guard isServing else { return reply(request.refused(SubmitRefusal.unavailable(nil).message(leader: nil))) }
        controller.serve(request, reply: reply)
        scheduleTurn()
    }

    // MARK: Followers

    func follow(_ stream: FollowerStream) {
        guard isServing else { return stream.end() }
        followers[ObjectIdentifier(stream)] = stream
        stream.pump()
    }

    func unfollow(_ stream: FollowerStream) { followers[ObjectIdentifier(stream)] = nil }

    private func pumpFollowers() {
        guard isServing else { return }
        for follower in followers.values { follower.pump() }
    }

    /// Keeps those that follow from taking silence for absence.
    func tellStatusForever() {
        guard !isClosed else { return }
        pumpFollowers()
        loop.schedule(afterMilliseconds: MetadataFeed.statusMilliseconds / 2) { [weak self] in self?.tellStatusForever()
        }
    }
}

/// One follower of the metadata at its call. Confined to the loop of the controller.
final class FollowerStream: @unchecked Sendable {
    // Proof of @unchecked: handed to the loop of the controller when made, and touched there only.
    private let call: RPCCall
    private unowned let member: ControllerLoop
    private var feed: MetadataFeed
    private var isSending = false
    private var isOver = false

    init(_ call: RPCCall, from offset: Offset, at member: ControllerLoop) {
        self.call = call
        self.member = member
        feed = MetadataFeed(from: offset)
    }

    /// Sends what there is, one item at a time.
    func pump() {
        guard !isSending, !isOver, let item = feed.next(from: member.controller, at: member.loop.now) else { return }
        isSending = true
        // The completion may come from the loop of the connection, or before this returns.
        call.send(item) { [self] error in
            member.loop.execute { [self] in
                isSending = false
                isOver = isOver || error != nil
                pump()
            }
        }
    }

    func end() {
        isOver = true
        call.respond(Payload(Controller.FollowMetadataResponse()))
    }

    func abandoned() { isOver = true }
}
