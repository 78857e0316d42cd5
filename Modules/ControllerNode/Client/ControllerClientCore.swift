// SPDX-License-Identifier: Apache-2.0

public import Coordinator
public import Primitives
public import WireProtocol

/// Bounds and times of a broker's way to the controllers.
public struct ControllerClientLimits: Equatable, Sendable {
    /// More requests that wait or are under way are refused.
    public var requestCountMax = 10_000
    /// Requests under way at once, below the streams of one connection.
    public var inFlightCountMax = 200
    /// Silence after which a followed controller counts as gone: three of its status items.
    public var silenceMilliseconds: Int64 = 1_500
    /// First pause after a failure; doubles up to `pauseMillisecondsMax`.
    public var pauseMilliseconds: Int64 = 50
    public var pauseMillisecondsMax: Int64 = 1_000

    public init() {}
}

/// How a broker finds the active controller, hands requests to it, and follows the committed metadata: events in, effects
/// out.
///
/// It follows one controller at a time, the active one where it can. Controllers tell it who votes: it looks for them where
/// they are by now, and goes back to the bootstrap list when none of them answers. A request waits until somebody is known to be active;
/// it is sent again only when it certainly was not done, and otherwise ends as `.outcomeUnknown`. A command is answered when
/// the followed image holds what it led to.
public struct ControllerClientCore: Sendable {
    public enum Event: Sendable {
        case timePassed
        /// The stream that `.follow` opened brought an item.
        case itemReceived(Controller.MetadataItem, attachment: SharedBytes, stream: UInt64)
        case followEnded(stream: UInt64)
        case requested(LeaderRequest, ticket: UInt64, deadline: Instant)
        /// What came of a `.call`.
        case answered(Result<LeaderResponse, RPCError>, call: UInt64)
        case closed
    }

    public enum Effect: Sendable {
        /// Ends the stream before, and opens one under a new number.
        case follow(Controller.ControllerEndpoint, fromOffset: Offset, stream: UInt64)
        case unfollow
        case call(LeaderRequest, Controller.ControllerEndpoint, call: UInt64, deadline: Instant)
        /// Nobody waits for the answer any more.
        case cancel(call: UInt64)
        /// Ends a request.
        case answer(Result<LeaderResponse, SubmitRefusal>, ticket: UInt64)
        case publish(MetadataPublication)
        /// Bytes that a controller sent do not read; the stream was ended.
        case report(String)
    }

    private struct Waiting: Sendable {
        let request: LeaderRequest
        let ticket: UInt64
        let deadline: Instant
    }

    private struct Called: Sendable {
        let waiting: Waiting
        let callee: Controller.ControllerEndpoint
    }

    /// Done at the controller; the answer waits for the image.
    private struct Landed: Sendable {
        let response: LeaderResponse
        let waiting: Waiting
        let nextOffset: Offset
    }

    public let limits: ControllerClientLimits
    /// As followed; nil before the first.
    public private(set) var image: MetadataImage?
    public private(set) var nextOffset = Offset.zero
    /// As given, or that of the first controller that was met.
    public private(set) var cluster: ClusterID?
    /// The active controller as far as known.
    public private(set) var leader: Controller.ControllerEndpoint?
    /// When a controller last said something.
    public private(set) var lastContact: Instant?
    /// Highest term heard of; hints of older ones are stale.
    public private(set) var term = Term.zero

    private let bootstrap: [Controller.ControllerEndpoint]
    /// As the latest term told them; may be nobody.
    public private(set) var voters: [Controller.ControllerEndpoint] = []
    private var entropy: Entropy
    /// Whom to follow next when nobody is known to be active.
    private var candidateNext: Int
    private var followed: Controller.ControllerEndpoint?
    /// Of the stream that `.follow` opened last.
    public private(set) var streamNumber: UInt64 = 0
    private var heard = Instant(nanoseconds: 0)
    private var followAt: Instant?
    private var followPause: Int64
    /// Was named as active and did not answer: not followed again before the instant, lest a controller that others reach
    /// and this broker does not keeps it from following anybody.
    private var avoided: (endpoint: Controller.ControllerEndpoint, until: Instant)?
    private var snapshot: SnapshotAssembly?
    private var waiting: [Waiting] = []
    /// Not before this instant; set after an attempt that failed.
    private var callAt: Instant?
    private var callPause: Int64
    private var called: [UInt64: Called] = [:]
    private var lastCall: UInt64 = 0
    private var landed: [Landed] = []
    private var isClosed = false

