// SPDX-License-Identifier: Apache-2.0

public import Primitives

/// What a decision may look at.
public struct ControllerState: Sendable {
    /// With everything that was decided before, durable or not.
    public let image: MetadataImage
    /// The controller's own, with what changed while it ran.
    public let settings: BrokerSettings
    /// Offset that the first record of the decision gets.
    public let nextOffset: Offset

    /// - Parameter settings: As given at start; what is set dynamically in the image is put over them.
    public init(image: MetadataImage, settings: BrokerSettings, node: NodeID, nextOffset: Offset) {
        self.image = image
        self.settings = settings.overlaid(by: image, for: node)
        self.nextOffset = nextOffset
    }
}

/// What a command comes to: records to write, in order, and what to answer once they are durable.
public struct Decision<Outcome: Sendable>: Sendable {
    public var records: [MetadataRecord]
    public var outcome: Outcome

    public init(_ outcome: Outcome, records: [MetadataRecord] = []) {
        self.outcome = outcome
        self.records = records
    }
}

/// Something that somebody asks of the controller.
///
/// Deciding changes nothing: the records do, when they are replayed. Refusals are part of the outcome, one for each thing
/// that was asked for.
public protocol ControllerCommand<Outcome>: Sendable {
    associatedtype Outcome: Sendable

    func decide(on state: ControllerState, using entropy: inout Entropy) -> Decision<Outcome>
}
