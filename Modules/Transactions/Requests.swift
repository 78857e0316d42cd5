// SPDX-License-Identifier: Apache-2.0

public import Primitives

/// What a coordinator is asked.
public enum TransactionRequest: Equatable, Sendable {
    case initialize(InitializeRequest)
    case addPartitions(AddPartitionsRequest)
    case verifyPartitions(VerifyPartitionsRequest)
    case end(EndRequest)
    /// An operator ends an ongoing transaction by fencing its producer.
    case abort(TransactionalID)
    case describe([TransactionalID])
    case list(TransactionFilter)
}

/// A producer begins, or recovers from an error (KIP-360).
public struct InitializeRequest: Equatable, Sendable {
    public var transactionalID: TransactionalID
    public var timeoutMilliseconds: Int32
    /// Who the producer takes itself for; nil for one that has just started.
    public var expected: ProducerIdentity?

    public init(_ id: TransactionalID, timeoutMilliseconds: Int32, expected: ProducerIdentity? = nil) {
        transactionalID = id
        self.timeoutMilliseconds = timeoutMilliseconds
        self.expected = expected
    }
}

/// Partitions become part of a transaction, which begins with the first.
public struct AddPartitionsRequest: Equatable, Sendable {
    public var transactionalID: TransactionalID
    public var producer: ProducerIdentity
    public var partitions: [TopicPartition]
    public var version: TransactionVersion

    public init(
        _ id: TransactionalID, _ producer: ProducerIdentity, _ partitions: [TopicPartition],
        version: TransactionVersion = .classic
    ) {
        transactionalID = id
        self.producer = producer
        self.partitions = partitions
        self.version = version
    }
}

/// A partition's leader wants to know whether a batch belongs to an ongoing transaction (KIP-890).
public struct VerifyPartitionsRequest: Equatable, Sendable {
    public var transactionalID: TransactionalID
    public var producer: ProducerIdentity
    public var partitions: [TopicPartition]

    public init(_ id: TransactionalID, _ producer: ProducerIdentity, _ partitions: [TopicPartition]) {
        transactionalID = id
        self.producer = producer
        self.partitions = partitions
    }
}

/// A producer decides.
public struct EndRequest: Equatable, Sendable {
    public var transactionalID: TransactionalID
    public var producer: ProducerIdentity
    public var isCommit: Bool
    public var version: TransactionVersion

    public init(
        _ id: TransactionalID, _ producer: ProducerIdentity, isCommit: Bool, version: TransactionVersion = .classic
    ) {
        transactionalID = id
        self.producer = producer
        self.isCommit = isCommit
        self.version = version
    }
}

/// Which transactions to name; empty filters let all pass.
public struct TransactionFilter: Equatable, Sendable {
    public var states: [TransactionState] = []
    public var producerIDs: [ProducerID] = []
    /// Only transactions that began longer ago.
    public var olderThanMilliseconds: Int64?

    public init() {}
}

/// The answer to one `TransactionRequest`, of the same name.
public enum TransactionReply: Equatable, Sendable {
    /// Who the producer is from now on.
    case initialize(Result<ProducerIdentity, TransactionRefusal>)
    /// All partitions or none.
    case addPartitions(TransactionRefusal?)
    /// One for each partition, in order; nil where it is part of the ongoing transaction.
    case verifyPartitions([TransactionRefusal?])
    /// Who the producer is in its next transaction.
    case end(Result<ProducerIdentity, TransactionRefusal>)
    case abort(TransactionRefusal?)
    /// One for each id, in order.
    case describe([Result<TransactionMetadata, TransactionRefusal>])
    /// Ascending by id.
    case list(Result<[ListedTransaction], TransactionRefusal>)
}

public struct ListedTransaction: Equatable, Sendable {
    public let transactionalID: TransactionalID
    public let metadata: TransactionMetadata
}

extension TransactionRequest {
    /// The same no for everything the request asks.
    public func refused(_ refusal: TransactionRefusal) -> TransactionReply {
        switch self {
        case .initialize: .initialize(.failure(refusal))
        case .addPartitions: .addPartitions(refusal)
        case .verifyPartitions(let request): .verifyPartitions(request.partitions.map { _ in refusal })
        case .end: .end(.failure(refusal))
        case .abort: .abort(refusal)
        case .describe(let ids): .describe(ids.map { _ in .failure(refusal) })
        case .list: .list(.failure(refusal))
        }
    }
}
