// SPDX-License-Identifier: Apache-2.0

internal import KafkaProtocol
internal import Primitives
internal import StorageEngine
internal import Transport
internal import WireProtocol

extension AdminService {
    /// Answers other brokers' coordinators and leaders. Both are on the way of a produce or a commit, so they run on the
    /// loop of the connection, without a task.
    func registerTransactions(in service: inout RPCService) {
        service.raw(TransactionPeers.writeMarkers) { [shards] call in
            Self.serve(call) { (request: TransactionPeers.WriteMarkersRequest) in
                let shard = shards[call.loop.index]
                let partitions = request.partitions.map { shard.address($0.topic, $0.index.rawValue).id }
                shard.writeMarkers(TransactionMarker(request), to: partitions) { codes in
                    var response = TransactionPeers.WriteMarkersResponse()
                    response.errorCodes = codes.map(\.rawValue)
                    call.respond(Payload(response))
                }
            }
        }
        service.raw(TransactionPeers.verify) { [shards] call in
            Self.serve(call) { (request: TransactionPeers.VerifyRequest) in
                shards[call.loop.index].verifyTransactionHere(TransactionVerification(request)) { codes in
                    var response = TransactionPeers.VerifyResponse()
                    response.errorCodes = codes.map { ($0 ?? ErrorCode.none).rawValue }
                    call.respond(Payload(response))
                }
            }
        }
    }

    private static func serve<Request: Message>(_ call: RPCCall, _ work: (Request) -> Void) {
        let request: Request
        do throws(DecodeError) {
            request = try call.request.decoded()
        } catch {
            return call.fail(RPCError(.invalidRequest, "the \(Request.name) does not decode: \(error)"))
        }
        work(request)
    }
}

extension TransactionVerification {
    fileprivate init(_ request: TransactionPeers.VerifyRequest) {
        self.init(
            transactionalID: request.transactionalID, producerID: request.producerID,
            producerEpoch: request.producerEpoch,
            partitions: request.partitions.map { TopicPartition(topic: $0.topic, partition: $0.index) },
            adds: request.adds)
    }
}
