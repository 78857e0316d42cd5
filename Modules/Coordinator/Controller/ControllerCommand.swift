// SPDX-License-Identifier: Apache-2.0

public import Primitives

/// What a decision may look at.
public struct ControllerState: Sendable {
    /// With everything that was decided before, durable or not.
    public private(set) var image: MetadataImage
    /// The controller's own, with what changed while it ran.
    public let settings: BrokerSettings
    /// Offset that the first record of the decision gets.
    public let nextOffset: Offset
    /// When brokers were heard of last.
    public let sessions: BrokerSessions
    /// The controller's monotonic clock, which sessions are measured by.
    public let now: Instant
    /// The controller's wall clock; `.none`: not known, so that no clock is compared with it.
    public let time: Timestamp
    /// nil: not known, so that a broker of any cluster is taken.
    public let cluster: ClusterID?

    /// - Parameter settings: As given at start; what is set dynamically in the image is put over them.
    public init(
        image: MetadataImage, settings: BrokerSettings, node: NodeID, nextOffset: Offset,
        sessions: BrokerSessions = BrokerSessions(), now: Instant = Instant(nanoseconds: 0),
        time: Timestamp = .none, cluster: ClusterID? = nil
    ) {
        self.image = image
        self.settings = settings.overlaid(by: image, for: node)
        self.nextOffset = nextOffset
        self.sessions = sessions
        self.now = now
        self.time = time
        self.cluster = cluster
    }

    /// The same with an image that has moved on; settings that changed with it are not read anew.
    func on(_ image: MetadataImage) -> ControllerState {
        var state = self
        state.image = image
        return state
    }
}

/// What a command comes to: records to write, in order, and what to answer once they are durable.
public struct Decision<Outcome: Sendable>: Sendable {
    public var records: [MetadataRecord]
    public var outcome: Outcome
    /// To be noted in the sessions when the decision is taken, without waiting for the records.
    public var contact: BrokerContact?

    public init(_ outcome: Outcome, records: [MetadataRecord] = [], contact: BrokerContact? = nil) {
        self.outcome = outcome
        self.records = records
        self.contact = contact
    }
}

/// Something that somebody asks of the controller.
///
/// Deciding changes nothing: the records do, when they are replayed. Refusals are part of the outcome, one for each
/// thing that was asked for. Commands and outcomes travel between nodes as JSON, so that a later version may add
/// optional fields.
public protocol ControllerCommand<Outcome>: Sendable, Codable {
    associatedtype Outcome: Sendable & Codable

    /// Names the command between nodes; never changed, never given to another one.
    static var name: String { get }

    func decide(on state: ControllerState, using entropy: inout Entropy) -> Decision<Outcome>
}
