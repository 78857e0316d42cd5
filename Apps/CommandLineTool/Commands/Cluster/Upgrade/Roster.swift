// SPDX-License-Identifier: Apache-2.0

import AdminClient
import WireProtocol

/// The brokers of a cluster as places to ask: while one restarts, another answers.
///
/// One task uses it.
final class Roster {
    private static let callMilliseconds: Int64 = 5_000
    private static let pause = Duration.milliseconds(500)

    private var clients: [(address: String, client: AdminClient)]
    private let first: AdminClient

    /// - Parameter first: Asked first, and left open at the end.
    init(_ first: AdminClient, _ info: Admin.ClusterInfoResponse) throws(RPCError) {
        self.first = first
        clients = [("", first)]
        for broker in info.brokers {
            for endpoint in broker.endpoints where endpoint.listenerName == "RPC" {
                let host = endpoint.host.contains(":") ? "[\(endpoint.host)]" : endpoint.host
                let address = "\(host):\(endpoint.port)"
                clients.append(
                    (
                        address,
                        try AdminClient(
                            address: address, hello: .tool, deadlineMilliseconds: Self.callMilliseconds)
                    ))
            }
        }
    }

    func close() async {
        for (_, client) in clients where client !== first { await client.close() }
    }

    /// Puts a question to the first broker that answers it; who does not answer is asked last from then on.
    ///
    /// - Throws: the last error when nobody answers until `deadline`.
    func ask<Answer>(
        until deadline: ContinuousClock.Instant, _ question: (AdminClient) async throws -> Answer
    ) async throws -> Answer {
        var tries = 0
        while true {
            do {
                return try await question(clients[0].client)
            } catch let error as RPCError where error.isRetryable || error.code == .deadlineExceeded {
                guard ContinuousClock.now < deadline else { throw error }
                clients.append(clients.removeFirst())
                tries += 1
                if tries % clients.count == 0 { try await Task.sleep(for: Self.pause) }
            }
        }
    }
}
