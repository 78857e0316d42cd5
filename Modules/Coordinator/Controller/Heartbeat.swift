// SPDX-License-Identifier: Apache-2.0

public import Primitives

/// What a broker is to do after a heartbeat.
public struct BrokerStanding: Hashable, Sendable, Codable {
    /// It has replayed its own registration.
    public var isCaughtUp: Bool
    /// It leads nothing and clients are not told of it.
    public var isFenced: Bool
    /// Others lead what it led and know it: it may go.
    public var shouldShutDown: Bool
    /// The controller knows nothing of its load: the next report is to begin anew. nil, from an earlier version: no.
    public var wantsLoads: Bool?

    public init(isCaughtUp: Bool, isFenced: Bool, shouldShutDown: Bool, wantsLoads: Bool? = nil) {
        self.wantsLoads = wantsLoads
        self.isCaughtUp = isCaughtUp
        self.isFenced = isFenced
        self.shouldShutDown = shouldShutDown
    }
}

public enum BrokerHeartbeatRefusal: Error, Hashable, Sendable, Codable {
    /// Nobody registered, or the broker was unregistered since.
    case unknownBroker(NodeID)
    /// Another process registered with this id since.
    case staleEpoch(current: BrokerEpoch)
}

/// A sign of life of a broker (KIP-631). Writes only when the broker's standing changes.
public struct BrokerHeartbeat: ControllerCommand {
    public static var name: String { "BrokerHeartbeat" }

    public var broker: NodeID
    public var epoch: BrokerEpoch
    /// Offset of the first metadata record that the broker has not replayed.
    public var metadataOffset: Offset
    /// The broker cannot serve now.
    public var wantsFence: Bool
    /// The broker is stopping and asks to be let go.
    public var wantsShutdown: Bool
    /// What has changed in the load of the partitions it leads; nil: nothing.
    public var loads: LoadReport?

    public init(
        broker: NodeID, epoch: BrokerEpoch, metadataOffset: Offset, wantsFence: Bool = false,
        wantsShutdown: Bool = false, loads: LoadReport? = nil
    ) {
        self.loads = loads
        self.broker = broker
        self.epoch = epoch
        self.metadataOffset = metadataOffset
        self.wantsFence = wantsFence
        self.wantsShutdown = wantsShutdown
    }

    public typealias Outcome = Result<BrokerStanding, BrokerHeartbeatRefusal>

    public func decide(on state: ControllerState, using entropy: inout Entropy) -> Decision<Outcome> {
        guard let known = state.image.broker(broker) else { return Decision(.failure(.unknownBroker(broker))) }
        guard known.epoch == epoch else { return Decision(.failure(.staleEpoch(current: known.epoch))) }
        guard state.image.allowsClusters else {
            return standing(on: state, isFenced: known.isFenced, shouldShutDown: wantsShutdown)
        }
        if wantsShutdown { return depart(known, state) }
        var draft = Draft(state)
        let mayServe = isCaughtUp && !wantsFence && !known.isInControlledShutdown
        if known.isFenced, mayServe {
            draft.add(.brokerFencingChanged(broker, epoch: epoch, isFenced: false))
            draft.revive(broker)
        } else if !known.isFenced, wantsFence {
            draft.add(.brokerFencingChanged(broker, epoch: epoch, isFenced: true))
            draft.relieve([broker], because: .clean)
        }
        let isFenced = draft.image.broker(broker)?.isFenced ?? true
        return standing(on: state, isFenced: isFenced, shouldShutDown: false, records: draft.records)
    }

    /// The offset of a registration is its epoch.
    private var isCaughtUp: Bool { metadataOffset.rawValue > epoch.rawValue }

    /// Leaderships go first; the broker goes when every other one has replayed that.
    private func depart(_ known: BrokerRecord, _ state: ControllerState) -> Decision<Outcome> {
        guard !known.isFenced else { return standing(on: state, isFenced: true, shouldShutDown: true) }
        var draft = Draft(state)
        if !known.isInControlledShutdown {
            draft.add(.brokerShutdownStarted(broker, epoch: epoch))
            draft.relieve([broker], because: .clean)
        }
        let departure =
            state.sessions.departureOffset(of: broker, epoch) ?? state.nextOffset + Int64(draft.records.count)
        let mayGo = state.sessions.haveReplayed(departure, on: state.image, besides: broker)
        if mayGo { draft.add(.brokerFencingChanged(broker, epoch: epoch, isFenced: true)) }
        return standing(
            on: state, isFenced: mayGo, shouldShutDown: mayGo, records: draft.records, departure: departure)
    }

    private func standing(
        on state: ControllerState, isFenced: Bool, shouldShutDown: Bool, records: [MetadataRecord] = [],
        departure: Offset? = nil
    ) -> Decision<Outcome> {
        let wantsLoads = !state.sessions.knowsLoads(of: broker, epoch) && loads?.beginsAnew != true
        return Decision(
            .success(
                BrokerStanding(
                    isCaughtUp: isCaughtUp, isFenced: isFenced, shouldShutDown: shouldShutDown,
                    wantsLoads: wantsLoads ? true : nil)),
            records: records,
            contact: BrokerContact(
                broker: broker, epoch: epoch, metadataOffset: metadataOffset, departureOffset: departure,
                loads: loads))
    }
}

/// Fences brokers that were not heard of for too long: others lead what they led.
///
/// Submitted by the controller itself when `BrokerSessions.expired` names some. One that was heard of since stays.
public struct FenceBrokers: ControllerCommand {
    public static var name: String { "FenceBrokers" }

    public var brokers: [NodeID]

    public init(_ brokers: [NodeID]) { self.brokers = brokers }

    /// Those that were fenced, in the order of the request.
    public typealias Outcome = [NodeID]

    public func decide(on state: ControllerState, using entropy: inout Entropy) -> Decision<Outcome> {
        guard state.image.allowsClusters else { return Decision([]) }
        var draft = Draft(state)
        var fenced: [NodeID] = []
        for id in brokers {
            guard let broker = draft.image.broker(id), !broker.isFenced else { continue }
            guard !state.sessions.isLive(id, broker.epoch, at: state.now) else { continue }
            draft.add(.brokerFencingChanged(id, epoch: broker.epoch, isFenced: true))
            fenced.append(id)
        }
        draft.relieve(fenced, because: .clean)
        return Decision(fenced, records: draft.records)
    }
}
