// SPDX-License-Identifier: Apache-2.0

internal import Telemetry
public import Transport

/// Answers operators and their tools over HTTP: `/metrics`, `/healthz` and `/readyz`.
public final class AdminEndpoint: Sendable {
    private let listener: HTTPListener

    private init(listener: HTTPListener) { self.listener = listener }

    /// Where it listens; the real port when 0 was asked for.
    public var address: NetworkAddress { listener.address }

    /// Listens on `host` and `port` (0: any free one), on a thread of its own.
    ///
    /// - Parameter process: For the metrics that the node cannot know.
    /// - Throws: `ListenerFault`.
    public static func start(
        for node: BrokerNode, host: String, port: Int, process: ProcessFacts = ProcessFacts()
    ) async throws -> AdminEndpoint {
        let listener = try await HTTPListener.bind(host: host, port: port) { request in
            await answer(request, node, process)
        }
        return AdminEndpoint(listener: listener)
    }

    /// Stops listening and cuts open connections.
    public func shutDown() async { await listener.shutDown() }

    private static func answer(
        _ request: HTTPRequest, _ node: BrokerNode, _ process: ProcessFacts
    ) async -> HTTPResponse {
        guard ["/metrics", "/healthz", "/readyz"].contains(request.path) else {
            return HTTPResponse(status: 404, text: "there are /metrics, /healthz and /readyz\n")
        }
        guard request.method == "GET" else { return HTTPResponse(status: 405, text: "only GET is answered\n") }
        switch request.path {
        case "/metrics":
            let text = await node.metricsText(of: process)
            return HTTPResponse(status: 200, contentType: PrometheusText.contentType, body: Array(text.utf8))
        case "/healthz":
            let health = await node.health()
            return state(health.isHealthy, "healthy", because: health.unansweredShards.map(unanswered))
        default:
            let readiness = await node.readiness()
            return state(readiness.isReady, "ready", because: readiness.obstacles.map(\.text))
        }
    }

    fileprivate static func unanswered(_ shard: Int) -> String { "shard \(shard) does not answer" }

    private static func state(_ isGood: Bool, _ word: String, because reasons: [String]) -> HTTPResponse {
        let list = reasons.map { "\"\(escaped($0))\"" }.joined(separator: ",")
        let body = "{\"\(word)\":\(isGood),\"reasons\":[\(list)]}\n"
        return HTTPResponse(status: isGood ? 200 : 503, contentType: "application/json", body: Array(body.utf8))
    }

    /// Text inside the quotes of JSON (RFC 8259, section 7).
    private static func escaped(_ text: String) -> String {
        var escaped = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"", "\\": escaped += "\\\(scalar)"
            case "\0"..<" ":
                let digits = String(scalar.value, radix: 16)
                escaped += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: escaped.unicodeScalars.append(scalar)
            }
        }
        return escaped
    }
}

extension BrokerNode {
    /// Every metric of `MetricCatalogue`, in the Prometheus text format 0.0.4.
    ///
    /// Takes at most five seconds. A shard that does not answer in time is told of with its last numbers, and counted in
    /// `myelin_scrape_unanswered_shards`.
    /// - Parameter process: For the metrics that the node cannot know.
    public func metricsText(of process: ProcessFacts = ProcessFacts()) async -> String {
        PrometheusText.export([await observer.metrics(of: process)])
    }

    /// As `metricsText(of:)`, with another bound than five seconds.
    package func metricsText(withinMilliseconds milliseconds: Int64) async -> String {
        PrometheusText.export([
            await observer.metrics(of: ProcessFacts(), withinMilliseconds: milliseconds)
        ])
    }
}

extension NodeReadiness.Obstacle {
    /// One sentence without its full stop.
    fileprivate var text: String {
        switch self {
        case .stopping: "the node is stopping"
        case .shardUnanswered(let shard): AdminEndpoint.unanswered(shard)
        case .partitionUnavailable(let name): "partition \(name) is not available"
        case .dataFolderTakesNoWrites(let reason): "the data folder takes no writes: \(reason)"
        }
    }
}
