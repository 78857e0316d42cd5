// SPDX-License-Identifier: Apache-2.0

internal import KafkaProtocol
internal import Primitives
internal import RecordBatch

/// One member's side of the classic group protocol: join, sync, heartbeat, leave, committed offsets.
///
/// A value: what it learns from an answer it keeps, and whoever owns it decides when to ask again.
struct Membership {
    let group: String
    let settings: ConsumerSettings
    let lane: Lane
    var topics: [String] = []
    private(set) var memberID = ""
    private(set) var generation: Int32 = -1

    init(group: String, settings: ConsumerSettings, lane: Lane) {
        self.group = group
        self.settings = settings
        self.lane = lane
    }

    /// What one round of joining came to.
    struct Joined: Sendable {
        let memberID: String
        let generation: Int32
        let assigned: [TopicPartition]
    }

    mutating func take(_ joined: Joined) {
        memberID = joined.memberID
        generation = joined.generation
    }

    /// The broker knows this member no more: the next join is a new one.
    mutating func forget() {
        memberID = ""
        generation = -1
    }

    // MARK: Joining

    /// Joins and waits for the assignment. Other members may take as long as `pollMillisecondsMax` to come back.
    func join(through cluster: Cluster) async throws(ClientError) -> Joined {
        let patience = Int64(settings.pollMillisecondsMax) + 5_000
        var response = try await cluster.coordinator(of: .group(group), lane).call(
            joinRequest(as: memberID), newest: 7, withinMilliseconds: patience)
        // The broker names a new member first and lets it in when it comes with the name (KIP-394).
        if ErrorCode(rawValue: response.errorCode) == .memberIDRequired {
            response = try await cluster.coordinator(of: .group(group), lane).call(
                joinRequest(as: response.memberID), newest: 7, withinMilliseconds: patience)
        }
        guard response.errorCode == 0 else { throw ClientError(code: response.errorCode, "group \(group)") }
        var sync = SyncGroupRequest()
        sync.groupID = group
        sync.memberID = response.memberID
        sync.generationID = response.generationID
        sync.protocolType = "consumer"
        sync.protocolName = response.protocolName
        if response.leader == response.memberID {
            sync.assignments = try await assignments(for: response.members, through: cluster)
        }
        let synced = try await cluster.coordinator(of: .group(group), lane).call(
            sync, newest: 5, withinMilliseconds: patience)
        guard synced.errorCode == 0 else { throw ClientError(code: synced.errorCode, "group \(group)") }
        return Joined(
            memberID: response.memberID, generation: response.generationID,
            assigned: try Self.partitions(in: synced.assignment))
    }

    private func joinRequest(as memberID: String) -> JoinGroupRequest {
        var subscription = ConsumerProtocolSubscription()
        subscription.topics = topics.sorted()
        var offer = JoinGroupRequest.JoinGroupRequestProtocol()
        offer.name = RangeAssignor.name
        offer.metadata = subscription.versioned(1)
        var request = JoinGroupRequest()
        request.groupID = group
        request.sessionTimeoutMs = settings.sessionMilliseconds
        request.rebalanceTimeoutMs = settings.pollMillisecondsMax
        request.memberID = memberID
        request.protocolType = "consumer"
        request.protocols = [offer]
        return request
    }

    private func assignments(
        for members: [JoinGroupResponse.JoinGroupResponseMember], through cluster: Cluster
    ) async throws(ClientError) -> [SyncGroupRequest.SyncGroupRequestAssignment] {
        var wanted: [String: [String]] = [:]
        for member in members {
            do throws(DecodeError) {
                wanted[member.memberID] = try ConsumerProtocolSubscription(versioned: member.metadata).topics
            } catch {
                throw ClientError(.malformedAnswer, "member \(member.memberID) subscribes to nothing legible: \(error)")
            }
        }
        var counts: [String: Int] = [:]
        for topic in Set(wanted.values.joined()).sorted() {
            await cluster.forget(topic)
            // A topic that is not there yet is assigned to nobody.
            counts[topic] = try? await cluster.topic(topic).partitions.count
        }
        return RangeAssignor.assign(wanted, partitionCounts: counts).sorted { $0.key < $1.key }.map {
            member, partitions in
            var assignment = ConsumerProtocolAssignment()
            for (topic, group) in Dictionary(grouping: partitions, by: \.topic).sorted(by: { $0.key < $1.key }) {
                var entry = ConsumerProtocolAssignment.TopicPartition()
                entry.topic = topic
                entry.partitions = group.map(\.partition.rawValue)
                assignment.assignedPartitions.append(entry)
            }
            var entry = SyncGroupRequest.SyncGroupRequestAssignment()
            entry.memberID = member
            entry.assignment = assignment.versioned(1)
            return entry
        }
    }

    private static func partitions(in bytes: SharedBytes) throws(ClientError) -> [TopicPartition] {
        guard !bytes.isEmpty else { return [] }
        do throws(DecodeError) {
            return try ConsumerProtocolAssignment(versioned: bytes).assignedPartitions.flatMap { entry in
                entry.partitions.map { TopicPartition(topic: entry.topic, partition: PartitionIndex($0)) }
            }.sorted()
        } catch {
            throw ClientError(.malformedAnswer, "the assignment does not decode: \(error)")
        }
    }

    // MARK: Staying, committing, leaving

