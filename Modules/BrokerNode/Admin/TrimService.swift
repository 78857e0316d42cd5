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
        let (trims, validateOnly) = (request.partitions, request.validateOnly)
        let (answers, image): ([TrimAnswer?], MetadataImage) = await ask { shard, reply in
            let items = trims.map { trim in
                (id: shard.address(trim.topic, trim.partition.rawValue).id, item: trim.beforeOffset.rawValue)
            }
            shard.askPartitions(
                items,
                { shard, partition, offset, reply in
                    reply(partition.map { shard.trim($0, before: offset, validateOnly: validateOnly) })
                }
            ) { reply(($0, shard.image)) }
        }
        return .with {
            $0.partitions = zip(trims, answers).map { trim, answer in
                .with {
                    $0.topic = trim.topic
                    $0.partition = trim.partition
                    guard let answer else {
                        $0.error = .unknown(trim.topic, trim.partition, in: image)
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
