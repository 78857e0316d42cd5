// SPDX-License-Identifier: Apache-2.0

public import Primitives

/// What a partition costs the brokers that have it.
public struct PartitionLoad: Hashable, Sendable, Codable {
    public var partition: PartitionID
    /// On the disk of each replica.
    public var bytes: Int64
    /// That producers send to the leader, and the leader to each follower.
    public var bytesInPerSecond: Int64
    /// That consumers fetch from the leader.
    public var bytesOutPerSecond: Int64

    public init(partition: PartitionID, bytes: Int64, bytesInPerSecond: Int64 = 0, bytesOutPerSecond: Int64 = 0) {
        self.partition = partition
        self.bytes = bytes
        self.bytesInPerSecond = bytesInPerSecond
        self.bytesOutPerSecond = bytesOutPerSecond
    }
}

/// What a broker tells of the partitions it leads: those whose load is another than it told before.
public struct LoadReport: Hashable, Sendable, Codable {
    /// Most partitions in one report; the rest comes with the next heartbeats.
    public static let loadCountMax = 1_000

    /// What was told before holds no longer: the broker begins anew.
    public var beginsAnew: Bool
    public var loads: [PartitionLoad]

    public init(beginsAnew: Bool = false, loads: [PartitionLoad]) {
        self.beginsAnew = beginsAnew
        self.loads = loads
    }
}

/// What is to be even among brokers, the first one first.
public enum BalanceGoal: String, Sendable, Codable, CaseIterable {
    case replicaCount, leaderCount, diskBytes, bytesIn, bytesOut
}

/// Why a partition moves.
public enum BalanceReason: Hashable, Sendable, Codable {
    /// The broker is draining.
    case drains(NodeID)
    /// Two replicas share a rack, and another rack has room.
    case spreadsRacks
    /// `over` has `load`, the brokers have `mean` on average, and `onto` has less.
    case evens(BalanceGoal, over: NodeID, onto: NodeID, load: Int64, mean: Int64)
}

/// One partition that is to have its replicas elsewhere, or in another order.
public struct BalanceMove: Hashable, Sendable, Codable {
    public let partition: PartitionReference
    public let from: [NodeID]
    public let to: [NodeID]
    /// To be copied.
    public let bytes: Int64
    public let reason: BalanceReason

    /// The replicas stay where they are: only who is preferred to lead changes.
    public var isLeadershipOnly: Bool { Set(from) == Set(to) }
}

/// How uneven the brokers are in one respect.
public struct BalanceSkew: Hashable, Sendable, Codable {
    public let goal: BalanceGoal
    /// Of the broker with the most.
    public let most: Int64
    /// Of the broker with the least.
    public let least: Int64
    /// Rounded down.
    public let mean: Int64
}

/// Moves that make a cluster more even, and what they come to.
public struct BalancePlan: Hashable, Sendable, Codable {
    /// In the order they were found: draining, racks, then the goals.
    public let moves: [BalanceMove]
    /// In the order of the goals.
    public let before: [BalanceSkew]
    public let after: [BalanceSkew]

    /// To be copied by all moves together.
    public var bytes: Int64 { moves.reduce(0) { $0 + $1.bytes } }
}

extension BalanceReason: CustomStringConvertible {
    public var description: String {
        switch self {
        case .drains(let broker): "broker \(broker) is draining"
        case .spreadsRacks: "two replicas share a rack"
        case .evens(let goal, let over, let onto, let load, let mean):
            "broker \(over) has \(load) \(goal.words), \(mean) is the average, broker \(onto) has less"
        }
    }
}

extension BalanceGoal {
    fileprivate var words: String {
        switch self {
        case .replicaCount: "replicas"
        case .leaderCount: "preferred leaders"
        case .diskBytes: "bytes on disk"
        case .bytesIn: "bytes a second in"
        case .bytesOut: "bytes a second out"
        }
    }
}
