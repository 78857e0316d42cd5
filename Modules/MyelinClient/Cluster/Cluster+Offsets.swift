// SPDX-License-Identifier: Apache-2.0

internal import KafkaProtocol
public import Primitives

/// A place in a partition's log that its leader can look up.
public enum OffsetPlace: Equatable, Sendable {
    /// The first record that is still stored.
    case earliest
    /// Behind the last record: the high watermark or, for who reads committed records only, the last stable offset.
    case latest
    /// The first record that is not older.
    case at(Timestamp)

    /// As ListOffsets has it (KIP-79).
    fileprivate var timestamp: Int64 {
        switch self {
        case .earliest: -2
        case .latest: -1
        case .at(let timestamp): timestamp.rawValue
        }
    }
}

extension MyelinClient {
    /// Looks a place up in partitions, each at its leader.
    ///
    /// - Parameters:
    ///   - partitions: Of any topics.
    ///   - place: What is looked up in each.
    ///   - isolationLevel: What `latest` means.
    ///   - milliseconds: How long brokers that have just lost a leadership, or are away, are asked again.
    /// - Returns: An offset for each partition; for a time none where no record is that young.
    public func offsets(
        of partitions: [TopicPartition], at place: OffsetPlace, isolationLevel: IsolationLevel = .readUncommitted,
        withinMilliseconds milliseconds: Int64 = 30_000
    ) async throws(ClientError) -> [TopicPartition: Offset] {
        try await cluster.offsets(
            of: partitions, at: place, isolationLevel, .control, until: Deadline(afterMilliseconds: milliseconds))
    }
}

extension Cluster {
    func offsets(
        of partitions: [TopicPartition], at place: OffsetPlace, _ isolationLevel: IsolationLevel, _ lane: Lane,
        until deadline: Deadline
    ) async throws(ClientError) -> [TopicPartition: Offset] {
        try await retrying(
            "asking for offsets of \(partitions.map { "\($0)" }.joined(separator: ", "))", until: deadline,
            afterFailure: { _ in for partition in partitions { forget(partition.topic) } }
        ) { () async throws(ClientError) in
            var byLeader: [NodeID: [TopicPartition]] = [:]
            for partition in partitions { byLeader[try await someLeader(of: partition), default: []].append(partition) }
            var found: [TopicPartition: Offset] = [:]
            for (leader, partitions) in byLeader {
                let response = try await session(with: leader, lane).call(
                    Self.question(partitions, place, isolationLevel), newest: 7,
                    withinMilliseconds: deadline.remainingMilliseconds)
                try Self.take(response, into: &found)
            }
            return found
        }
    }

    private static func question(
        _ partitions: [TopicPartition], _ place: OffsetPlace, _ isolationLevel: IsolationLevel
    ) -> ListOffsetsRequest {
        var request = ListOffsetsRequest()
        request.replicaID = -1
        request.isolationLevel = isolationLevel.rawValue
        request.topics = Dictionary(grouping: partitions, by: \.topic).sorted { $0.key < $1.key }.map { name, group in
            var topic = ListOffsetsRequest.ListOffsetsTopic()
            topic.name = name
            topic.partitions = group.sorted().map { partition in
                var entry = ListOffsetsRequest.ListOffsetsPartition()
                entry.partitionIndex = partition.partition.rawValue
                entry.timestamp = place.timestamp
                return entry
            }
            return topic
        }
        return request
    }

    private static func take(
        _ response: ListOffsetsResponse, into found: inout [TopicPartition: Offset]
    ) throws(ClientError) {
        for topic in response.topics {
            for answer in topic.partitions {
                let partition = TopicPartition(topic: topic.name, partition: PartitionIndex(answer.partitionIndex))
                guard answer.errorCode == 0 else { throw ClientError(code: answer.errorCode, "\(partition)") }
                if answer.offset >= 0 { found[partition] = Offset(answer.offset) }
            }
        }
    }
}
