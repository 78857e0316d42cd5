// SPDX-License-Identifier: Apache-2.0
// Made by protocol-generator from Tables/: change that, not this.

/// The APIs of the Kafka protocol that there is code for, with their numbers on the wire.
public enum APIKey: Int16, CaseIterable, Sendable {
    case produce = 0
    case fetch = 1
    case listOffsets = 2
    case metadata = 3
    case offsetCommit = 8
    case offsetFetch = 9
    case findCoordinator = 10
    case joinGroup = 11
    case heartbeat = 12
    case leaveGroup = 13
    case syncGroup = 14
    case describeGroups = 15
    case listGroups = 16
    case apiVersions = 18
    case createTopics = 19
    case deleteTopics = 20
    case deleteRecords = 21
    case initProducerId = 22
    case offsetForLeaderEpoch = 23
    case addPartitionsToTxn = 24
    case addOffsetsToTxn = 25
    case endTxn = 26
    case writeTxnMarkers = 27
    case txnOffsetCommit = 28
    case describeConfigs = 32
    case alterConfigs = 33
    case describeLogDirs = 35
    case createPartitions = 37
    case deleteGroups = 42
    case electLeaders = 43
    case incrementalAlterConfigs = 44
    case alterPartitionReassignments = 45
    case listPartitionReassignments = 46
    case offsetDelete = 47
    case describeClientQuotas = 48
    case alterClientQuotas = 49
    case describeQuorum = 55
    case updateFeatures = 57
    case describeCluster = 60
    case describeProducers = 61
    case unregisterBroker = 64
    case describeTransactions = 65
    case listTransactions = 66
    case getTelemetrySubscriptions = 71
    case pushTelemetry = 72
    case listConfigResources = 74
    case describeTopicPartitions = 75
    case addRaftVoter = 80
    case removeRaftVoter = 81

    /// The protocol's own name, as in its documentation.
    public var name: String {
        switch self {
        case .produce: "Produce"
        case .fetch: "Fetch"
        case .listOffsets: "ListOffsets"
        case .metadata: "Metadata"
        case .offsetCommit: "OffsetCommit"
        case .offsetFetch: "OffsetFetch"
        case .findCoordinator: "FindCoordinator"
        case .joinGroup: "JoinGroup"
        case .heartbeat: "Heartbeat"
        case .leaveGroup: "LeaveGroup"
        case .syncGroup: "SyncGroup"
        case .describeGroups: "DescribeGroups"
        case .listGroups: "ListGroups"
        case .apiVersions: "ApiVersions"
        case .createTopics: "CreateTopics"
        case .deleteTopics: "DeleteTopics"
        case .deleteRecords: "DeleteRecords"
        case .initProducerId: "InitProducerId"
        case .offsetForLeaderEpoch: "OffsetForLeaderEpoch"
        case .addPartitionsToTxn: "AddPartitionsToTxn"
        case .addOffsetsToTxn: "AddOffsetsToTxn"
        case .endTxn: "EndTxn"
        case .writeTxnMarkers: "WriteTxnMarkers"
        case .txnOffsetCommit: "TxnOffsetCommit"
        case .describeConfigs: "DescribeConfigs"
        case .alterConfigs: "AlterConfigs"
        case .describeLogDirs: "DescribeLogDirs"
        case .createPartitions: "CreatePartitions"
        case .deleteGroups: "DeleteGroups"
        case .electLeaders: "ElectLeaders"
        case .incrementalAlterConfigs: "IncrementalAlterConfigs"
        case .alterPartitionReassignments: "AlterPartitionReassignments"
        case .listPartitionReassignments: "ListPartitionReassignments"
        case .offsetDelete: "OffsetDelete"
        case .describeClientQuotas: "DescribeClientQuotas"
        case .alterClientQuotas: "AlterClientQuotas"
        case .describeQuorum: "DescribeQuorum"
        case .updateFeatures: "UpdateFeatures"
        case .describeCluster: "DescribeCluster"
        case .describeProducers: "DescribeProducers"
        case .unregisterBroker: "UnregisterBroker"
        case .describeTransactions: "DescribeTransactions"
        case .listTransactions: "ListTransactions"
        case .getTelemetrySubscriptions: "GetTelemetrySubscriptions"
        case .pushTelemetry: "PushTelemetry"
        case .listConfigResources: "ListConfigResources"
        case .describeTopicPartitions: "DescribeTopicPartitions"
        case .addRaftVoter: "AddRaftVoter"
        case .removeRaftVoter: "RemoveRaftVoter"
        }
    }

