// SPDX-License-Identifier: Apache-2.0

public import Primitives
public import WireProtocol

/// Who asks and how long they wait, for an `async` handler.
public struct RPCContext: Sendable {
    /// Who asks, as its hello said.
    public let peer: Hello
    /// What both ends speak.
    public let featureLevel: FeatureLevel
    /// When the caller stops waiting; pass it on to whatever the handler waits for.
    public let deadline: Instant

    init(_ call: RPCCall) {
        peer = call.peer
        featureLevel = call.featureLevel
        deadline = call.deadline
    }
}

/// The task of an `async` handler. The call owns it: it is cancelled when nobody waits for the answer any more.
enum RPCServerTask {
    static func run<Response: Message>(
        _ call: RPCCall, _ body: @escaping @Sendable (RPCInbox) async throws -> Response
    ) {
        let inbox = RPCInbox { call.taken($0) }
        let task = Task {
            do {
                call.respond(Payload(try await body(inbox)))
            } catch let error as RPCError {
                call.fail(error)
            } catch is CancellationError {
                call.fail(RPCError(.cancelled, "the handler was cancelled"))
            } catch {
                call.fail(RPCError(.internalFault, "the node failed: \(error)", remedy: "See its log."))
            }
        }
        call.observe { event in
            switch event {
            case .item(let payload, let cost): inbox.append(payload, cost: cost)
            case .end: inbox.finish(.success(()))
            case .abandoned(let error):
                inbox.finish(.failure(error))
                task.cancel()
            }
        }
    }
}
