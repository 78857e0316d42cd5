// SPDX-License-Identifier: Apache-2.0

public import Coordinator
public import Primitives

/// How a broker belongs to its cluster: registers, sends signs of life, and takes its leave. Events in, effects out.
///
/// A registration is repeated until it is taken; a heartbeat that is not answered within two intervals is followed by
/// another one, so that an active controller that froze does not cost the session. After a registration that another
/// controller does not know, or that somebody else replaced, the broker registers again (KIP-631).
public struct BrokerLifecycle: Sendable {
    public enum Event: Sendable {
        case timePassed
        /// The broker works on the metadata before `nextOffset`, in which `record` is its registration.
        case imageChanged(nextOffset: Offset, record: BrokerRecord?)
        case registrationAnswered(Result<RegisterBroker.Outcome, SubmitRefusal>, attempt: UInt64)
        case heartbeatAnswered(Result<BrokerHeartbeat.Outcome, SubmitRefusal>, attempt: UInt64)
        /// The broker can, or cannot, serve now.
        case fencingWanted(Bool)
        /// The broker is stopping; it waits for leave until `deadline`.
        case departureWanted(deadline: Instant)
    }

    public enum Effect: Sendable {
        /// Submit the broker's `RegisterBroker`, with the clock of now.
        case register(attempt: UInt64)
        case heartbeat(BrokerHeartbeat, attempt: UInt64)
        case registered(BrokerEpoch)
        /// The registration was refused; it is tried again.
        case refused(RegisterBrokerRefusal)
        /// The broker may serve, or no longer.
        case fencingChanged(isFenced: Bool)
        /// The broker may stop: with leave, or because its deadline passed.
        case departed(isAllowed: Bool)
    }

    private enum Phase: Equatable, Sendable {
        case registering
        case member(BrokerEpoch)
        case gone
    }

    private let broker: NodeID
    private let heartbeatMilliseconds: Int64
    private var phase = Phase.registering
    /// Of the last registration or heartbeat; answers to earlier ones that ask for a registration are stale.
    private var attempt: UInt64 = 0
    /// When the next registration or heartbeat is due.
    private var sendAt: Instant
    private var nextOffset = Offset.zero
    private var wantsFence = false
    private var departureDeadline: Instant?
    public private(set) var isFenced = true

    /// - Parameter heartbeatMilliseconds: `broker.heartbeat.interval.ms`.
    public init(broker: NodeID, heartbeatMilliseconds: Int64, at now: Instant) {
        precondition(heartbeatMilliseconds > 0, "a heartbeat every \(heartbeatMilliseconds) ms")
        self.broker = broker
        self.heartbeatMilliseconds = heartbeatMilliseconds
        sendAt = now
    }

    /// Of the registration that was taken last; nil before and while another one is needed.
    public var epoch: BrokerEpoch? { if case .member(let epoch) = phase { epoch } else { nil } }

    /// When `.timePassed` is due.
    public var nextDeadline: Instant {
        guard phase != .gone else { return .distantFuture }
        return min(sendAt, departureDeadline ?? .distantFuture)
    }

    public mutating func step(_ event: Event, at now: Instant, into effects: inout [Effect]) {
        guard phase != .gone else { return }
        switch event {
        case .timePassed: break
        case .imageChanged(let offset, let record): follow(offset, record, at: now, &effects)
        case .registrationAnswered(let result, let attempt):
            registered(result, attempt, at: now, &effects)
        case .heartbeatAnswered(let result, let attempt): answered(result, attempt, at: now, &effects)
        case .fencingWanted(let wanted):
            guard wanted != wantsFence else { break }
            wantsFence = wanted
            sendAt = now
        case .departureWanted(let deadline):
            departureDeadline = deadline
            sendAt = now
        }
        advance(to: now, &effects)
    }

    // MARK: Time

    private mutating func advance(to now: Instant, _ effects: inout [Effect]) {
        guard phase != .gone else { return }
        if let deadline = departureDeadline, now >= deadline { return depart(isAllowed: false, &effects) }
        // A broker that never joined needs no leave.
        if departureDeadline != nil, phase == .registering { return depart(isAllowed: true, &effects) }
        guard now >= sendAt else { return }
        attempt += 1
        // Where no answer comes, this is when to ask again.
        sendAt = now.advanced(byMilliseconds: 2 * heartbeatMilliseconds)
        switch phase {
        case .registering: effects.append(.register(attempt: attempt))
        case .member(let epoch):
            let heartbeat = BrokerHeartbeat(
                broker: broker, epoch: epoch, metadataOffset: nextOffset, wantsFence: wantsFence,
                wantsShutdown: departureDeadline != nil)
            effects.append(.heartbeat(heartbeat, attempt: attempt))
        case .gone: break
        }
    }

    // MARK: Answers

    private mutating func registered(
        _ result: Result<RegisterBroker.Outcome, SubmitRefusal>, _ attempt: UInt64, at now: Instant,
        _ effects: inout [Effect]
    ) {
        guard phase == .registering else { return }
        switch result {
        case .success(.success(let epoch)):
            phase = .member(epoch)
            sendAt = now
            effects.append(.registered(epoch))
        case .success(.failure(let refusal)):
            guard attempt == self.attempt else { return }
            sendAt = now.advanced(byMilliseconds: heartbeatMilliseconds)
            effects.append(.refused(refusal))
        case .failure:
            if attempt == self.attempt { sendAt = now.advanced(byMilliseconds: heartbeatMilliseconds / 2) }
        }
    }

    private mutating func answered(
        _ result: Result<BrokerHeartbeat.Outcome, SubmitRefusal>, _ attempt: UInt64, at now: Instant,
        _ effects: inout [Effect]
    ) {
        guard case .member = phase else { return }
        switch result {
        case .success(.success(let standing)):
            setFenced(standing.isFenced, &effects)
            if standing.shouldShutDown, departureDeadline != nil { return depart(isAllowed: true, &effects) }
            if attempt == self.attempt { sendAt = now.advanced(byMilliseconds: pauseMilliseconds) }
        case .success(.failure):
            guard attempt == self.attempt else { return }
            phase = .registering
            sendAt = now
            setFenced(true, &effects)
        case .failure:
            if attempt == self.attempt { sendAt = now.advanced(byMilliseconds: pauseMilliseconds / 2) }
        }
    }

    /// Who leaves asks more often: others wait for it.
    private var pauseMilliseconds: Int64 {
        departureDeadline == nil ? heartbeatMilliseconds : max(1, heartbeatMilliseconds / 5)
    }

    private mutating func follow(
        _ offset: Offset, _ record: BrokerRecord?, at now: Instant, _ effects: inout [Effect]
    ) {
        let before = nextOffset
        nextOffset = offset
        guard case .member(let epoch) = phase else { return }
        if let record, record.epoch == epoch { setFenced(record.isFenced, &effects) }
        // The registration was replayed just now, which is what serving waits for.
        let registration = Offset(epoch.rawValue)
        if isFenced, before <= registration, offset > registration { sendAt = now }
    }

    private mutating func setFenced(_ fenced: Bool, _ effects: inout [Effect]) {
        guard fenced != isFenced else { return }
        isFenced = fenced
        effects.append(.fencingChanged(isFenced: fenced))
    }

    private mutating func depart(isAllowed: Bool, _ effects: inout [Effect]) {
        phase = .gone
        effects.append(.departed(isAllowed: isAllowed))
    }
}

extension RegisterBrokerRefusal {
    /// Whether time may heal it: the session of a process before this one has not ended yet.
    public var isTransient: Bool {
        if case .duplicateID = self { return true }
        return false
    }
}