    /// Versions that can be decoded and encoded.
    public var validVersions: ClosedRange<Int16> {
        switch self {
        case .produce: 3...13
        case .fetch: 4...18
        case .listOffsets: 1...11
        case .metadata: 0...13
        case .offsetCommit: 2...10
        case .offsetFetch: 1...10
        case .findCoordinator: 0...6
        case .joinGroup: 0...9
        case .heartbeat: 0...4
        case .leaveGroup: 0...5
        case .syncGroup: 0...5
        case .describeGroups: 0...6
        case .listGroups: 0...5
        case .apiVersions: 0...4
        case .createTopics: 0...7
        case .deleteTopics: 0...6
        case .deleteRecords: 0...2
        case .initProducerId: 0...6
        case .offsetForLeaderEpoch: 0...4
        case .addPartitionsToTxn: 0...5
        case .addOffsetsToTxn: 0...4
        case .endTxn: 0...5
        case .writeTxnMarkers: 1...2
        case .txnOffsetCommit: 0...5
        case .describeConfigs: 0...4
        case .alterConfigs: 0...2
        case .describeLogDirs: 0...5
        case .createPartitions: 0...3
        case .deleteGroups: 0...2
        case .electLeaders: 0...2
        case .incrementalAlterConfigs: 0...1
        case .alterPartitionReassignments: 0...1
        case .listPartitionReassignments: 0...0
        case .offsetDelete: 0...0
        case .describeClientQuotas: 0...1
        case .alterClientQuotas: 0...1
        case .describeQuorum: 0...2
        case .updateFeatures: 0...2
        case .describeCluster: 0...2
        case .describeProducers: 0...0
        case .unregisterBroker: 0...0
        case .describeTransactions: 0...0
        case .listTransactions: 0...2
        case .getTelemetrySubscriptions: 0...0
        case .pushTelemetry: 0...0
        case .listConfigResources: 0...1
        case .describeTopicPartitions: 0...0
        case .addRaftVoter: 0...1
        case .removeRaftVoter: 0...0
        }
    }

    /// Versions that an `ApiVersions` response claims, where the API is served at all.
    ///
    /// Differs from `validVersions` for Produce (old librdkafka wants to see version 0 before it
    /// uses codecs, KAFKA-18659) and where Kafka calls its newest version unstable.
    public var advertisedVersions: ClosedRange<Int16> {
        switch self {
        case .produce: 0...13
        case .initProducerId: 0...5
        case .listTransactions: 0...1
        default: validVersions
        }
    }

    /// First version with compact lengths and tagged fields (KIP-482); nil when there is none.
    public var flexibleSince: Int16? {
        switch self {
        case .produce: 9
        case .fetch: 12
        case .listOffsets: 6
        case .metadata: 9
        case .offsetCommit: 8
        case .offsetFetch: 6
        case .findCoordinator: 3
        case .joinGroup: 6
        case .heartbeat: 4
        case .leaveGroup: 4
        case .syncGroup: 4
        case .describeGroups: 5
        case .listGroups: 3
        case .apiVersions: 3
        case .createTopics: 5
        case .deleteTopics: 4
        case .deleteRecords: 2
        case .initProducerId: 2
        case .offsetForLeaderEpoch: 4
        case .addPartitionsToTxn: 3
        case .addOffsetsToTxn: 3
        case .endTxn: 3
        case .writeTxnMarkers: 1
        case .txnOffsetCommit: 3
        case .describeConfigs: 4
        case .alterConfigs: 2
        case .describeLogDirs: 2
        case .createPartitions: 2
        case .deleteGroups: 2
        case .electLeaders: 2
        case .incrementalAlterConfigs: 1
        case .alterPartitionReassignments: 0
        case .listPartitionReassignments: 0
        case .offsetDelete: nil
        case .describeClientQuotas: 1
        case .alterClientQuotas: 1
        case .describeQuorum: 0
        case .updateFeatures: 0
        case .describeCluster: 0
        case .describeProducers: 0
        case .unregisterBroker: 0
        case .describeTransactions: 0
        case .listTransactions: 0
        case .getTelemetrySubscriptions: 0
        case .pushTelemetry: 0
        case .listConfigResources: 0
        case .describeTopicPartitions: 0
        case .addRaftVoter: 0
        case .removeRaftVoter: 0
        }
    }
}