    /// Tells the coordinator that this member lives.
    ///
    /// - Throws: `.refused("REBALANCE_IN_PROGRESS")` and others after which it must join again.
    func heartbeat(through cluster: Cluster) async throws(ClientError) {
        var request = HeartbeatRequest()
        request.groupID = group
        request.generationID = generation
        request.memberID = memberID
        let response = try await cluster.coordinator(of: .group(group), lane).call(
            request, newest: 4, withinMilliseconds: settings.heartbeatMilliseconds)
        guard response.errorCode == 0 else { throw ClientError(code: response.errorCode, "group \(group)") }
    }

    func commit(_ offsets: [TopicPartition: Offset], through cluster: Cluster) async throws(ClientError) {
        var request = OffsetCommitRequest()
        request.groupID = group
        request.generationIDOrMemberEpoch = generation
        request.memberID = memberID
        request.topics = Self.byTopic(offsets).map { topic, offsets in
            var entry = OffsetCommitRequest.OffsetCommitRequestTopic()
            entry.name = topic
            entry.partitions = offsets.map { partition, offset in
                var place = OffsetCommitRequest.OffsetCommitRequestPartition()
                place.partitionIndex = partition.rawValue
                place.committedOffset = offset.rawValue
                return place
            }
            return entry
        }
        let response = try await cluster.coordinator(of: .group(group), lane).call(
            request, newest: 8, withinMilliseconds: settings.requestMilliseconds)
        for topic in response.topics {
            for partition in topic.partitions {
                try check(partition.errorCode, of: topic.name, partition.partitionIndex)
            }
        }
    }

    /// Makes offsets part of a transaction, unless this member is not one of the group's present generation (KIP-447).
    ///
    /// Version 5 adds the group to the transaction by itself (KIP-890).
    func commit(
        _ offsets: [TopicPartition: Offset], in transactionalID: String, of producer: BatchProducer,
        through cluster: Cluster
    ) async throws(ClientError) {
        var request = TxnOffsetCommitRequest()
        request.transactionalID = transactionalID
        request.groupID = group
        request.producerID = producer.id.rawValue
        request.producerEpoch = producer.epoch.rawValue
        request.generationID = generation
        request.memberID = memberID
        request.topics = Self.byTopic(offsets).map { topic, offsets in
            var entry = TxnOffsetCommitRequest.TxnOffsetCommitRequestTopic()
            entry.name = topic
            entry.partitions = offsets.map { partition, offset in
                var place = TxnOffsetCommitRequest.TxnOffsetCommitRequestPartition()
                place.partitionIndex = partition.rawValue
                place.committedOffset = offset.rawValue
                return place
            }
            return entry
        }
        let response = try await cluster.coordinator(of: .group(group), lane).call(
            request, newest: 5, withinMilliseconds: settings.requestMilliseconds)
        for topic in response.topics {
            for partition in topic.partitions {
                try check(partition.errorCode, of: topic.name, partition.partitionIndex)
            }
        }
    }

    /// As requests name them: topics and the partitions of each, ascending.
    private static func byTopic(
        _ offsets: [TopicPartition: Offset]
    ) -> [(topic: String, offsets: [(PartitionIndex, Offset)])] {
        Dictionary(grouping: offsets.sorted { $0.key < $1.key }, by: \.key.topic).sorted { $0.key < $1.key }.map {
            ($0.key, $0.value.map { ($0.key.partition, $0.value) })
        }
    }

    private func check(_ code: Int16, of topic: String, _ partition: Int32) throws(ClientError) {
        guard code == 0 else { throw ClientError(code: code, "group \(group), \(topic)-\(partition)") }
    }

    /// The committed offsets of those partitions that have one.
    func committed(
        _ partitions: [TopicPartition], through cluster: Cluster
    ) async throws(ClientError) -> [TopicPartition: Offset] {
        guard !partitions.isEmpty else { return [:] }
        var request = OffsetFetchRequest()
        request.groupID = group
        // An offset that a transaction is about to commit is waited for (KIP-447).
        request.requireStable = true
        request.topics = Dictionary(grouping: partitions, by: \.topic).sorted { $0.key < $1.key }.map { topic, group in
            var entry = OffsetFetchRequest.OffsetFetchRequestTopic()
            entry.name = topic
            entry.partitionIndexes = group.map(\.partition.rawValue).sorted()
            return entry
        }
        let response = try await cluster.coordinator(of: .group(group), lane).call(
            request, newest: 7, withinMilliseconds: settings.requestMilliseconds)
        guard response.errorCode == 0 else { throw ClientError(code: response.errorCode, "group \(group)") }
        var found: [TopicPartition: Offset] = [:]
        for topic in response.topics {
            for partition in topic.partitions {
                try check(partition.errorCode, of: topic.name, partition.partitionIndex)
                guard partition.committedOffset >= 0 else { continue }
                found[TopicPartition(topic: topic.name, partition: PartitionIndex(partition.partitionIndex))] =
                    Offset(partition.committedOffset)
            }
        }
        return found
    }

    func leave(through cluster: Cluster) async throws(ClientError) {
        guard !memberID.isEmpty else { return }
        var member = LeaveGroupRequest.MemberIdentity()
        member.memberID = memberID
        var request = LeaveGroupRequest()
        request.groupID = group
        request.members = [member]
        let response = try await cluster.coordinator(of: .group(group), lane).call(
            request, newest: 4, withinMilliseconds: settings.heartbeatMilliseconds)
        guard response.errorCode == 0 else { throw ClientError(code: response.errorCode, "group \(group)") }
    }
}
