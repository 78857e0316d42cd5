// SPDX-License-Identifier: Apache-2.0

internal import Coordinator
internal import KafkaProtocol
internal import Primitives

// Codes and sentences of what changes the cluster itself: leaders, replicas, brokers, features.

extension ElectLeaderRefusal {
    var kafkaCode: ErrorCode {
        switch self {
        case .unknownPartition: .unknownTopicOrPartition
        case .notNeeded: .electionNotNeeded
        case .preferredNotAvailable: .preferredLeaderNotAvailable
        case .noReplicaLives: .eligibleLeadersNotAvailable
        }
    }

    var message: String {
        switch self {
        case .unknownPartition: "there is no such partition"
        case .notNeeded: "it has the leader that it should have"
        case .preferredNotAvailable(let broker): "broker \(broker), its preferred leader, is fenced or not in sync"
        case .noReplicaLives: "none of its replicas is on a live broker"
        }
    }
}

extension ReassignmentRefusal {
    var kafkaCode: ErrorCode {
        switch self {
        case .unknownPartition: .unknownTopicOrPartition
        case .duplicate: .invalidRequest
        case .invalidAssignment, .losesInSyncReplicas: .invalidReplicaAssignment
        case .replicationFactor: .invalidReplicationFactor
        case .notUnderWay: .noReassignmentInProgress
        }
    }

    var message: String {
        switch self {
        case .unknownPartition: "there is no such partition"
        case .duplicate: "the request names the partition more than once"
        case .invalidAssignment(let problem): problem.description
        case .replicationFactor(let current, let asked):
            "it has \(current) replicas, \(asked) are asked for, and the request does not allow another number"
        case .notUnderWay: "no move of it is under way"
        case .losesInSyncReplicas: "every replica that has all acknowledged records would leave"
        }
    }
}

extension DrainBrokerRefusal {
    var kafkaCode: ErrorCode {
        switch self {
        case .unknownBroker: .brokerIDNotRegistered
        case .tooFewBrokers: .invalidReplicationFactor
        case .levelTooLow: .invalidUpdateVersion
        }
    }

    var message: String {
        switch self {
        case .unknownBroker(let id): "broker \(id) is not registered"
        case .tooFewBrokers(let replicationFactor, let brokerCount):
            "it has partitions with \(replicationFactor) replicas, and the other brokers are \(brokerCount)"
        case .levelTooLow(let level, let needed):
            "the feature myelin.metadata is at level \(level), and draining needs level \(needed)"
        }
    }

    var remedy: String {
        switch self {
        case .unknownBroker: "'myelin cluster brokers' shows who is."
        case .tooFewBrokers: "Add a broker first, or give the topics fewer replicas with 'myelin partition move'."
        case .levelTooLow: "Raise it with 'myelin cluster upgrade --finalize'."
        }
    }
}

extension UnregisterBrokerRefusal {
    var kafkaCode: ErrorCode {
        switch self {
        case .unknownBroker: .brokerIDNotRegistered
        case .hasReplicas: .policyViolation
        }
    }

    var message: String {
        switch self {
        case .unknownBroker(let id): "broker \(id) is not registered"
        case .hasReplicas(let topic): "the broker still stores replicas, of topic '\(topic)' for one"
        }
    }

    var remedy: String {
        switch self {
        case .unknownBroker: "'myelin cluster brokers' shows who is."
        case .hasReplicas: "Drain it first: 'myelin cluster drain'."
        }
    }
}

extension UpdateFeatureRefusal {
    var kafkaCode: ErrorCode {
        switch self {
        case .unknownFeature, .duplicate, .required: .invalidRequest
        case .unsupportedLevel, .unsupportedByBroker, .downgrade, .factsInUse, .unsafeDowngrade: .invalidUpdateVersion
        }
    }

    var message: String {
        switch self {
        case .unknownFeature(let name): "there is no feature '\(name)'"
        case .unsupportedLevel(let level, let supported):
            "level \(level) is not among \(supported.levelMin) to \(supported.levelMax), which the controller supports"
        case .unsupportedByBroker(let id): "broker \(id) does not support the level: upgrade or unregister it first"
        case .downgrade(let current): "it is at level \(current), and the request does not allow to go down"
        case .factsInUse(let current):
            "it stays at level \(current): the metadata holds facts, such as a second broker, that the lower level lacks"
        case .unsafeDowngrade: "no feature can go down with a loss"
        case .duplicate: "the request names the feature more than once"
        case .required: "the feature cannot be turned off"
        }
    }
}
