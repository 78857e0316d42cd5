// SPDX-License-Identifier: Apache-2.0

internal import Coordinator
internal import KafkaProtocol
internal import Primitives
internal import StorageEngine
internal import WireProtocol

/// Log start before and after a trim, or Kafka's code for why there was none.
private struct TrimAnswer: Sendable {
    let logStartOffset: Offset
    let highWatermark: Offset
    let result: Result<Offset, ErrorCode>
}

extension AdminService {
    func topicTrim(_ request: Admin.TopicTrimRequest) async throws -> Admin.TopicTrimResponse {
        try requireSome(request.partitions, "partition")
        guard !request.localOnly else { return await trimHere(request) }
        let image = await image()
        // A partition that is not there, or has no leader, is refused here.
        let leaders = request.partitions.map { trim in
            image.partitionID(PartitionReference(topic: trim.topic, index: trim.partition))
                .flatMap { image.partition($0) }.map { $0.isOffline ? identity.id : $0.leader } ?? identity.id
        }
        var outcomes: [Admin.PartitionTrimOutcome?] = Array(repeating: nil, count: leaders.count)
        for leader in Set(leaders).sorted() {
            let places = leaders.indices.filter { leaders[$0] == leader }
            var part = request
            part.partitions = places.map { request.partitions[$0] }
            part.localOnly = true
            for (place, outcome) in zip(places, await trim(part, at: leader, image)) { outcomes[place] = outcome }
        }
        return .with { $0.partitions = outcomes.compactMap(\.self) }
    }

    private func trim(
        _ request: Admin.TopicTrimRequest, at leader: NodeID, _ image: MetadataImage
    ) async -> [Admin.PartitionTrimOutcome] {
        guard leader != identity.id else { return await trimHere(request).partitions }
        do throws(RPCError) {
            return try await peers.ask(leader, in: image, Admin.topicTrim, request).partitions
        } catch {
            return request.partitions.map { trim in
                .with { ($0.topic, $0.partition, $0.error) = (trim.topic, trim.partition, error) }
            }
        }
    }

    private func trimHere(_ request: Admin.TopicTrimRequest) async -> Admin.TopicTrimResponse {
        let (trims, validateOnly) = (request.partitions, request.validateOnly)
        let (answers, image): ([TrimAnswer?], MetadataImage) = await ask { shard, reply in
            let items = trims.map { trim in
                (id: shard.address(trim.topic, trim.partition.rawValue).id, item: trim.beforeOffset.rawValue)
            }
            shard.askPartitions(
                items,
                { shard, partition, offset, reply in
                    guard let partition, partition.isLeader else { return reply(nil) }
                    reply(shard.trim(partition, before: offset, validateOnly: validateOnly))
                }
            ) { reply(($0, shard.image)) }
        }
        return .with {
            $0.partitions = zip(trims, answers).map { trim, answer in
                .with {
                    $0.topic = trim.topic
                    $0.partition = trim.partition
                    guard let answer else {
                        $0.error = .noTrim(trim, in: image)
                        return
                    }
                    $0.previousLogStartOffset = answer.logStartOffset
                    $0.logStartOffset = answer.logStartOffset
                    switch answer.result {
                    case .success(let offset): $0.logStartOffset = offset
                    case .failure(let code): $0.error = RPCError(trim, answer, code)
                    }
                }
            }
        }
    }
}

extension BrokerShard {
    fileprivate func trim(_ partition: Partition, before offset: Int64, validateOnly: Bool) -> TrimAnswer {
        let start = partition.log.logStartOffset
        let result =
            validateOnly
            ? trimTarget(in: partition, below: offset).map { max(start, $0) } : trim(partition, below: offset)
        return TrimAnswer(logStartOffset: start, highWatermark: partition.highWatermark, result: result)
    }
}

extension RPCError {
    /// No leader of the partition is here.
    fileprivate static func noTrim(_ trim: Admin.PartitionTrim, in image: MetadataImage) -> RPCError {
        let id = image.partitionID(PartitionReference(topic: trim.topic, index: trim.partition))
        guard let partition = id.flatMap({ image.partition($0) }) else {
            return .unknown(trim.topic, trim.partition, in: image)
        }
        return partition.isOffline ? .leaderless(trim.topic, trim.partition) : .ledElsewhere(trim.topic, trim.partition)
    }

    fileprivate init(_ trim: Admin.PartitionTrim, _ answer: TrimAnswer, _ code: ErrorCode) {
        let place = "\(trim.topic)-\(trim.partition)"
        switch code {
        case .policyViolation:
            self.init(
                kafka: code, "\(place) is compacted and keeps the last record of each key",
                remedy: "Add 'delete' to cleanup.policy first.")
        case .offsetOutOfRange:
            self.init(
                kafka: code, "offset \(trim.beforeOffset) is not in \(place)",
                remedy: "Give an offset from 0 to \(answer.highWatermark), or -1 for all.")
        default:
            self.init(
                kafka: code, "\(place) could not be trimmed: its disk failed", remedy: "'myelin doctor' tells more.")
        }
    }
}
