// SPDX-License-Identifier: Apache-2.0

public import Transport
public import WireProtocol

/// Asks a node of the cluster what an operator can ask, one typed method per method of the admin catalogue.
///
/// Connects at the first call and again when the connection was lost. Every method throws `RPCError`, whose `message` says
/// what is wrong and whose `remedy` what to do; items of one request fail alone, each with its own `error`.
public final class AdminClient: Sendable {
    /// The client that carries the calls, for methods of other catalogues.
    public let rpc: RPCClient
    /// How long each call may take.
    public let deadlineMilliseconds: Int64
    /// Started by this client and ended with it; nil where the caller gave a loop.
    private let ownGroup: ShardLoopGroup?

    /// A client on a loop of the caller's.
    public init(
        address: NetworkAddress, hello: Hello = .client(),
        deadlineMilliseconds: Int64 = RPCClient.callMillisecondsDefault, limits: RPCLimits = RPCLimits(),
        loop: ShardLoop
    ) {
        rpc = RPCClient(address: address, hello: hello, limits: limits, loop: loop)
        self.deadlineMilliseconds = deadlineMilliseconds
        ownGroup = nil
    }

    /// A client with a thread of its own, for tools.
    ///
    /// - Parameter address: `host`, `host:port`, `[v6]:port`; the port is 9190 where none is given.
    /// - Throws: `.invalidRequest` when the address is none.
    public init(
        address: String, hello: Hello = .client(), deadlineMilliseconds: Int64 = RPCClient.callMillisecondsDefault
    ) throws(RPCError) {
        guard let parsed = NetworkAddress(parsing: address) else {
            throw RPCError(
                .invalidRequest, "\"\(address)\" is no address",
                remedy: "Write host:port, for example 127.0.0.1:\(NetworkAddress.rpcPortDefault).")
        }
        let group = ShardLoopGroup(count: 1)
        rpc = RPCClient(address: parsed, hello: hello, loop: group.loops[0])
        self.deadlineMilliseconds = deadlineMilliseconds
        ownGroup = group
    }

    /// Ends open calls and the connection. Call it once, last.
    public func close() async {
        await rpc.close()
        await ownGroup?.shutDown()
    }

    func call<Request: Message, Response: Message>(
        _ method: UnaryMethod<Request, Response>, _ request: Request
    ) async throws(RPCError) -> Response {
        try await rpc.call(method, request, deadlineMilliseconds: deadlineMilliseconds)
    }
}
