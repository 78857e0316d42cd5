// SPDX-License-Identifier: Apache-2.0

import ControllerNode
import Transport

/// Answers operators and their tools over HTTP as a broker does: `/metrics`, `/healthz` and `/readyz`.
struct ControllerEndpoint: Sendable {
    private let listener: HTTPListener

    /// Where it listens; the real port when 0 was asked for.
    var address: NetworkAddress { listener.address }

    static func start(for server: ControllerServer, port: Int) async throws -> ControllerEndpoint {
        let listener = try await HTTPListener.bind(host: server.address.host, port: port) { request in
            await answer(request, server)
        }
        return ControllerEndpoint(listener: listener)
    }

    /// Stops listening and cuts open connections.
    func shutDown() async { await listener.shutDown() }

    private static func answer(_ request: HTTPRequest, _ server: ControllerServer) async -> HTTPResponse {
        guard ["/metrics", "/healthz", "/readyz"].contains(request.path) else {
            return HTTPResponse(status: 404, text: "there are /metrics, /healthz and /readyz\n")
        }
        guard request.method == "GET" else { return HTTPResponse(status: 405, text: "only GET is answered\n") }
        let status = await server.status
        switch request.path {
        case "/metrics":
            let text = ControllerMetrics(status: status, isReady: await server.isReady).text
            return HTTPResponse(status: 200, contentType: ControllerMetrics.contentType, body: Array(text.utf8))
        case "/healthz":
            return state(status.failure == nil, "healthy", because: "the controller is out of service: see its log")
        default:
            return state(
                await server.isReady, "ready",
                because: status.leader == nil
                    ? "no controller is active: a majority of the voters has to run"
                    : "the metadata is behind that of the active controller")
        }
    }

    /// The form that brokers answer in.
    private static func state(_ isGood: Bool, _ word: String, because reason: String) -> HTTPResponse {
        let body = "{\"\(word)\":\(isGood),\"reasons\":[\(isGood ? "" : "\"\(reason)\"")]}\n"
        return HTTPResponse(status: isGood ? 200 : 503, contentType: "application/json", body: Array(body.utf8))
    }
}
