// SPDX-License-Identifier: Apache-2.0

import Coordinator
import Foundation
import Primitives
import Testing

private let one = NodeID(1)
private let partitionID = PartitionID(topic: topicID, index: PartitionIndex(3))
private let reference = PartitionReference(topic: "t", index: PartitionIndex(3))
private let incarnation = IncarnationID(high: 1, low: .max)
private let listener = BrokerListener(name: "A", host: "::1", port: 65535, securityProtocol: .saslSSL)
private let epoch = BrokerEpoch(1 << 40)
private let range = FeatureRange(name: "f", levelMin: -1, levelMax: 9)
private let manifest = LossManifest(
    partition: partitionID, leaderEpoch: LeaderEpoch(4), electedLeader: one, lastKnownLeader: .none,
    inSyncReplicas: [one], eligibleLeaderReplicas: [], time: Timestamp(5), logEnd: Offset(7))

private let account = ReplicaAccount(
    replica: one, from: Offset(7), end: Offset(9), recordCount: 2, lastTimestamp: Timestamp(5),
    highWatermark: Offset(8),
    producers: [
        LostProducer(
            id: ProducerID(1), epoch: ProducerEpoch(2), firstOffset: Offset(7), lastOffset: Offset(8), recordCount: 2)
    ], leftOutProducerCount: 3)

/// One of every command, with every field at a value of its own.
private let commands: [any ControllerCommand] = [
    AllocateProducerIDs(broker: one, epoch: epoch),
    AlterClientQuotas(
        [
            .init(
                QuotaEntity(user: .named("grün"), clientID: .byDefault),
                [.init("producer_byte_rate", limit: 1.5), .init("request_percentage", limit: nil)])
        ], validateOnly: true),
    AlterConfigs(
        [(ConfigTarget(.unknown(99), name: "x"), [.init(.append, name: "n", value: "v")])], validateOnly: true),
    AlterPartitionReassignments(
        [Reassignment(reference, to: [one]), Reassignment(reference, to: nil)], allowsReplicationFactorChange: false),
    AlterPartitions(
        broker: one, epoch: epoch,
        proposals: [
            InSyncProposal(
                partition: partitionID, leaderEpoch: LeaderEpoch(2), partitionEpoch: PartitionEpoch(3),
                inSyncReplicas: [.init(one, epoch: epoch), .init(NodeID(2))])
        ]),
    AlterTopics(
        topics: [.init(name: "t", changes: [.init(.delete, name: "n", value: nil)], totalCount: 5)], validateOnly: true),
    BalanceStep(
        loads: [PartitionLoad(partition: partitionID, bytes: .max, bytesInPerSecond: 2, bytesOutPerSecond: 3)],
        moveCountMax: 7, evens: false, validateOnly: true),
    BrokerHeartbeat(broker: one, epoch: epoch, metadataOffset: Offset(8), wantsFence: true, wantsShutdown: true),
    CreatePartitions([MorePartitions(topic: "t", totalCount: 9, assignment: [[one]])], validateOnly: true),
    CreateTopics(
        [
            NewTopic(
                name: "grün", partitionCount: 3, replicationFactor: 2,
                assignment: [ReplicaAssignment(partition: PartitionIndex(0), brokers: [one])],
                configs: [.init(name: "n", value: nil)])
        ], validateOnly: true),
    DeleteTopics([.name("t"), .id(topicID)]), DrainBroker(one, isDraining: false),
    ElectLeaders(.unclean, partitions: [reference], candidates: [one]), ElectLeaders(.preferred, partitions: nil),
    EnsureInternalTopic(.consumerOffsets), FenceBrokers([one, NodeID(2)]),
    RaiseInternalReplication(changeCountMax: 6), RebalanceLeaders(changeCountMax: 5),
    RegisterBroker(
        id: one, incarnation: incarnation, listeners: [listener], rack: "r", features: [range],
        rpc: RPCEndpoint(host: "h", port: 1), cluster: ClusterID("c"), directory: incarnation, previousEpoch: epoch,
        time: Timestamp(9)),
    RemoveTopics(names: ["t"], validateOnly: true),
    ReplaceConfigs([(ConfigTarget(.broker, name: ""), [.init(name: "n", value: "v")])], validateOnly: true),
    ReportLoss(
        partition: partitionID, leaderEpoch: LeaderEpoch(1),
        fact: .began(logEnd: Offset(2), highWatermark: Offset(3))),
    ReportLoss(partition: partitionID, leaderEpoch: LeaderEpoch(1), fact: .held(account)),
    ReportLoss(
        partition: partitionID, leaderEpoch: LeaderEpoch(1),
        fact: .committed([TouchedGroup(group: "g", committedOffset: Offset(4))], leftOutCount: 5)),
    UnregisterBroker(one),
    UpdateFeatures([FeatureUpdate(name: "f", level: 2, direction: .unsafeDowngrade)], validateOnly: true),
]

