// SPDX-License-Identifier: Apache-2.0

internal import Groups
internal import KafkaProtocol
internal import Primitives
internal import RecordBatch
internal import StorageEngine

/// Why records that a client, or the broker itself, wanted to append were not acknowledged.
enum ProduceFailure: Error, Sendable {
    case unknownPartition
    case unknownTopicID
    case invalidAcks
    /// Not exactly one batch, or bytes that are none.
    case malformed(DecodeError)
    case invalid(BatchRefusal)
    /// Part of a transaction, without the transactional id that would tell whose.
    case noTransactionalID
    /// Only brokers write control batches.
    case controlBatch
    /// What the transaction coordinator says of a batch that would begin a transaction here, in the words of the client's
    /// version; or that a coordinator is not ready.
    case coordinator(ErrorCode)
    /// Only the broker writes there.
    case internalTopic
    /// Another broker leads the partition, or nobody does.
    case notLeader
    /// The client asks for acknowledgement by all, and too few replicas are in sync. Nothing was written.
    case notEnoughReplicas(inSync: Int, min: Int)
    case refused(AppendRefusal)
    case storage(LogFault)
    /// The data folder takes no writes: it is full, or a synchronize failed.
    case directory(DirectoryHealth)
    /// The partition was deleted while the records waited.
    case partitionGone
    case timedOut
    case shuttingDown
}

extension ProduceFailure {
    /// What a coordinator makes of it.
    var appendFailure: AppendFailure {
        switch self {
        case .timedOut: .timedOut
        case .unknownPartition, .unknownTopicID, .partitionGone, .notLeader, .shuttingDown: .leadershipLost
        case .notEnoughReplicas: .notEnoughReplicas
        case .invalid, .malformed, .invalidAcks, .noTransactionalID, .controlBatch, .coordinator, .internalTopic:
            .recordsTooLarge
        case .refused, .storage, .directory: .storageFailed
        }
    }
}

/// Whether the data folder takes writes, as one shard knows it.
enum DirectoryHealth: Sendable, Equatable {
    case healthy
    /// Appends are refused until space is back; reads, deletions and administration go on.
    case full
    /// A synchronize failed: nothing is written until the process starts again.
    case failed
}

extension DirectoryHealth {
    init(_ health: LogDirectory.Health) {
        switch health {
        case .healthy: self = .healthy
        case .full: self = .full
        case .failed: self = .failed
        }
    }
}
