// SPDX-License-Identifier: Apache-2.0

internal import KafkaProtocol
internal import Primitives
internal import StorageEngine

/// Sizes of the partitions of one shard.
struct PartitionSize: Sendable {
    let topic: String
    let index: PartitionIndex
    let byteCount: Int64
}

extension BrokerShard {
    func describeLogDirs(_ request: DescribeLogDirsRequest, _ context: RequestContext) {
        askAll({ shard, reply in reply(shard.partitionSizes()) }) { [self] (sizes: [[PartitionSize]]) in
            let wanted = request.topics.map { topics in
                Dictionary(topics.map { ($0.topic, Set($0.partitions)) }, uniquingKeysWith: { $0.union($1) })
            }
            let chosen = sizes.flatMap(\.self).filter { size in
                wanted.map { $0[size.topic]?.contains(size.index.rawValue) ?? false } ?? true
            }
            var directory = DescribeLogDirsResponse.DescribeLogDirsResult()
            directory.logDir = node.dataDirectory
            directory.errorCode = (self.directory == .failed ? ErrorCode.kafkaStorageError : .none).rawValue
            directory.topics = Dictionary(grouping: chosen, by: \.topic).sorted { $0.key < $1.key }.map {
                var topic = DescribeLogDirsResponse.DescribeLogDirsTopic()
                topic.name = $0.key
                topic.partitions = $0.value.sorted { $0.index < $1.index }.map { size in
                    var partition = DescribeLogDirsResponse.DescribeLogDirsPartition()
                    partition.partitionIndex = size.index.rawValue
                    partition.partitionSize = size.byteCount
                    return partition
                }
                return topic
            }
            if context.version >= 4 { directory.usableBytes = (try? disk.freeByteCount()) ?? -1 }
            var response = DescribeLogDirsResponse()
            response.results = [directory]
            respond(response, to: context)
        }
    }

    func partitionSizes() -> [PartitionSize] {
        partitions.values.map {
            PartitionSize(topic: $0.topic, index: $0.id.index, byteCount: $0.log.byteCount)
        }
    }
}
