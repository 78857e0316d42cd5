// SPDX-License-Identifier: Apache-2.0

internal import Coordinator
internal import Groups
internal import KafkaProtocol
internal import Primitives
internal import Transactions

extension BrokerShard {
    /// A transaction will commit offsets of a group: the group's partition of `__consumer_offsets` becomes part of it.
    func addOffsetsToTransaction(_ request: AddOffsetsToTxnRequest, _ context: RequestContext) {
        guard image.topic(named: OffsetsTopic.name) == nil else { return addOffsets(request, context) }
        command(EnsureInternalTopic(.consumerOffsets)) { [self] result in
            guard case .success(.success) = result else {
                var response = AddOffsetsToTxnResponse()
                response.errorCode = ErrorCode.coordinatorNotAvailable.rawValue
                return respond(response, to: context)
            }
            addOffsets(request, context)
        }
    }

    private func addOffsets(_ request: AddOffsetsToTxnRequest, _ context: RequestContext) {
        var response = AddOffsetsToTxnResponse()
        guard let partition = coordinatorPartition(of: GroupID(request.groupID)) else {
            response.errorCode = ErrorCode.coordinatorNotAvailable.rawValue
            return respond(response, to: context)
        }
        let id = TransactionalID(request.transactionalID)
        let content = AddPartitionsRequest(
            id, ProducerIdentity(ProducerID(request.producerID), ProducerEpoch(request.producerEpoch)),
            [TopicPartition(topic: OffsetsTopic.name, partition: partition.index)])
        askTransaction(id, .addPartitions(content)) { [self] answer in
            guard case .addPartitions(let refusal) = answer else {
                preconditionFailure("an AddOffsetsToTxn was answered with \(answer)")
            }
            response.errorCode = refusal?.kafkaCode(context.version, knowsFencedFrom: 2).rawValue ?? 0
            respond(response, to: context)
        }
    }
}
