// SPDX-License-Identifier: Apache-2.0

public import Primitives

/// Consecutive producer ids that belong to one broker.
public struct ProducerIDBlock: Hashable, Sendable, Codable {
    /// Ids in one block, as in Kafka: a broker asks once for a thousand producers, and a crash loses less than that.
    public static let idCount: Int64 = 1000

    public let first: ProducerID
    public let count: Int64
    /// The id after the last one.
    public var end: ProducerID { ProducerID(first.rawValue + count) }
}

public enum AllocateProducerIDsRefusal: Error, Hashable, Sendable, Codable {
    case unknownBroker(NodeID)
    /// The broker has registered again since.
    case staleEpoch(current: BrokerEpoch)
    /// All 2^63 ids are given out.
    case exhausted
}

/// Gives a broker the next block of producer ids (KIP-730).
public struct AllocateProducerIDs: ControllerCommand {
    public static var name: String { "AllocateProducerIDs" }

    public var broker: NodeID
    public var epoch: BrokerEpoch

    public init(broker: NodeID, epoch: BrokerEpoch) {
        self.broker = broker
        self.epoch = epoch
    }

    public typealias Outcome = Result<ProducerIDBlock, AllocateProducerIDsRefusal>

    public func decide(on state: ControllerState, using entropy: inout Entropy) -> Decision<Outcome> {
        guard let known = state.image.broker(broker) else { return Decision(.failure(.unknownBroker(broker))) }
        guard known.epoch == epoch else { return Decision(.failure(.staleEpoch(current: known.epoch))) }
        let first = state.image.producerIDs.next
        guard first.rawValue <= Int64.max - ProducerIDBlock.idCount else { return Decision(.failure(.exhausted)) }
        let block = ProducerIDBlock(first: first, count: ProducerIDBlock.idCount)
        return Decision(
            .success(block), records: [.producerIDsAllocated(ProducerIDsRecord(broker: broker, next: block.end))])
    }
}
