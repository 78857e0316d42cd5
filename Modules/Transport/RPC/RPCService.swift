// SPDX-License-Identifier: Apache-2.0

internal import Primitives
public import WireProtocol

/// What a node answers: one handler per method.
///
/// Two kinds of handler. `raw` runs on the connection's loop, plain calls and callbacks, for what is hot. The others are
/// `async`, run on the global pool in a task of their own that is cancelled when nobody waits for the answer any more, and
/// are for the control plane. A handler that throws an `RPCError` answers with it; any other error becomes
/// `.internalFault`.
public struct RPCService: Sendable {
    typealias Handler = @Sendable (RPCCall) -> Void

    private(set) var handlers: [MethodID: Handler] = [:]
    /// The methods that have a handler.
    public private(set) var methods: [MethodDescriptor] = []

    public init() {}

    /// Answers on the loop of the connection; `call` may be kept and answered later.
    ///
    /// - Precondition: the method has no handler yet; so for all registrations.
    public mutating func raw<Request, Response, ClientItem, ServerItem>(
        _ method: Method<Request, Response, ClientItem, ServerItem>, _ body: @escaping @Sendable (RPCCall) -> Void
    ) {
        precondition(handlers[method.id] == nil, "\(method.descriptor.name) has two handlers")
        handlers[method.id] = body
        methods.append(method.descriptor)
    }

    /// One request, one response.
    public mutating func on<Request, Response>(
        _ method: UnaryMethod<Request, Response>,
        _ body: @escaping @Sendable (Request, RPCContext) async throws -> Response
    ) {
        raw(method) { call in
            RPCServerTask.run(call) { _ in try await body(try call.decodedRequest(), RPCContext(call)) }
        }
    }

    /// One request, items to the caller, one response.
    public mutating func on<Request, ServerItem, Response>(
        _ method: ServerStreamingMethod<Request, ServerItem, Response>,
        _ body:
            @escaping @Sendable (Request, RPCItemWriter<ServerItem>, RPCContext) async throws -> Response
    ) {
        raw(method) { call in
            RPCServerTask.run(call) { _ in
                try await body(try call.decodedRequest(), RPCItemWriter(call), RPCContext(call))
            }
        }
    }

    /// One request, items from the caller, one response.
    public mutating func on<Request, ClientItem, Response>(
        _ method: ClientStreamingMethod<Request, ClientItem, Response>,
        _ body:
            @escaping @Sendable (Request, RPCItems<ClientItem>, RPCContext) async throws -> Response
    ) {
        raw(method) { call in
            RPCServerTask.run(call) { inbox in
                try await body(try call.decodedRequest(), RPCItems(inbox), RPCContext(call))
            }
        }
    }

    /// One request, items both ways, one response.
    public mutating func on<Request, Response, ClientItem, ServerItem>(
        _ method: Method<Request, Response, ClientItem, ServerItem>,
        _ body:
            @escaping @Sendable (Request, RPCItems<ClientItem>, RPCItemWriter<ServerItem>, RPCContext) async throws ->
            Response
    ) {
        raw(method) { call in
            RPCServerTask.run(call) { inbox in
                try await body(
                    try call.decodedRequest(), RPCItems(inbox), RPCItemWriter(call), RPCContext(call))
            }
        }
    }
}

extension RPCCall {
    fileprivate func decodedRequest<Request: Message>() throws(RPCError) -> Request {
        do throws(DecodeError) {
            return try request.decoded()
        } catch {
            throw RPCError(.invalidRequest, "the \(Request.name) does not decode: \(error)")
        }
    }
}
