// SPDX-License-Identifier: Apache-2.0

public import Primitives

/// What an application calls its transactions, across restarts (`transactional.id`); the empty one names nothing.
public struct TransactionalID: Name {
    public let rawValue: String
    public init(rawValue: String) { self.rawValue = rawValue }
}

/// One incarnation of a producer: requests of an older one are those of a zombie.
public struct ProducerIdentity: Hashable, Sendable, CustomStringConvertible {
    public var producerID: ProducerID
    public var producerEpoch: ProducerEpoch

    public init(_ producerID: ProducerID, _ producerEpoch: ProducerEpoch) {
        self.producerID = producerID
        self.producerEpoch = producerEpoch
    }

    public var description: String { "producer \(producerID) epoch \(producerEpoch)" }
}

/// Where a transaction stands; raw values are those of `__transaction_state`.
public enum TransactionState: Int8, Sendable, CaseIterable, CustomStringConvertible {
    /// A producer has begun, its transaction has not.
    case empty = 0
    case ongoing = 1
    /// Decided: it will be committed, whatever happens.
    case prepareCommit = 2
    /// Decided: it will be aborted, whatever happens.
    case prepareAbort = 3
    /// Every partition has its marker.
    case completeCommit = 4
    case completeAbort = 5

    /// As Kafka's tools spell it.
    public var description: String {
        switch self {
        case .empty: "Empty"
        case .ongoing: "Ongoing"
        case .prepareCommit: "PrepareCommit"
        case .prepareAbort: "PrepareAbort"
        case .completeCommit: "CompleteCommit"
        case .completeAbort: "CompleteAbort"
        }
    }
}

/// Names one `.writeMarkers`; later ones are greater.
public struct MarkerTicket: Number {
    public let rawValue: Int64
    @inlinable public init(rawValue: Int64) { self.rawValue = rawValue }
}

/// How a client takes part in transactions (`transaction.version`, KIP-890).
public struct TransactionVersion: Number {
    public let rawValue: Int16
    @inlinable public init(rawValue: Int16) { self.rawValue = rawValue }
    /// The client adds partitions itself, and keeps its epoch from transaction to transaction.
    public static let classic = TransactionVersion(0)
    /// Produce adds partitions, and every end of a transaction raises the epoch.
    public static let bumping = TransactionVersion(2)

    /// Whether ending a transaction raises the producer's epoch.
    public var bumpsEpoch: Bool { self >= .bumping }
}

/// The internal topic that holds the state of transactions, compacted.
public enum TransactionStateTopic {
    public static let name = "__transaction_state"

    /// The partition whose leader coordinates `id`: Java's `String.hashCode` without its sign, modulo `count`.
    ///
    /// - Parameter count: partitions of the topic, at least 1, fixed for the life of the cluster.
    public static func partition(of id: TransactionalID, count: Int32) -> PartitionIndex {
        precondition(count > 0, "\(count) partitions of \(name)")
        var hash: Int32 = 0
        for unit in id.rawValue.utf16 { hash = hash &* 31 &+ Int32(unit) }
        return PartitionIndex((hash & .max) % count)
    }
}
