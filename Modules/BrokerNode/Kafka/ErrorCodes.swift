// SPDX-License-Identifier: Apache-2.0

internal import ControllerNode
internal import Coordinator
internal import Groups
internal import KafkaProtocol
internal import Primitives
internal import RecordBatch
internal import StorageEngine

// The only place where refusals and faults become Kafka's error codes and the sentences that go with them.

/// A code can stand for a failure where there is nothing more to say.
extension ErrorCode: Error {}

extension ProduceFailure {
    var kafkaCode: ErrorCode {
        switch self {
        case .unknownPartition, .partitionGone: .unknownTopicOrPartition
        case .unknownTopicID: .unknownTopicID
        case .invalidAcks: .invalidRequiredAcks
        case .malformed: .corruptMessage
        case .invalid(let refusal): refusal.kafkaCode
        case .noTransactionalID: .transactionalIDAuthorizationFailed
        case .controlBatch: .invalidRecord
        case .coordinator(let code): code
        case .internalTopic: .topicAuthorizationFailed
        case .refused(let refusal): refusal.kafkaCode
        case .storage, .directory: .kafkaStorageError
        case .timedOut: .requestTimedOut
        case .notLeader, .shuttingDown: .notLeaderOrFollower
        case .notEnoughReplicas: .notEnoughReplicas
        }
    }

    /// For people; nil where the code says it all.
    var message: String? {
        switch self {
        case .invalid(let refusal): refusal.message
        case .noTransactionalID: "the batch is part of a transaction, and the request names no transactional id"
        case .controlBatch: "only brokers write control batches"
        case .internalTopic: "only the broker writes to this topic"
        case .notEnoughReplicas(let inSync, let min):
            "\(inSync) replicas are in sync, and min.insync.replicas asks for \(min): retry when more brokers are back"
        case .directory(.full): "the disk of the broker is full: retry when space has been freed"
        case .directory: "the data folder of the broker takes no writes"
        case .storage(let fault): "the log cannot be written: \(fault)"
        case .invalidAcks: "acks must be -1, 0 or 1"
        default: nil
        }
    }

    /// The record at fault, counted from 0 in its batch, where there is one (KIP-467).
    var recordIndex: Int? {
        switch self {
        case .invalid(.malformedRecord(_, let index, _)), .invalid(.missingKey(let index)),
            .invalid(.timestampOutOfRange(let index, _, _, _)):
            index
        default: nil
        }
    }
}

extension BatchRefusal {
    var kafkaCode: ErrorCode {
        switch self {
        case .malformed, .checksumMismatch, .undecompressible: .corruptMessage
        case .unsupportedMagic: .unsupportedForMessageFormat
        case .tooLarge: .messageTooLarge
        case .unknownCodec: .unsupportedCompressionType
        case .reservedAttributes, .timestampTypeSetByProducer, .recordCountMismatch, .inconsistentProducer,
            .malformedRecord, .trailingBytes, .missingKey:
            .invalidRecord
        case .timestampOutOfRange: .invalidTimestamp
        }
    }

    var message: String {
        switch self {
        case .tooLarge(let byteCount, let limit):
            "the batch has \(byteCount) bytes and the topic takes \(limit): raise max.message.bytes or send less"
        case .missingKey(let index): "record \(index) has no key, and the topic is compacted"
        case .timestampOutOfRange(let index, let time, let earliest, let latest):
            "record \(index) has time \(time), and the topic takes \(earliest) to \(latest)"
        default: "invalid batch: \(self)"
        }
    }
}

extension AppendRefusal {
    var kafkaCode: ErrorCode {
        switch self {
        case .failed, .closed: .kafkaStorageError
        case .outOfOrderSequence: .outOfOrderSequenceNumber
        case .invalidProducerEpoch: .invalidProducerEpoch
        case .transactionIsOpen: .invalidTxnState
        case .transactionCoordinatorFenced: .transactionCoordinatorFenced
        case .batchTooLarge: .recordListTooLarge
        case .staleLeaderEpoch: .notLeaderOrFollower
        }
    }
}

extension ReadFailure {
    var kafkaCode: ErrorCode {
        switch self {
        case .unknownPartition: .unknownTopicOrPartition
        case .unknownTopicID: .unknownTopicID
        case .notLeader: .notLeaderOrFollower
        case .offsetNotAvailable: .offsetNotAvailable
        case .fencedLeaderEpoch: .fencedLeaderEpoch
        case .unknownLeaderEpoch: .unknownLeaderEpoch
        case .log(let refusal): refusal.kafkaCode
        }
    }
}

