// SPDX-License-Identifier: Apache-2.0

import AdminClient
import BrokerNode
import Foundation
import KafkaProtocol
import Primitives
import Synchronization
import TestNode
import Testing
import Transport
import WireProtocol

@Suite("Admin: what changes a cluster, at a node that is one", .serialized, .timeLimit(.minutes(2)))
struct AdminElasticityTests {
    @Test("an election that is not needed is refused, for all partitions nothing is done")
    func election() async throws {
        try await AdminNode.with { node in
            _ = try await node.client.createTopic("orders", partitions: 2)
            let all = try await node.client.electLeaders(of: [], .preferred)
            #expect(all.isEmpty)
            for type in [Admin.LeaderElectionType.preferred, .unclean] {
                let one = try await node.client.electLeaders(
                    of: [.with { ($0.topic, $0.partitions) = ("orders", [PartitionIndex(1), PartitionIndex(5)]) }], type
                )
                #expect(one.map(\.error?.reason) == ["ELECTION_NOT_NEEDED", "UNKNOWN_TOPIC_OR_PARTITION"])
                #expect(one.map(\.leaderID) == [node.node.nodeID, NodeID(-1)])
            }
            let slip = await #expect(throws: RPCError.self) {
                try await node.client.electLeaders(of: [.with { $0.topic = "order" }], .preferred)
            }
            #expect(slip?.remedy.contains("Did you mean 'orders'?") == true)
        }
    }

    @Test("a move to a broker that is not there, and the end of one that is not under way, are refused with a reason")
    func moves() async throws {
        try await AdminNode.with { node in
            _ = try await node.client.createTopic("orders", partitions: 1)
            try await node.produce([["a"]], to: "orders")
            func move(_ replicas: [NodeID], _ partition: Int32 = 0) -> Admin.PartitionMove {
                .with { ($0.topic, $0.partition, $0.replicas) = ("orders", PartitionIndex(partition), replicas) }
            }
            for validateOnly in [true, false] {
                let outcomes = try await node.client.movePartitions(
                    [move([NodeID(9)]), move([], 7)], validateOnly: validateOnly)
                #expect(
                    outcomes.map(\.error?.reason) == ["INVALID_REPLICA_ASSIGNMENT", "UNKNOWN_TOPIC_OR_PARTITION"])
                #expect(outcomes[0].previousReplicas == [node.node.nodeID])
                #expect(outcomes[0].byteCount > 0)
                let none = try await node.client.movePartitions([move([])], validateOnly: validateOnly)
                #expect(none.map(\.error?.reason) == ["NO_REASSIGNMENT_IN_PROGRESS"])
            }
            #expect(try await node.client.partitionMoves().moves.isEmpty)
            for filter in [Admin.PartitionFilter.moving, .notPreferred] {
                #expect(try await node.client.partitions(filter: filter).isEmpty)
            }
        }
    }

    @Test("one broker is balanced, cannot be drained, and is not forgotten while it stores something")
    func brokers() async throws {
        try await AdminNode.with { node in
            _ = try await node.client.createTopic("orders", partitions: 3)
            let plan = try await node.client.balance()
            #expect(plan.moves.isEmpty && !plan.isApplied)
            #expect(plan.brokers.map(\.leaderCount) == [3])
            #expect(plan.brokers.map(\.plannedReplicaCount) == [3])
            let id = node.node.nodeID
            let drain = await #expect(throws: RPCError.self) { try await node.client.drainBroker(id) }
            #expect(drain?.code == .refused || drain?.code == .invalidRequest)
            #expect(drain?.remedy.isEmpty == false)
            let held = await #expect(throws: RPCError.self) { try await node.client.unregisterBroker(id) }
            #expect(held?.reason == "POLICY_VIOLATION")
            let unknown = await #expect(throws: RPCError.self) { try await node.client.unregisterBroker(NodeID(9)) }
            #expect(unknown?.code == .notFound)
        }
    }

    @Test("features tell their range, a level that nobody knows changes none of those asked for")
    func features() async throws {
        try await AdminNode.with { node in
            let before = try await node.client.clusterInfo().features
            let refused = await #expect(throws: RPCError.self) {
                try await node.client.updateFeatures([
                    .with { ($0.name, $0.level) = ("myelin.metadata", before[0].supportedLevelMax) },
                    .with { ($0.name, $0.level) = ("no.such.feature", 1) },
                ])
            }
            #expect(refused?.code == .notFound)
            #expect(try await node.client.clusterInfo().features == before)
            let raised = try await node.client.updateFeatures([
                .with { ($0.name, $0.level) = ("myelin.metadata", before[0].supportedLevelMax) }
            ])
            #expect(raised.filter { $0.name == "myelin.metadata" } == before.filter { $0.name == "myelin.metadata" })
            #expect(raised.allSatisfy { $0.finalizedLevel == $0.supportedLevelMax })
        }
    }

    @Test("a node alone has one controller, that votes, is active, and takes no peers")
    func quorum() async throws {
        try await AdminNode.with { node in
            let info = try await node.client.clusterInfo()
            #expect(info.controllers.map(\.isVoter) == [true])
            #expect(info.controllers.map(\.lagRecordCount) == [0])
            let refused = await #expect(throws: RPCError.self) {
                try await node.client.changeVoters(
                    .with { ($0.action, $0.nodeID) = (.remove, info.controllers[0].nodeID) })
            }
            #expect(refused?.message.contains("is its own cluster") == true)
        }
    }

    @Test("a broker is stopped by RPC only where its process says how")
    func stop() async throws {
        try await AdminNode.with { node in
            let refused = await #expect(throws: RPCError.self) {
                try await node.client.stopBroker(node.node.nodeID)
            }
            #expect(refused?.code == .notSupported)
            let unknown = await #expect(throws: RPCError.self) { try await node.client.stopBroker(NodeID(9)) }
            #expect(unknown?.message == "broker 9 is not registered")

            let stopCount = Mutex(0)
            let server = try await node.node.startAdminServer(
                host: "127.0.0.1", port: 0, on: node.group, onStopRequest: { stopCount.withLock { $0 += 1 } })
            let client = AdminClient(address: server.address, loop: node.group.loops[0])
            try await client.stopBroker(node.node.nodeID, validateOnly: true)
            #expect(stopCount.withLock { $0 } == 0)
            try await client.stopBroker(node.node.nodeID)
            #expect(stopCount.withLock { $0 } == 1)
            await client.close()
            await server.drain(withinMilliseconds: 1_000)
        }
    }

    @Test("other brokers get the replicas of a broker, all or those of some topics, or its totals only")
    func brokerState() async throws {
        try await AdminNode.with { node in
            _ = try await node.client.createTopic("orders", partitions: 2)
            _ = try await node.client.createTopic("payments", partitions: 1)
            try await node.produce([["a", "b"]], to: "orders", 1)
            func state(_ set: (inout Admin.BrokerStateRequest) -> Void) async throws -> Admin.BrokerStateResponse {
                try await node.client.rpc.call(Admin.brokerState, .with(set))
            }
            let totals = try await state { _ in }
            #expect(totals.partitions.isEmpty && totals.byteCount > 0 && totals.version == "1.2.3")
            #expect((totals.freeByteCount ?? 0) > 0)
            #expect(try await state { $0.includesPartitions = true }.partitions.count == 3)
            let orders = try await state { ($0.includesPartitions, $0.topics) = (true, ["orders"]) }.partitions
            #expect(orders.map(\.partition) == [PartitionIndex(0), PartitionIndex(1)])
            #expect(orders.map(\.highWatermark) == [Offset(0), Offset(2)])
            #expect(orders.allSatisfy { $0.isLeader && !$0.isFailed })
        }
    }

    @Test("a leader finds offsets by time and times by offset for whoever asks")
    func lookup() async throws {
        try await AdminNode.with { node in
            _ = try await node.client.createTopic("orders", partitions: 1)
            try await node.produce([["a"]], to: "orders", at: Timestamp(1_000))
            try await node.produce([["b"]], to: "orders", at: Timestamp(2_000))
            let response = try await node.client.rpc.call(
                Admin.offsetLookup,
                .with {
                    $0.lookups = [
                        .with { ($0.topic, $0.timestamp) = ("orders", Timestamp(1_500)) },
                        .with { ($0.topic, $0.offset) = ("orders", Offset(1)) },
                        .with { ($0.topic, $0.offset) = ("orders", Offset(2)) },
                        .with { ($0.topic, $0.partition) = ("orders", PartitionIndex(3)) },
                    ]
                })
            #expect(response.answers.map(\.offset) == [Offset(1), nil, nil, nil])
            #expect(response.answers.map(\.timestamp) == [nil, Timestamp(2_000), nil, nil])
            #expect(response.answers.prefix(3).allSatisfy { $0.highWatermark == Offset(2) && $0.error == nil })
            #expect(response.answers[3].error?.code == .notFound || response.answers[3].error?.code == .notLeader)
        }
    }
}