    /// - Parameters:
    ///   - bootstrap: Controllers to ask first, at least one; node ids may be −1.
    ///   - cluster: nil: the first one that is met.
    ///   - entropy: For jitter and for who is asked first.
    public init(
        bootstrap: [Controller.ControllerEndpoint], cluster: ClusterID? = nil,
        limits: ControllerClientLimits = ControllerClientLimits(), entropy: Entropy, at now: Instant
    ) {
        precondition(!bootstrap.isEmpty, "no controller to ask")
        self.cluster = cluster
        self.bootstrap = bootstrap
        self.limits = limits
        self.entropy = entropy
        candidateNext = self.entropy.index(below: bootstrap.count)
        followPause = limits.pauseMilliseconds
        callPause = limits.pauseMilliseconds
        followAt = now
    }

    /// When `.timePassed` is due.
    public var nextDeadline: Instant {
        var deadline = followAt ?? heard.advanced(byMilliseconds: limits.silenceMilliseconds)
        if isClosed { return .distantFuture }
        if let callAt, leader != nil, !waiting.isEmpty { deadline = min(deadline, callAt) }
        for waiting in waiting { deadline = min(deadline, waiting.deadline) }
        for landed in landed { deadline = min(deadline, landed.waiting.deadline) }
        return deadline
    }

    /// Requests that wait, are under way, or wait for the image.
    public var requestCount: Int { waiting.count + called.count + landed.count }
    /// Whether a controller is followed and has said something lately.
    public func isConnected(at now: Instant) -> Bool {
        followed != nil && lastContact.map { now < $0.advanced(byMilliseconds: limits.silenceMilliseconds) } ?? false
    }

    public mutating func step(_ event: Event, at now: Instant, into effects: inout [Effect]) {
        guard !isClosed else { return refuseLate(event, &effects) }
        switch event {
        case .timePassed: break
        case .itemReceived(let item, let attachment, let stream):
            if stream == streamNumber, followed != nil { take(item, attachment, at: now, &effects) }
        case .followEnded(let stream):
            if stream == streamNumber, followed != nil { loseFollowed(at: now) }
        case .requested(let request, let ticket, let deadline):
            accept(Waiting(request: request, ticket: ticket, deadline: deadline), &effects)
        case .answered(let result, let call): takeAnswer(result, call, at: now, &effects)
        case .closed: return close(&effects)
        }
        advance(to: now, &effects)
    }

    // MARK: Time

    private mutating func advance(to now: Instant, _ effects: inout [Effect]) {
        if followAt == nil, now >= heard.advanced(byMilliseconds: limits.silenceMilliseconds) {
            effects.append(.unfollow)
            loseFollowed(at: now)
        }
        if let at = followAt, now >= at { follow(at: now, &effects) }
        expire(at: now, &effects)
        callWaiting(at: now, &effects)
    }

    private mutating func expire(at now: Instant, _ effects: inout [Effect]) {
        for late in waiting where now >= late.deadline {
            effects.append(.answer(.failure(.notController(leader: leader?.nodeID)), ticket: late.ticket))
        }
        waiting.removeAll { now >= $0.deadline }
        for late in landed where now >= late.waiting.deadline {
            effects.append(.answer(.failure(.outcomeUnknown), ticket: late.waiting.ticket))
        }
        landed.removeAll { now >= $0.waiting.deadline }
    }

    /// Half to one and a half of `milliseconds`, so that brokers that lost the same controller do not come back together.
    private mutating func jittered(_ milliseconds: Int64) -> Int64 {
        milliseconds / 2 + Int64(entropy.index(below: Int(milliseconds) + 1))
    }

    // MARK: Following

    private mutating func follow(at now: Instant, _ effects: inout [Effect]) {
        let target: Controller.ControllerEndpoint
        if let leader, !isAvoided(leader, at: now) {
            target = leader
        } else {
            let known = candidates
            target = known[candidateNext % known.count]
            candidateNext = (candidateNext + 1) % known.count
        }
        streamNumber += 1
        followed = target
        followAt = nil
        heard = now
        snapshot = nil
        effects.append(.follow(target, fromOffset: nextOffset, stream: streamNumber))
    }

    /// Everybody who may know the active controller: who votes, then what of the bootstrap list is not among them.
    private var candidates: [Controller.ControllerEndpoint] {
        voters + bootstrap.filter { seed in !voters.contains { $0.isSamePlace(as: seed) } }
    }

