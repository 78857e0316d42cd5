// SPDX-License-Identifier: Apache-2.0

internal import Coordinator
internal import Primitives
internal import Transport
internal import WireProtocol

/// Calls from one shard to other brokers: a connection for each, made when first needed, and answers on the shard's loop.
final class PeerCalls {
    private struct Peer {
        let endpoint: RPCEndpoint
        let client: RPCClient
    }

    private static let connectMilliseconds: Int64 = 1_000
    private let loop: ShardLoop
    private let hello: Hello
    private var peers: [NodeID: Peer] = [:]

    init(loop: ShardLoop, hello: Hello) {
        self.loop = loop
        self.hello = hello
    }

    /// Calls a method of a broker; `reply` comes once, on the loop, within the deadline.
    func call<Request, Response>(
        _ broker: NodeID, at endpoint: RPCEndpoint, _ method: UnaryMethod<Request, Response>, _ request: Request,
        withinMilliseconds milliseconds: Int64, reply: @escaping (Result<Response, RPCError>) -> Void
    ) {
        _ = client(of: broker, at: endpoint).openRaw(
            method, Payload(request), deadlineMilliseconds: milliseconds
        ) { [loop] event in
            guard case .ended(let result) = event else { return }
            reply(result.decoded())
            loop.roundHasWork()
        }
    }

    private func client(of broker: NodeID, at endpoint: RPCEndpoint) -> RPCClient {
        if let known = peers[broker], known.endpoint == endpoint { return known.client }
        let client = RPCClient(
            address: NetworkAddress(host: endpoint.host, port: Int(endpoint.port)), hello: hello,
            connectMilliseconds: Self.connectMilliseconds, loop: loop)
        peers[broker] = Peer(endpoint: endpoint, client: client)
        return client
    }
}

extension Result where Success == Payload, Failure == RPCError {
    fileprivate func decoded<Content: Message>() -> Result<Content, RPCError> {
        flatMap { payload in
            do throws(DecodeError) {
                return .success(try payload.decoded())
            } catch {
                return .failure(RPCError(.internalFault, "the answer does not decode: \(error)"))
            }
        }
    }
}
