// SPDX-License-Identifier: Apache-2.0

internal import KafkaProtocol
internal import Primitives

struct TransactionVerification: Sendable {
    let transactionalID: String
    let producerID: ProducerID
    let producerEpoch: ProducerEpoch
    let partitions: [TopicPartition]
    let adds: Bool
}

extension BrokerShard {
    func verifyTransaction(_ verification: TransactionVerification, then: @escaping ([ErrorCode?]) -> Void) {
        then(verification.partitions.map { _ in .coordinatorNotAvailable })
    }
}