    private func isAvoided(_ endpoint: Controller.ControllerEndpoint, at now: Instant) -> Bool {
        avoided.map { now < $0.until && $0.endpoint.isSamePlace(as: endpoint) } ?? false
    }

    private mutating func loseFollowed(at now: Instant) {
        if let leader, let followed, leader.isSamePlace(as: followed) {
            self.leader = nil
            avoided = (leader, now.advanced(byMilliseconds: limits.silenceMilliseconds))
        }
        followed = nil
        snapshot = nil
        followAt = now.advanced(byMilliseconds: jittered(followPause))
        followPause = min(followPause * 2, limits.pauseMillisecondsMax)
    }

    private mutating func take(
        _ item: Controller.MetadataItem, _ attachment: SharedBytes, at now: Instant, _ effects: inout [Effect]
    ) {
        heard = now
        lastContact = now
        followPause = limits.pauseMilliseconds
        do throws(MetadataOpenError) {
            switch item.kind {
            case .unspecified: break
            case .status:
                guard isOwnCluster(item.clusterID) else {
                    effects.append(.report("controller \(followed?.place ?? "") belongs to cluster \(item.clusterID)"))
                    effects.append(.unfollow)
                    return loseFollowed(at: now)
                }
                if item.term >= term, !item.voters.isEmpty { voters = item.voters.filter(\.isReachable) }
                learn(item.leader, term: item.term, at: now, &effects)
            case .snapshotPiece: try take(piece: item, attachment, &effects)
            case .records: try take(records: attachment, item, &effects)
            }
        } catch {
            effects.append(.report("controller \(followed?.place ?? "") sent what does not read: \(error)"))
            effects.append(.unfollow)
            loseFollowed(at: now)
        }
        answerLanded(&effects)
    }

    /// The first cluster that is met is this broker's, unless it was told which.
    private mutating func isOwnCluster(_ text: String) -> Bool {
        guard let met = ClusterID(text) else { return true }
        cluster = cluster ?? met
        return cluster == met
    }

    private mutating func learn(
        _ hint: Controller.ControllerEndpoint?, term: Term, at now: Instant, _ effects: inout [Effect]
    ) {
        guard term >= self.term else { return }
        // A controller that knows no leader of the term says nothing against another one that does.
        guard hint != nil || term > self.term else { return }
        self.term = term
        if hint != leader {
            leader = hint
            callAt = nil
            callPause = limits.pauseMilliseconds
            abandonCalls(&effects)
        }
        guard let hint, let followed, !hint.isSamePlace(as: followed), !isAvoided(hint, at: now) else { return }
        follow(at: now, &effects)
    }

    private mutating func take(
        piece item: Controller.MetadataItem, _ bytes: SharedBytes, _ effects: inout [Effect]
    ) throws(MetadataOpenError) {
        var assembly = snapshot ?? SnapshotAssembly(byteCount: item.byteCount)
        snapshot = nil
        guard try assembly.add(bytes, at: item.position, of: item.byteCount) else { return snapshot = assembly }
        let loaded: QuorumSnapshot
        do throws(DecodeError) { loaded = try QuorumSnapshot(decoding: assembly.bytes) } catch {
            throw .undecodable(at: item.nextOffset, error)
        }
        guard loaded.metadata.nextOffset > nextOffset || image == nil else { return }
        let delta = MetadataDelta(from: image ?? MetadataImage(), to: loaded.metadata.image)
        image = loaded.metadata.image
        nextOffset = loaded.metadata.nextOffset
        publish(delta, term: loaded.metadata.term, &effects)
    }

    private mutating func take(
        records bytes: SharedBytes, _ item: Controller.MetadataItem, _ effects: inout [Effect]
    ) throws(MetadataOpenError) {
        var recorder = MetadataDeltaRecorder(from: image ?? MetadataImage())
        var end = nextOffset
        for entry in try LogEntries.entries(in: bytes, from: nextOffset) {
            for record in try LogEntries.records(of: entry) {
                do throws(ReplayError) { try recorder.replay(record) } catch {
                    throw .contradiction(at: entry.base, error)
                }
            }
            end = entry.end
        }
        guard end > nextOffset else { return }
        image = recorder.image
        nextOffset = end
        publish(recorder.delta(), term: item.term, &effects)
    }

