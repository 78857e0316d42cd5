// SPDX-License-Identifier: Apache-2.0

internal import Primitives
internal import Transport
internal import WireProtocol

extension RPCClient {
    /// One request, one response, on the loop and without a task.
    func callRaw<Request, Response>(
        _ method: UnaryMethod<Request, Response>, _ request: Request, _ deadlineMilliseconds: Int64,
        _ done: @escaping (Result<Response, RPCError>) -> Void
    ) -> RPCRawStream {
        openRaw(method, Payload(request), deadlineMilliseconds: deadlineMilliseconds) { event in
            guard case .ended(let result) = event else { return }
            done(
                result.flatMap { payload in
                    do throws(DecodeError) {
                        return .success(try payload.decoded())
                    } catch {
                        return .failure(RPCError(.internalFault, "the \(Response.name) does not decode: \(error)"))
                    }
                })
        }
    }
}

extension RPCLimits {
    /// Between nodes of the cluster that watch each other: silence is noticed in seconds.
    static var betweenControllers: RPCLimits {
        var limits = RPCLimits()
        limits.pingAfterMilliseconds = 2_000
        limits.pingTimeoutMilliseconds = 2_000
        limits.handshakeMilliseconds = 2_000
        return limits
    }
}
