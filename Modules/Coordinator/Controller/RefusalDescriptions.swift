// SPDX-License-Identifier: Apache-2.0

// One line for people, without the name of the thing asked for: that stands beside it in every answer.

extension AssignmentProblem: CustomStringConvertible {
    public var description: String {
        switch self {
        case .partitionsNotConsecutive(let first, let count):
            "partitions must be \(first) to \(first + count - 1), each once"
        case .noBroker(let partition): "partition \(partition) has no broker"
        case .brokerTwice(let partition, let broker): "partition \(partition) names broker \(broker) twice"
        case .unknownBroker(let partition, let broker):
            "partition \(partition) names broker \(broker), which is unknown"
        case .unequalReplicationFactor(let partition, let expected, let found):
            "partition \(partition) has \(found) replicas, the others have \(expected)"
        case .noLiveBroker(let partition): "no broker of partition \(partition) is live"
        }
    }
}

extension CreateTopicRefusal: CustomStringConvertible {
    public var description: String {
        switch self {
        case .illegalName(let problem): problem.description
        case .exists(let id): "the topic exists with id \(id)"
        case .collides(let other): "the name differs from topic '\(other)' only in '.' and '_'"
        case .duplicate: "the request names the topic more than once"
        case .invalidPartitionCount(let count): "\(count) partitions: 1 or more, or -1 for the default"
        case .tooManyPartitions(let count, let limit):
            "\(count) partitions: a topic has at most \(limit) (myelin.topic.partitions.max)"
        case .clusterIsFull(let count, let limit):
            "the cluster would have \(count) partitions, it has at most \(limit) (myelin.cluster.partitions.max)"
        case .invalidReplicationFactor(let factor): "replication factor \(factor): 1 or more, or -1 for the default"
        case .tooFewBrokers(let factor, let count): "replication factor \(factor) with \(count) live brokers"
        case .assignmentWithCounts: "partition count and replication factor must be -1 where brokers are assigned"
        case .invalidAssignment(let problem): problem.description
        case .config(let error): error.description
        case .nullConfig(let name): "\(name) has no value"
        case .duplicateConfig(let name): "\(name) is given more than once"
        }
    }
}

extension DeleteTopicRefusal: CustomStringConvertible {
    public var description: String {
        switch self {
        case .unknown(.name(let name)): "there is no topic '\(name)'"
        case .unknown(.id(let id)): "there is no topic with id \(id)"
        case .duplicate: "the request names the topic more than once"
        }
    }
}

extension CreatePartitionsRefusal: CustomStringConvertible {
    public var description: String {
        switch self {
        case .unknownTopic(let name): "there is no topic '\(name)'"
        case .duplicate: "the request names the topic more than once"
        case .notMore(let current, let asked):
            "the topic has \(current) partitions, \(asked) are not more: partitions can only be added"
        case .tooManyPartitions(let count, let limit):
            "\(count) partitions: a topic has at most \(limit) (myelin.topic.partitions.max)"
        case .clusterIsFull(let count, let limit):
            "the cluster would have \(count) partitions, it has at most \(limit) (myelin.cluster.partitions.max)"
        case .tooFewBrokers(let factor, let count): "replication factor \(factor) with \(count) live brokers"
        case .assignmentCount(let expected, let found): "\(found) assignments for \(expected) new partitions"
        case .invalidAssignment(let problem): problem.description
        }
    }
}

extension AlterConfigRefusal: CustomStringConvertible {
    public var description: String {
        switch self {
        case .unsupportedResource(.brokerLogger): "levels of single loggers cannot be changed: use log.level"
        case .unsupportedResource(.group): "configuration of single groups is not supported"
        case .unsupportedResource(.unknown(let number)): "resource type \(number) is not supported"
        case .unsupportedResource(.topic), .unsupportedResource(.broker), .unsupportedResource(.clientMetrics):
            "the resource type is not supported"
        case .unknownTopic(let name): "there is no topic '\(name)'"
        case .illegalTopicName(let problem): problem.description
        case .invalidBrokerID(let name): "'\(name)' is no broker id"
        case .unknownBroker(let id): "there is no broker \(id)"
        case .setting(let error): error.description
        case .nullValue(let name): "\(name) has no value"
        case .duplicateResource: "the request names the resource more than once"
        case .duplicateConfig(let name): "\(name) is changed more than once"
        case .agreedByAll(let name):
            "\(name) is one value for all brokers: change it for all of them; it cannot be removed"
        case .missingName: "a subscription to client metrics needs a name"
        case .tooManySubscriptions(let countMax):
            "there are \(countMax) subscriptions to client metrics, which is the most"
        case .levelTooLow(let level, let needed):
            "the cluster has \(Features.metadata.name) level \(level), and this needs \(needed): run "
                + "'myelin cluster upgrade --finalize' when every node runs the new version"
        }
    }
}
