// SPDX-License-Identifier: Apache-2.0

internal import Coordinator
internal import Primitives
import Synchronization
internal import Transport
internal import WireProtocol

/// RPC clients to the other brokers, one for each, made when first needed.
final class PeerBrokers: Sendable {
    /// How long another broker may take to answer for itself; one that is slower counts as not there.
    static let answerMilliseconds: Int64 = 3_000
    /// How long it may take over what a caller asked for.
    static let workMilliseconds: Int64 = 30_000
    private static let connectMilliseconds: Int64 = 1_000

    private struct Peer {
        let endpoint: RPCEndpoint
        let client: RPCClient
    }

    private let identity: BrokerIdentity
    private let loop: ShardLoop
    private let peers = Mutex<[NodeID: Peer]>([:])

    init(identity: BrokerIdentity, loop: ShardLoop) {
        self.identity = identity
        self.loop = loop
    }

    /// The client of a broker where it answers now. A broker that came back elsewhere gets a new one.
    ///
    /// - Throws: `.unavailable` for a broker that is fenced or has said nowhere that it answers.
    func client(of id: NodeID, in image: MetadataImage) throws(RPCError) -> RPCClient {
        let endpoint = try endpoint(of: id, in: image)
        return peers.withLock { peers in
            if let known = peers[id], known.endpoint == endpoint { return known.client }
            let client = RPCClient(
                address: NetworkAddress(host: endpoint.host, port: Int(endpoint.port)),
                hello: .node(identity.id, role: .broker, clusterID: identity.clusterID, wants: .broker),
                connectMilliseconds: Self.connectMilliseconds, loop: loop)
            peers[id] = Peer(endpoint: endpoint, client: client)
            return client
        }
    }

    private func endpoint(of id: NodeID, in image: MetadataImage) throws(RPCError) -> RPCEndpoint {
        guard let broker = image.broker(id) else {
            throw RPCError(.unavailable, "broker \(id) is not registered")
        }
        guard !broker.isFenced else {
            throw RPCError(
                .unavailable, "broker \(id) is fenced: it is stopped, or cut off from the controllers",
                remedy: "Start it; 'myelin cluster brokers' shows when it is back.")
        }
        guard let endpoint = broker.rpc else {
            throw RPCError(.unavailable, "broker \(id) has registered no RPC endpoint")
        }
        return endpoint
    }

    /// Puts a question to another broker.
    func ask<Request, Response>(
        _ id: NodeID, in image: MetadataImage, _ method: UnaryMethod<Request, Response>, _ request: Request,
        withinMilliseconds milliseconds: Int64 = workMilliseconds
    ) async throws(RPCError) -> Response {
        do throws(RPCError) {
            return try await client(of: id, in: image).call(method, request, deadlineMilliseconds: milliseconds)
        } catch {
            guard error.code.endsConnection || error.code == .deadlineExceeded else { throw error }
            throw RPCError(
                error.code, "broker \(id) did not answer: \(error.message)",
                remedy: error.remedy.isEmpty ? "'myelin doctor' tells more." : error.remedy,
                isRetryable: error.isRetryable)
        }
    }

    /// Puts a question to several brokers at once; an answer or the reason for none, by broker.
    func askEach<Request, Response>(
        _ ids: [NodeID], in image: MetadataImage, _ method: UnaryMethod<Request, Response>,
        withinMilliseconds milliseconds: Int64 = answerMilliseconds,
        _ request: @escaping @Sendable (NodeID) -> Request
    ) async -> [NodeID: Result<Response, RPCError>] {
        await withTaskGroup(of: (NodeID, Result<Response, RPCError>).self) { group in
            for id in ids {
                group.addTask { [self] in
                    do throws(RPCError) {
                        return (
                            id,
                            .success(
                                try await ask(id, in: image, method, request(id), withinMilliseconds: milliseconds))
                        )
                    } catch {
                        return (id, .failure(error))
                    }
                }
            }
            var answers: [NodeID: Result<Response, RPCError>] = [:]
            for await (id, answer) in group { answers[id] = answer }
            return answers
        }
    }
}

extension MetadataImage {
    /// Brokers other than `id` that can be asked.
    func peers(of id: NodeID) -> [NodeID] {
        brokers().filter { $0.id != id && !$0.isFenced && $0.rpc != nil }.map(\.id)
    }
}