extension ReadRefusal {
    var kafkaCode: ErrorCode {
        switch self {
        case .offsetOutOfRange: .offsetOutOfRange
        case .cold, .damaged, .disk, .closed: .kafkaStorageError
        }
    }
}

extension FetchSessions.Refusal {
    var kafkaCode: ErrorCode {
        switch self {
        case .unknownSession: .fetchSessionIDNotFound
        case .wrongEpoch: .invalidFetchSessionEpoch
        case .topicNamingChanged: .fetchSessionTopicIDError
        }
    }
}

extension GroupRefusal {
    var kafkaCode: ErrorCode {
        switch self {
        case .loadInProgress: .coordinatorLoadInProgress
        case .notCoordinator: .notCoordinator
        case .coordinatorNotAvailable, .tooManyGroups, .tooManyAppendsInFlight: .coordinatorNotAvailable
        case .invalidGroupID: .invalidGroupID
        case .groupNotFound: .groupIDNotFound
        case .groupIsNotEmpty: .nonEmptyGroup
        case .invalidSessionTimeout: .invalidSessionTimeout
        case .memberIDRequired: .memberIDRequired
        case .unknownMember: .unknownMemberID
        case .fencedInstance: .fencedInstanceID
        case .illegalGeneration: .illegalGeneration
        case .rebalanceInProgress: .rebalanceInProgress
        case .inconsistentProtocol: .inconsistentGroupProtocol
        case .groupIsFull, .tooManyPendingMembers: .groupMaxSizeReached
        case .tooManyProtocols, .groupMetadataTooLarge, .textTooLong: .invalidRequest
        case .offsetMetadataTooLarge: .offsetMetadataTooLarge
        case .groupSubscribedToTopic: .groupSubscribedToTopic
        case .recordsTooLarge: .unknownServerError
        }
    }
}

/// Why the controller carried nothing out.
typealias ControllerFailure = SubmitRefusal

extension SubmitRefusal {
    var kafkaCode: ErrorCode {
        switch self {
        case .diskFull, .unavailable: .kafkaStorageError
        case .busy: .throttlingQuotaExceeded
        case .tooLarge: .policyViolation
        case .notController: .notController
        case .outcomeUnknown: .requestTimedOut
        case .unknownCommand: .unsupportedVersion
        case .undecodable: .unknownServerError
        case .illegalVoterChange: .invalidRequest
        }
    }
}

extension CreateTopicRefusal {
    var kafkaCode: ErrorCode {
        switch self {
        case .illegalName, .collides: .invalidTopicException
        case .exists: .topicAlreadyExists
        case .duplicate, .assignmentWithCounts: .invalidRequest
        case .invalidPartitionCount: .invalidPartitions
        case .tooManyPartitions, .clusterIsFull: .policyViolation
        case .invalidReplicationFactor, .tooFewBrokers: .invalidReplicationFactor
        case .invalidAssignment: .invalidReplicaAssignment
        case .config, .nullConfig, .duplicateConfig: .invalidConfig
        }
    }

    var message: String {
        switch self {
        case .illegalName(let problem): problem.description
        case .exists(let id): "the topic exists, with id \(id)"
        case .collides(let other): "the name differs from '\(other)' by '.' and '_' only"
        case .duplicate: "the request names the topic more than once"
        case .invalidPartitionCount(let count): "\(count) partitions: give at least 1, or -1 for num.partitions"
        case .tooManyPartitions(let count, let limit):
            "\(count) partitions: a topic has at most \(limit) (myelin.topic.partitions.max)"
        case .clusterIsFull(let count, let limit):
            "the cluster would have \(count) partitions, the limit is \(limit) (myelin.cluster.partitions.max)"
        case .invalidReplicationFactor(let factor):
            "replication factor \(factor): give at least 1, or -1 for default.replication.factor"
        case .tooFewBrokers(let factor, let count):
            "replication factor \(factor) needs as many brokers, and \(count) live"
        case .assignmentWithCounts: "give either an assignment or counts of partitions and replicas"
        case .invalidAssignment(let problem): "the assignment is invalid: \(problem)"
        case .config(let error): error.description
        case .nullConfig(let name): "\(name) has no value"
        case .duplicateConfig(let name): "\(name) is given more than once"
        }
    }
}

extension DeleteTopicRefusal {
    var kafkaCode: ErrorCode {
        switch self {
        case .unknown(.name): .unknownTopicOrPartition
        case .unknown(.id): .unknownTopicID
        case .duplicate: .invalidRequest
        }
    }

