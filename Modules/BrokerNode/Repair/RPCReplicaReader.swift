// SPDX-License-Identifier: Apache-2.0

internal import Primitives
internal import Transport
internal import WireProtocol

/// Asks over the framed RPC: a connection for each broker, for as long as something is asked of it.
final class RPCReplicaReader: ReplicaReader {
    private struct Peer {
        let address: NetworkAddress
        let client: RPCClient
        var askedCount = 0
    }

    private static let connectMilliseconds: Int64 = 1_000

    private let loop: ShardLoop
    private let hello: Hello
    private var peers: [NodeID: Peer] = [:]

    init(loop: ShardLoop, hello: Hello) {
        self.loop = loop
        self.hello = hello
    }

    func fetchLog(
        of broker: NodeID, host: String, port: Int, _ request: Replicas.FetchLogRequest,
        withinMilliseconds milliseconds: Int64, done: @escaping (Result<ReplicaAnswerBytes, RPCError>) -> Void
    ) {
        let client = client(of: broker, at: NetworkAddress(host: host, port: port))
        // Not before this has returned, however early the call fails.
        loop.schedule(afterMilliseconds: 0) { [self] in
            _ = client.openRaw(Replicas.fetchLog, Payload(request), deadlineMilliseconds: milliseconds) {
                [weak self] event in
                guard case .ended(let result) = event else { return }
                done(result.flatMap(Self.decoded))
                self?.release(client, of: broker)
                self?.loop.roundHasWork()
            }
        }
    }

    private static func decoded(_ payload: Payload) -> Result<ReplicaAnswerBytes, RPCError> {
        do throws(DecodeError) {
            return .success(ReplicaAnswerBytes(try payload.decoded(), payload.attachment))
        } catch {
            return .failure(RPCError(.internalFault, "the FetchLogResponse does not decode: \(error)"))
        }
    }

    private func client(of broker: NodeID, at address: NetworkAddress) -> RPCClient {
        var peer: Peer
        if let known = peers[broker], known.address == address {
            peer = known
        } else {
            peer = Peer(
                address: address,
                client: RPCClient(
                    address: address, hello: hello, connectMilliseconds: Self.connectMilliseconds, loop: loop))
        }
        peer.askedCount += 1
        peers[broker] = peer
        return peer.client
    }

    /// Dropping a client closes its connection.
    private func release(_ client: RPCClient, of broker: NodeID) {
        guard let peer = peers[broker], peer.client === client else { return }
        peers[broker]?.askedCount -= 1
        if peer.askedCount == 1 { peers[broker] = nil }
    }
}