@Suite("Kafka: what changes a cluster, at a node that is one", .serialized, .timeLimit(.minutes(2)))
struct KafkaElasticityTests {
    @Test("the quorum is described in every version", arguments: [Int16(0), 1, 2])
    func describeQuorum(version: Int16) async throws {
        try await NodeUnderTest.run { node in
            let client = try node.client()
            var request = DescribeQuorumRequest()
            request.topics = ["__cluster_metadata", "orders"].map { name in
                var topic = DescribeQuorumRequest.TopicData()
                topic.topicName = name
                topic.partitions = [DescribeQuorumRequest.PartitionData()]
                return topic
            }
            let response = try await client.call(request, version: version)
            let partitions = response.topics.flatMap(\.partitions)
            #expect(partitions.map(\.errorCode) == [0, ErrorCode.unknownTopicOrPartition.rawValue])
            #expect(partitions[0].leaderID == node.node.nodeID.rawValue)
            #expect(partitions[0].currentVoters.map(\.replicaID) == [node.node.nodeID.rawValue])
            #expect(partitions[0].currentVoters[0].logEndOffset >= partitions[0].highWatermark)
            #expect(response.nodes.count == (version >= 2 ? 1 : 0))
        }
    }

    @Test("what is not needed or not there is refused with Kafka's codes")
    func refusals() async throws {
        try await NodeUnderTest.run { node in
            let client = try node.client()
            try await client.createTopic("orders", partitionCount: 1)
            var partitions = ElectLeadersRequest.TopicPartitions()
            (partitions.topic, partitions.partitions) = ("orders", [0, 1])
            for version in Int16(0)...2 {
                var election = ElectLeadersRequest()
                election.topicPartitions = [partitions]
                let found = try await client.call(election, version: version).replicaElectionResults
                let codes: [ErrorCode] = [.electionNotNeeded, .unknownTopicOrPartition]
                #expect(found.flatMap(\.partitionResult).map(\.errorCode) == codes.map(\.rawValue))
                election.topicPartitions = nil
                #expect(try await client.call(election, version: version).replicaElectionResults.isEmpty)
            }
            var wrong = ElectLeadersRequest()
            wrong.electionType = 7
            #expect(try await client.call(wrong, version: 2).errorCode == ErrorCode.invalidRequest.rawValue)

            var unregister = UnregisterBrokerRequest()
            unregister.brokerID = 9
            #expect(
                try await client.call(unregister, version: 0).errorCode == ErrorCode.brokerIDNotRegistered.rawValue)
            var remove = RemoveRaftVoterRequest()
            remove.clusterID = "another"
            #expect(
                try await client.call(remove, version: 0).errorCode == ErrorCode.inconsistentClusterID.rawValue)
            remove.clusterID = nil
            #expect(try await client.call(remove, version: 0).errorCode == ErrorCode.invalidRequest.rawValue)
            #expect(
                try await client.call(AddRaftVoterRequest(), version: 1).errorCode == ErrorCode.invalidRequest.rawValue)
        }
    }

    @Test("moves are refused one by one, and listed for all or for those asked for")
    func reassignments() async throws {
        try await NodeUnderTest.run { node in
            let client = try node.client()
            try await client.createTopic("orders", partitionCount: 2)
            func partition(_ index: Int32, _ replicas: [Int32]?)
                -> AlterPartitionReassignmentsRequest.ReassignablePartition
            {
                var partition = AlterPartitionReassignmentsRequest.ReassignablePartition()
                (partition.partitionIndex, partition.replicas) = (index, replicas)
                return partition
            }
            var topic = AlterPartitionReassignmentsRequest.ReassignableTopic()
            topic.name = "orders"
            let own = node.node.nodeID.rawValue
            var request = AlterPartitionReassignmentsRequest()
            for version in Int16(0)...1 {
                topic.partitions = [partition(1, nil), partition(2, [own]), partition(0, [9])]
                request.topics = [topic]
                let response = try await client.call(request, version: version)
                #expect(response.errorCode == 0)
                let codes: [ErrorCode] = [
                    .noReassignmentInProgress, .unknownTopicOrPartition, .invalidReplicaAssignment,
                ]
                #expect(response.responses.flatMap(\.partitions).map(\.errorCode) == codes.map(\.rawValue))
            }
            #expect(try await client.call(ListPartitionReassignmentsRequest(), version: 0).topics.isEmpty)
        }
    }

    @Test("one feature that is refused changes none, in the form of each version")
    func features() async throws {
        try await NodeUnderTest.run { node in
            let client = try node.client()
            func update(_ name: String, _ level: Int16) -> UpdateFeaturesRequest.FeatureUpdateKey {
                var key = UpdateFeaturesRequest.FeatureUpdateKey()
                (key.feature, key.maxVersionLevel) = (name, level)
                return key
            }
            var request = UpdateFeaturesRequest()
            request.featureUpdates = [update("myelin.metadata", 3), update("no.such.feature", 1)]
            for version in Int16(0)...1 {
                let response = try await client.call(request, version: version)
                #expect(response.results.map(\.errorCode) == [0, ErrorCode.invalidRequest.rawValue])
            }
            let second = try await client.call(request, version: 2)
            #expect(second.errorCode == ErrorCode.invalidRequest.rawValue)
            #expect(second.errorMessage == "there is no feature 'no.such.feature'")
            request.featureUpdates = [update("myelin.metadata", 99)]
            #expect(
                try await client.call(request, version: 2).errorCode == ErrorCode.invalidUpdateVersion.rawValue)
        }
    }

    @Test("every API in the table is claimed, those of a cluster too")
    func claims() async throws {
        try await NodeUnderTest.run { node in
            let client = try node.client()
            let keys = try await client.call(ApiVersionsRequest(), version: 0).apiKeys.map(\.apiKey)
            for key in [43, 45, 46, 55, 57, 60, 64, 80, 81] as [Int16] { #expect(keys.contains(key), "\(key)") }
        }
    }
}