    var message: String {
        switch self {
        case .unknown(.name(let name)): "there is no topic '\(name)'"
        case .unknown(.id(let id)): "there is no topic with id \(id)"
        case .duplicate: "the request names the topic more than once"
        }
    }
}

extension CreatePartitionsRefusal {
    var kafkaCode: ErrorCode {
        switch self {
        case .unknownTopic: .unknownTopicOrPartition
        case .duplicate: .invalidRequest
        case .notMore: .invalidPartitions
        case .tooManyPartitions, .clusterIsFull: .policyViolation
        case .tooFewBrokers: .invalidReplicationFactor
        case .assignmentCount, .invalidAssignment: .invalidReplicaAssignment
        }
    }

    var message: String {
        switch self {
        case .unknownTopic(let name): "there is no topic '\(name)'"
        case .duplicate: "the request names the topic more than once"
        case .notMore(let current, let asked):
            "the topic has \(current) partitions; \(asked) is not more, and partitions cannot be taken away"
        case .tooManyPartitions(let count, let limit):
            "\(count) partitions: a topic has at most \(limit) (myelin.topic.partitions.max)"
        case .clusterIsFull(let count, let limit):
            "the cluster would have \(count) partitions, the limit is \(limit) (myelin.cluster.partitions.max)"
        case .tooFewBrokers(let factor, let count):
            "replication factor \(factor) needs as many brokers, and \(count) live"
        case .assignmentCount(let expected, let found): "\(expected) new partitions, but \(found) assignments"
        case .invalidAssignment(let problem): "the assignment is invalid: \(problem)"
        }
    }
}

extension AlterConfigRefusal {
    var kafkaCode: ErrorCode {
        switch self {
        case .unsupportedResource, .duplicateResource, .invalidBrokerID, .unknownBroker: .invalidRequest
        case .unknownTopic: .unknownTopicOrPartition
        case .illegalTopicName: .invalidTopicException
        case .setting, .nullValue, .duplicateConfig, .agreedByAll: .invalidConfig
        case .missingName: .invalidRequest
        case .tooManySubscriptions: .policyViolation
        case .levelTooLow: .unsupportedVersion
        }
    }

    var message: String {
        switch self {
        case .agreedByAll(let name):
            "all brokers must agree on \(name): change it for all of them (broker \"\"), and do not remove it"
        case .unsupportedResource(let kind): "\(kind) has no settings here; topics and brokers have"
        case .unknownTopic(let name): "there is no topic '\(name)'"
        case .illegalTopicName(let problem): problem.description
        case .invalidBrokerID(let text): "'\(text)' is no broker id"
        case .unknownBroker(let id): "there is no broker \(id)"
        case .setting(let error): error.description
        case .nullValue(let name): "\(name) has no value"
        case .duplicateResource: "the request names the resource more than once"
        case .duplicateConfig(let name): "\(name) is given more than once"
        case .missingName, .tooManySubscriptions, .levelTooLow: description
        }
    }
}

extension DescribeConfigRefusal {
    var kafkaCode: ErrorCode {
        switch self {
        case .unsupportedResource, .invalidBrokerID, .otherBroker: .invalidRequest
        case .illegalTopicName: .invalidTopicException
        case .unknownTopic: .unknownTopicOrPartition
        }
    }

    var message: String {
        switch self {
        case .unsupportedResource(let kind): "\(kind) has no settings here; topics and brokers have"
        case .illegalTopicName(let problem): problem.description
        case .unknownTopic(let name): "there is no topic '\(name)'"
        case .invalidBrokerID(let text): "'\(text)' is no broker id"
        case .otherBroker(let id): "ask broker \(id) itself for its settings"
        }
    }
}

extension ConfigTarget.Kind {
    init(kafkaType: Int8) {
        switch kafkaType {
        case 2: self = .topic
        case 4: self = .broker
        case 8: self = .brokerLogger
        case 16: self = .clientMetrics
        case 32: self = .group
        default: self = .unknown(kafkaType)
        }
    }
}

extension SettingOrigin {
    /// Kafka's number for where a value comes from.
    var kafkaSource: Int8 {
        switch self {
        case .topic: 1
        case .dynamicBroker: 2
        case .dynamicDefault: 3
        case .flag, .environment, .file: 4
        case .builtIn: 5
        case .subscription: 7
        }
    }
}

extension SettingKind {
    /// Kafka's number for the type of a setting.
    var kafkaType: Int8 {
        switch self {
        case .boolean: 1
        case .string: 2
        case .int: 3
        case .long: 5
        case .double: 6
        case .list: 7
        case .password: 9
        }
    }
}
