// SPDX-License-Identifier: Apache-2.0

public import Coordinator
public import Primitives
public import Transport

/// Drives a `BrokerLifecycle` with a loop and a way to the controllers.
///
/// Confined to the loop that the port belongs to. The port must outlive it.
public final class BrokerMembership {
    private let loop: ShardLoop
    private let port: any ControllerPort
    private let makeRegistration: () -> RegisterBroker
    private let onEffect: (BrokerLifecycle.Effect) -> Void
    private var lifecycle: BrokerLifecycle
    private var events: [BrokerLifecycle.Event] = []
    private var isStepping = false
    private var timer: ShardTimer?
    private var timerDeadline = Instant.distantFuture

    /// Begins to register at once, and follows the publications of `port`.
    ///
    /// - Parameters:
    ///   - makeRegistration: The broker's registration, made anew for each attempt because it carries the wall clock.
    ///   - onEffect: Told of `.registered`, `.refused`, `.fencingChanged` and `.departed`; what is to be submitted is.
    public init(
        broker: NodeID, heartbeatMilliseconds: Int64, port: any ControllerPort, loop: ShardLoop,
        makeRegistration: @escaping () -> RegisterBroker, onEffect: @escaping (BrokerLifecycle.Effect) -> Void
    ) {
        self.loop = loop
        self.port = port
        self.makeRegistration = makeRegistration
        self.onEffect = onEffect
        lifecycle = BrokerLifecycle(broker: broker, heartbeatMilliseconds: heartbeatMilliseconds, at: loop.now)
        port.subscribe { [weak self] publication in
            self?.handle(
                .imageChanged(nextOffset: publication.nextOffset, record: publication.image.broker(broker)))
        }
        handle(.timePassed)
    }

    public var isFenced: Bool { lifecycle.isFenced }
    public var epoch: BrokerEpoch? { lifecycle.epoch }

    /// Tells the controllers whether the broker can serve.
    public func setFencingWanted(_ wanted: Bool) { handle(.fencingWanted(wanted)) }

    /// Asks for leave to stop: others take over what the broker leads. `.departed` ends it.
    public func depart(withinMilliseconds milliseconds: Int64) {
        handle(.departureWanted(deadline: loop.now.advanced(byMilliseconds: milliseconds)))
    }

    /// What happens meanwhile waits its turn, so that effects happen in the order they were decided.
    private func handle(_ event: BrokerLifecycle.Event) {
        loop.preconditionCurrent()
        events.append(event)
        guard !isStepping else { return }
        isStepping = true
        var next = 0
        while next < events.count {
            var effects: [BrokerLifecycle.Effect] = []
            lifecycle.step(events[next], at: loop.now, into: &effects)
            next += 1
            for effect in effects { perform(effect) }
        }
        events.removeAll(keepingCapacity: true)
        isStepping = false
        armTimer()
    }

    private func perform(_ effect: BrokerLifecycle.Effect) {
        switch effect {
        case .register(let attempt):
            port.submit(makeRegistration()) { [weak self] in self?.handle(.registrationAnswered($0, attempt: attempt)) }
        case .heartbeat(let heartbeat, let attempt):
            port.submit(heartbeat) { [weak self] in self?.handle(.heartbeatAnswered($0, attempt: attempt)) }
        case .registered, .refused, .fencingChanged, .departed: onEffect(effect)
        }
    }

    private func armTimer() {
        let deadline = lifecycle.nextDeadline
        guard deadline != .distantFuture, deadline < timerDeadline || timer?.isPending != true else { return }
        timer?.cancel()
        timerDeadline = deadline
        timer = loop.schedule(at: deadline) { [weak self] in
            self?.timerDeadline = .distantFuture
            self?.handle(.timePassed)
        }
    }
}