/// Every refusal, and every problem that one can carry.
private let refusals: [any Error & Codable & Hashable & Sendable] =
    [
        AllocateProducerIDsRefusal.unknownBroker(one), AllocateProducerIDsRefusal.staleEpoch(current: epoch),
        AllocateProducerIDsRefusal.exhausted, AlterConfigRefusal.unsupportedResource(.unknown(7)),
        AlterConfigRefusal.unsupportedResource(.group), AlterConfigRefusal.unknownTopic("t"),
        AlterConfigRefusal.invalidBrokerID("x"), AlterConfigRefusal.unknownBroker(one),
        AlterConfigRefusal.nullValue(name: "n"), AlterConfigRefusal.duplicateResource,
        AlterConfigRefusal.duplicateConfig(name: "n"), AlterConfigRefusal.agreedByAll(name: "n"),
        AlterPartitionsRefusal.unknownBroker(one), AlterPartitionsRefusal.staleBrokerEpoch(current: epoch),
        AlterTopicRefusal.unknownTopic, AlterTopicRefusal.duplicate, AlterTopicRefusal.configs(.duplicateResource),
        AlterTopicRefusal.partitions(.duplicate), BrokerHeartbeatRefusal.unknownBroker(one),
        BrokerHeartbeatRefusal.staleEpoch(current: epoch), CreatePartitionsRefusal.unknownTopic("t"),
        CreatePartitionsRefusal.duplicate, CreatePartitionsRefusal.notMore(current: 1, asked: 2),
        CreatePartitionsRefusal.tooManyPartitions(1, limit: 2), CreatePartitionsRefusal.clusterIsFull(1, limit: 2),
        CreatePartitionsRefusal.tooFewBrokers(replicationFactor: 1, brokerCount: 2),
        CreatePartitionsRefusal.assignmentCount(expected: 1, found: 2), CreateTopicRefusal.exists(topicID),
        CreateTopicRefusal.collides(with: "t"), CreateTopicRefusal.duplicate,
        CreateTopicRefusal.invalidPartitionCount(-3), CreateTopicRefusal.tooManyPartitions(1, limit: 2),
        CreateTopicRefusal.clusterIsFull(1, limit: 2), CreateTopicRefusal.invalidReplicationFactor(-2),
        CreateTopicRefusal.tooFewBrokers(replicationFactor: 1, brokerCount: 2),
        CreateTopicRefusal.assignmentWithCounts, CreateTopicRefusal.nullConfig(name: "n"),
        CreateTopicRefusal.duplicateConfig(name: "n"), DeleteTopicRefusal.unknown(.name("t")),
        DeleteTopicRefusal.duplicate(.id(topicID)), DrainBrokerRefusal.unknownBroker(one),
        DrainBrokerRefusal.tooFewBrokers(replicationFactor: 1, brokerCount: 2),
        DrainBrokerRefusal.levelTooLow(1, needed: 2), ElectLeaderRefusal.unknownPartition,
        ElectLeaderRefusal.notNeeded, ElectLeaderRefusal.preferredNotAvailable(one),
        ElectLeaderRefusal.noReplicaLives, InSyncRefusal.unknownTopic, InSyncRefusal.unknownPartition,
        InSyncRefusal.notController, InSyncRefusal.fencedLeaderEpoch(current: .none),
        InSyncRefusal.notLeader(current: one), InSyncRefusal.stalePartitionEpoch(current: .zero),
        InSyncRefusal.invalidMembers, InSyncRefusal.ineligible(one), ReassignmentRefusal.unknownPartition,
        ReassignmentRefusal.duplicate, ReassignmentRefusal.replicationFactor(current: 1, asked: 2),
        ReassignmentRefusal.notUnderWay, ReassignmentRefusal.losesInSyncReplicas, RegisterBrokerRefusal.noListener,
        RegisterBrokerRefusal.listenerTwice("A"),
        RegisterBrokerRefusal.unsupportedFeature(name: "f", level: 2, supported: range),
        RegisterBrokerRefusal.unsupportedFeature(name: "f", level: 2, supported: nil),
        RegisterBrokerRefusal.duplicateID(one), RegisterBrokerRefusal.copiedDirectory(of: one),
        RegisterBrokerRefusal.clockSkew(milliseconds: .min, limit: 2),
        RegisterBrokerRefusal.levelTooLow(1, needed: 2), ReportLossRefusal.unknownLoss,
        UnregisterBrokerRefusal.unknownBroker(one), UnregisterBrokerRefusal.hasReplicas(topic: "t"),
        UpdateFeatureRefusal.unknownFeature("f"), UpdateFeatureRefusal.unsupportedLevel(3, supported: range),
        UpdateFeatureRefusal.unsupportedByBroker(one), UpdateFeatureRefusal.downgrade(current: 2),
        UpdateFeatureRefusal.factsInUse(current: 2), UpdateFeatureRefusal.unsafeDowngrade,
        UpdateFeatureRefusal.duplicate, UpdateFeatureRefusal.required,
    ] + nameProblems.map { CreateTopicRefusal.illegalName($0) } + settingErrors.map { CreateTopicRefusal.config($0) }
    + settingErrors.map { AlterConfigRefusal.setting($0) }
    + nameProblems.map { AlterConfigRefusal.illegalTopicName($0) }
    + assignmentProblems.map { CreateTopicRefusal.invalidAssignment($0) }
    + assignmentProblems.map { CreatePartitionsRefusal.invalidAssignment($0) }
    + assignmentProblems.map { ReassignmentRefusal.invalidAssignment($0) }
    + [ClusterID("a"), ClusterID("b")].compactMap { $0 }.map {
        RegisterBrokerRefusal.wrongCluster(found: $0, expected: $0)
    }

