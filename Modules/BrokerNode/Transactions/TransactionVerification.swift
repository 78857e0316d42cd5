// SPDX-License-Identifier: Apache-2.0

internal import Coordinator
internal import KafkaProtocol
internal import Primitives
internal import Transactions
internal import WireProtocol

/// What a partition's leader wants to know before it takes the first batch of a transaction (KIP-890).
struct TransactionVerification: Sendable {
    let transactionalID: String
    let producerID: ProducerID
    let producerEpoch: ProducerEpoch
    let partitions: [TopicPartition]
    /// The client is one of `transaction.version` 2: partitions become part of its transaction by being written to.
    let adds: Bool
}

extension BrokerShard {
    private static let verificationMilliseconds: Int64 = 5_000

    /// Asks the coordinator, here or at another broker; `reply` gets a code for each partition, in order, nil for one that
    /// is part of the ongoing transaction.
    func verifyTransaction(_ verification: TransactionVerification, then reply: @escaping ([ErrorCode?]) -> Void) {
        let all = { (code: ErrorCode) in reply(verification.partitions.map { _ in code }) }
        guard let partition = coordinatorPartition(of: TransactionalID(verification.transactionalID)),
            let leader = image.partition(partition)?.leader, leader != .none
        else { return all(.coordinatorNotAvailable) }
        guard leader != node.id else { return verifyTransactionHere(verification, then: reply) }
        guard let peerCalls, let endpoint = image.broker(leader)?.rpc else { return all(.coordinatorNotAvailable) }
        peerCalls.call(
            leader, at: endpoint, TransactionPeers.verify, .init(verification),
            withinMilliseconds: Self.verificationMilliseconds
        ) { result in
            guard case .success(let response) = result, response.errorCodes.count == verification.partitions.count
            else {
                return all(.networkException)
            }
            reply(
                response.errorCodes.map { code in
                    code == ErrorCode.none.rawValue ? nil : ErrorCode(rawValue: code) ?? .unknownServerError
                })
        }
    }

    /// As `verifyTransaction`, from the coordinators of this broker alone.
    func verifyTransactionHere(_ verification: TransactionVerification, then reply: @escaping ([ErrorCode?]) -> Void) {
        let id = TransactionalID(verification.transactionalID)
        let producer = ProducerIdentity(verification.producerID, verification.producerEpoch)
        let partitions = verification.partitions
        let request: TransactionRequest =
            verification.adds
            ? .addPartitions(AddPartitionsRequest(id, producer, partitions, version: .bumping))
            : .verifyPartitions(VerifyPartitionsRequest(id, producer, partitions))
        askTransaction(id, request) { answer in
            switch answer {
            case .addPartitions(let refusal): reply(partitions.map { _ in refusal?.kafkaCode })
            case .verifyPartitions(let refusals): reply(refusals.map { $0?.kafkaCode })
            default: preconditionFailure("a verification was answered with \(answer)")
            }
        }
    }
}

extension TransactionPeers.VerifyRequest {
    fileprivate init(_ verification: TransactionVerification) {
        self.init()
        transactionalID = verification.transactionalID
        producerID = verification.producerID
        producerEpoch = verification.producerEpoch
        partitions = verification.partitions.map { TransactionPeers.Partition($0) }
        adds = verification.adds
    }
}