    private func publish(_ delta: MetadataDelta, term: Term, _ effects: inout [Effect]) {
        guard let image else { preconditionFailure("a publication without an image") }
        effects.append(
            .publish(MetadataPublication(image: image, delta: delta, nextOffset: nextOffset, term: term)))
    }

    // MARK: Requests

    private mutating func accept(_ request: Waiting, _ effects: inout [Effect]) {
        guard requestCount < limits.requestCountMax else {
            return effects.append(
                .answer(.failure(.busy(commandCountMax: limits.requestCountMax)), ticket: request.ticket))
        }
        waiting.append(request)
    }

    private mutating func callWaiting(at now: Instant, _ effects: inout [Effect]) {
        guard let leader, callAt.map({ now >= $0 }) ?? true else { return }
        callAt = nil
        let count = min(waiting.count, limits.inFlightCountMax - called.count)
        guard count > 0 else { return }
        for request in waiting.prefix(count) {
            lastCall += 1
            called[lastCall] = Called(waiting: request, callee: leader)
            effects.append(.call(request.request, leader, call: lastCall, deadline: request.deadline))
        }
        waiting.removeFirst(count)
    }

    private mutating func takeAnswer(
        _ result: Result<LeaderResponse, RPCError>, _ call: UInt64, at now: Instant, _ effects: inout [Effect]
    ) {
        guard let called = called.removeValue(forKey: call) else { return }
        switch result {
        case .success(let response):
            lastContact = now
            guard let refusal = response.refusal else { return land(response, called.waiting, &effects) }
            guard refusal.isOfThisControllerOnly else {
                return effects.append(.answer(.failure(SubmitRefusal(refusal)), ticket: called.waiting.ticket))
            }
            forget(called.callee)
            if let hint = refusal.leader { leader = hint }
            tryAgain(called.waiting, at: now)
        case .failure(let error):
            guard error.isCertainlyUndone else {
                return effects.append(.answer(.failure(.outcomeUnknown), ticket: called.waiting.ticket))
            }
            forget(called.callee)
            tryAgain(called.waiting, at: now)
        }
    }

    /// What was under way to a controller that is not active any more need not wait for it to say so: it may be frozen.
    private mutating func abandonCalls(_ effects: inout [Effect]) {
        guard let leader else { return }
        let stale = called.filter { !$0.value.callee.isSamePlace(as: leader) }.sorted { $0.key < $1.key }
        for (call, called) in stale {
            self.called[call] = nil
            effects.append(.cancel(call: call))
            effects.append(.answer(.failure(.outcomeUnknown), ticket: called.waiting.ticket))
        }
    }

    private mutating func land(_ response: LeaderResponse, _ request: Waiting, _ effects: inout [Effect]) {
        callPause = limits.pauseMilliseconds
        landed.append(Landed(response: response, waiting: request, nextOffset: response.nextOffset))
        answerLanded(&effects)
    }

    private mutating func answerLanded(_ effects: inout [Effect]) {
        for done in landed where done.nextOffset <= nextOffset {
            effects.append(.answer(.success(done.response), ticket: done.waiting.ticket))
        }
        landed.removeAll { $0.nextOffset <= nextOffset }
    }

    private mutating func forget(_ callee: Controller.ControllerEndpoint) {
        if let leader, leader.isSamePlace(as: callee) { self.leader = nil }
    }

    private mutating func tryAgain(_ request: Waiting, at now: Instant) {
        waiting.append(request)
        guard callAt == nil else { return }
        callAt = now.advanced(byMilliseconds: jittered(callPause))
        callPause = min(callPause * 2, limits.pauseMillisecondsMax)
    }

    // MARK: End

    private mutating func close(_ effects: inout [Effect]) {
        isClosed = true
        effects.append(.unfollow)
        for request in waiting { effects.append(.answer(.failure(.unavailable(nil)), ticket: request.ticket)) }
        let unknown = called.sorted { $0.key < $1.key }.map(\.value.waiting.ticket) + landed.map(\.waiting.ticket)
        for ticket in unknown { effects.append(.answer(.failure(.outcomeUnknown), ticket: ticket)) }
        (waiting, called, landed) = ([], [:], [])
    }

    private func refuseLate(_ event: Event, _ effects: inout [Effect]) {
        guard case .requested(_, let ticket, _) = event else { return }
        effects.append(.answer(.failure(.unavailable(nil)), ticket: ticket))
    }
}