private let nameProblems: [TopicNameProblem] = [
    .empty, .dots, .tooLong(byteCount: 300), .illegalCharacter("👩‍👧"), .reserved,
]
private let assignmentProblems: [AssignmentProblem] = [
    .partitionsNotConsecutive(first: 1, count: 2), .noBroker(PartitionIndex(1)), .brokerTwice(PartitionIndex(1), one),
    .unknownBroker(PartitionIndex(1), one), .unequalReplicationFactor(PartitionIndex(1), expected: 2, found: 3),
    .noLiveBroker(PartitionIndex(1)),
]
private let allowedValues: [AllowedValues] = [
    .any, .atLeast(.min), .between(1, 2), .betweenOr(1, 2, special: -1), .fraction, .oneOf(["a"]), .someOf(["b"]),
    .nonEmpty, .oneElement, .listeners, .endpoints, .voters, .throttledReplicas,
]
private let settingErrors: [SettingError] =
    [
        .unknown(name: "n", nearest: nil), .unknown(name: "n", nearest: "m"),
        .malformed(name: "n", value: "v", kind: .double), .readOnly(name: "n"), .notAList(name: "n"),
        .missing(name: "n"),
    ] + allowedValues.map { .notAllowed(name: "n", value: "v", allowed: $0) }

@Suite("commands and outcomes between nodes")
struct CommandCodingTests {
    private func json(_ value: some Encodable) throws -> Data {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys]
        return try encoder.encode(value)
    }

    /// Encoded, decoded and encoded again, which equal values alone give.
    private func roundTrip<Value: Codable>(_ value: Value) throws {
        let bytes = try json(value)
        let again = try JSONDecoder().decode(Value.self, from: bytes)
        #expect(try json(again) == bytes, "\(String(decoding: bytes, as: UTF8.self))")
    }

    @Test("every command travels as JSON")
    func everyCommand() throws {
        let names = Set(commands.map { type(of: $0).name })
        #expect(names == Set(ControllerCommands.all.map { $0.name }))
        #expect(names.count == ControllerCommands.all.count)
        for command in commands { try roundTrip(command) }
        for command in commands { #expect(String(describing: type(of: command)) == type(of: command).name) }
    }

    @Test("every refusal travels as JSON, is equal afterwards, and has a sentence")
    func everyRefusal() throws {
        func check<Refusal: Error & Codable & Hashable>(_ refusal: Refusal) throws {
            let outcome = Result<Done, Refusal>.failure(refusal)
            #expect(try JSONDecoder().decode(Result<Done, Refusal>.self, from: json(outcome)) == outcome)
            #expect(Refusal.self is any CustomStringConvertible.Type, "\(Refusal.self)")
            #expect("\(refusal)".contains(" "))
        }
        for refusal in refusals { try check(refusal) }
    }

    @Test("every outcome of a success travels as JSON")
    func everyOutcome() throws {
        var deciding = try Deciding(brokers: [(1, "a"), (2, "b")])
        let created = try deciding.run(
            CreateTopics([NewTopic(name: "t", partitionCount: 2, configs: [.init(name: "retention.ms", value: "5")])]))
        try roundTrip(created)
        let decoded = try JSONDecoder().decode(CreateTopics.Outcome.self, from: json(created))
        #expect(decoded == created)
        let topic = try created[0].get()
        let partition = PartitionID(topic: topic.id, index: PartitionIndex(0))
        try roundTrip(try deciding.propose([deciding[partition].leader.rawValue], for: partition))
        try roundTrip(try deciding.run(BalanceStep(moveCountMax: 5)))
        try roundTrip(LeaderElection(partition: reference, leader: .success(one), loss: manifest))
        try roundTrip(try deciding.run(AllocateProducerIDs(broker: one, epoch: deciding.epoch(of: 1))))
        try roundTrip(
            try deciding.run(BrokerHeartbeat(broker: one, epoch: deciding.epoch(of: 1), metadataOffset: .zero)))
        try roundTrip(try deciding.run(RemoveTopics(names: ["t"], validateOnly: true)))
        try roundTrip(try deciding.run(EnsureInternalTopic(.consumerOffsets)))
        try roundTrip(try deciding.run(DeleteTopics([.name("t")])))
        try roundTrip(
            try deciding.run(
                AlterClientQuotas([.init(QuotaEntity(user: .byDefault), [.init("no_such_rate", limit: 1)])])))
        try roundTrip(try deciding.run(FenceBrokers([one])))
    }

    @Test("settings that only a later controller has are left out of a created topic")
    func laterSettings() throws {
        var deciding = try Deciding()
        let created = try deciding.createTopic(NewTopic(name: "t"))
        let text = String(decoding: try json(created), as: UTF8.self)
            .replacingOccurrences(of: "\"topic\":\"segment.bytes\"", with: "\"topic\":\"segment.colour\"")
        let decoded = try JSONDecoder().decode(CreatedTopic.self, from: Data(text.utf8))
        #expect(decoded.configs == created.configs.filter { $0.name != "segment.bytes" })
    }
}
