// SPDX-License-Identifier: Apache-2.0

// One line for people, which says what to do where that is not plain.

extension RegisterBrokerRefusal: CustomStringConvertible {
    public var description: String {
        switch self {
        case .noListener: "the broker has no listener: set listeners"
        case .listenerTwice(let name): "two listeners are called \(name)"
        case .unsupportedFeature(let name, let level, .some(let supported)):
            "the cluster has \(name) level \(level), this version understands \(supported.levelMin) to "
                + "\(supported.levelMax): install the version that the other nodes run"
        case .unsupportedFeature(let name, let level, nil):
            "the cluster has \(name) level \(level), this version does not know the feature: install the version that "
                + "the other nodes run"
        case .wrongCluster(let found, let expected):
            "the data folder belongs to cluster \(found), this is cluster \(expected): check "
                + "controller.quorum.bootstrap.servers or use another folder"
        case .duplicateID(let id):
            "broker \(id) is running already: give this one another node.id, or stop the other and try again"
        case .copiedDirectory(let other):
            "the data folder is a copy of that of broker \(other): begin with an empty folder"
        case .clockSkew(let milliseconds, let limit):
            "the clock is \(ClockSkew(milliseconds: milliseconds)) the controller's, "
                + "\(limit / 1000) s are allowed (myelin.clock.skew.max.ms): set the clock"
        case .levelTooLow(let level, let needed):
            "the cluster has \(Features.metadata.name) level \(level), a second broker needs \(needed): run "
                + "'myelin cluster upgrade'"
        }
    }
}

extension BrokerHeartbeatRefusal: CustomStringConvertible {
    public var description: String {
        switch self {
        case .unknownBroker(let id): "broker \(id) is not registered"
        case .staleEpoch(let current): "another process has registered with this id since, with epoch \(current)"
        }
    }
}

extension UnregisterBrokerRefusal: CustomStringConvertible {
    public var description: String {
        switch self {
        case .unknownBroker(let id): "there is no broker \(id)"
        case .hasReplicas(let topic): "the broker has replicas, of topic '\(topic)' among others: drain it first"
        }
    }
}

extension DrainBrokerRefusal: CustomStringConvertible {
    public var description: String {
        switch self {
        case .unknownBroker(let id): "there is no broker \(id)"
        case .tooFewBrokers(let factor, let count):
            "a partition of the broker has \(factor) replicas, and only \(count) other brokers can take them"
        case .levelTooLow(let level, let needed):
            "the cluster has \(Features.metadata.name) level \(level), draining needs \(needed): run "
                + "'myelin cluster upgrade'"
        }
    }
}

extension UpdateFeatureRefusal: CustomStringConvertible {
    public var description: String {
        switch self {
        case .unknownFeature(let name): "there is no feature '\(name)'"
        case .unsupportedLevel(let level, let supported):
            "level \(level) is not known: \(supported.levelMin) to \(supported.levelMax) are"
        case .unsupportedByBroker(let id): "broker \(id) does not understand the level: upgrade it first"
        case .downgrade(let current): "the level is \(current), and the request does not allow to go down"
        case .factsInUse(let current):
            "the metadata holds what only level \(current) can say, such as a second broker, a reassignment, or a "
                + "partition without leader"
        case .unsafeDowngrade: "no feature can go down with a loss: ask for a safe downgrade"
        case .duplicate: "the request names the feature more than once"
        case .required: "the feature cannot be off"
        }
    }
}

extension AllocateProducerIDsRefusal: CustomStringConvertible {
    public var description: String {
        switch self {
        case .unknownBroker(let id): "there is no broker \(id)"
        case .staleEpoch(let current): "the broker has registered again since, with epoch \(current)"
        case .exhausted: "all producer ids are given out"
        }
    }
}

extension AlterPartitionsRefusal: CustomStringConvertible {
    public var description: String {
        switch self {
        case .unknownBroker(let id): "there is no broker \(id)"
        case .staleBrokerEpoch(let current): "the broker has registered again since, with epoch \(current)"
        }
    }
}

extension InSyncRefusal: CustomStringConvertible {
    public var description: String {
        switch self {
        case .unknownTopic: "there is no such topic"
        case .unknownPartition: "there is no such partition"
        case .notController: "the proposal is ahead of this controller: ask the active one"
        case .fencedLeaderEpoch(let current): "the leader epoch is \(current) by now"
        case .notLeader(let current): "the leader is broker \(current)"
        case .stalePartitionEpoch(let current): "the partition epoch is \(current) by now"
        case .invalidMembers: "the in-sync set must be replicas, each once, with the leader"
        case .ineligible(let id): "broker \(id) is fenced, leaves, or has registered again since"
        }
    }
}

extension ElectLeaderRefusal: CustomStringConvertible {
    public var description: String {
        switch self {
        case .unknownPartition: "there is no such partition"
        case .notNeeded: "the partition has the leader that was asked for"
        case .preferredNotAvailable(let id): "the preferred replica \(id) is not live or not in sync"
        case .noReplicaLives: "no replica is live"
        }
    }
}

extension ReportLossRefusal: CustomStringConvertible {
    public var description: String {
        switch self {
        case .unknownLoss: "no unclean election began this leader epoch"
        }
    }
}

extension ReassignmentRefusal: CustomStringConvertible {
    public var description: String {
        switch self {
        case .unknownPartition: "there is no such partition"
        case .duplicate: "the request names the partition more than once"
        case .invalidAssignment(let problem): problem.description
        case .replicationFactor(let current, let asked):
            "the partition has \(current) replicas, \(asked) are another number, which the request does not allow"
        case .notUnderWay: "no reassignment of the partition is under way"
        case .losesInSyncReplicas: "no replica that has all acknowledged records would stay"
        }
    }
}

extension AlterTopicRefusal: CustomStringConvertible {
    public var description: String {
        switch self {
        case .unknownTopic: "there is no such topic"
        case .duplicate: "the request names the topic more than once"
        case .configs(let refusal): refusal.description
        case .partitions(let refusal): refusal.description
        }
    }
}
