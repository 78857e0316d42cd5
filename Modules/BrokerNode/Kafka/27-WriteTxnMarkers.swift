// SPDX-License-Identifier: Apache-2.0

internal import KafkaProtocol
internal import Primitives
internal import StorageEngine

extension BrokerShard {
    /// Ends transactions in partitions that this broker leads: for administrators, since our own coordinators use our RPC.
    func writeTxnMarkers(_ request: WriteTxnMarkersRequest, _ context: RequestContext) {
        let items = request.markers.flatMap { marker in
            marker.topics.flatMap { topic in
                topic.partitionIndexes.map { (id: address(topic.name, $0).id, item: TransactionMarker(marker)) }
            }
        }
        askPartitions(items, { $0.writeMarker($2, to: $1, reply: $3) }) { [self] (answers: [ErrorCode]) in
            var answers = answers.makeIterator()
            var response = WriteTxnMarkersResponse()
            response.markers = request.markers.map { marker in
                var result = WriteTxnMarkersResponse.WritableTxnMarkerResult()
                result.producerID = marker.producerID
                result.topics = marker.topics.map { topic in
                    var topicResult = WriteTxnMarkersResponse.WritableTxnMarkerTopicResult()
                    topicResult.name = topic.name
                    topicResult.partitions = topic.partitionIndexes.map { index in
                        var partition = WriteTxnMarkersResponse.WritableTxnMarkerPartitionResult()
                        guard let code = answers.next() else { preconditionFailure("fewer answers than partitions") }
                        partition.partitionIndex = index
                        partition.errorCode = code.rawValue
                        return partition
                    }
                    return topicResult
                }
                return result
            }
            respond(response, to: context)
        }
    }

    private func writeMarker(
        _ marker: TransactionMarker, to partition: Partition?, reply: @escaping (ErrorCode) -> Void
    ) {
        guard let partition else { return reply(.unknownTopicOrPartition) }
        writeMarker(marker, to: partition) { result in
            switch result {
            case .success: reply(.none)
            case .failure(let failure): reply(failure.kafkaCode)
            }
        }
    }
}

extension TransactionMarker {
    fileprivate init(_ marker: WriteTxnMarkersRequest.WritableTxnMarker) {
        self.init(
            producerID: ProducerID(marker.producerID), producerEpoch: ProducerEpoch(marker.producerEpoch),
            committed: marker.transactionResult, coordinatorEpoch: marker.coordinatorEpoch,
            transactionVersion: Int16(marker.transactionVersion))
    }
}
