// SPDX-License-Identifier: Apache-2.0

package import Primitives
package import WireProtocol

/// How one shard asks other brokers for parts of their logs.
///
/// - SeeAlso: docs/decisions/0016-repair.md
package protocol ReplicaReader: AnyObject {
    /// Asks one broker once; `done` is called on the shard, later than this returns, with the answer and its batches.
    func fetchLog(
        of broker: NodeID, host: String, port: Int, _ request: Replicas.FetchLogRequest, withinMilliseconds: Int64,
        done: @escaping (Result<ReplicaAnswerBytes, RPCError>) -> Void)
}

/// What a replica answered, not checked yet.
package struct ReplicaAnswerBytes: Sendable {
    package let response: Replicas.FetchLogResponse
    package let batches: SharedBytes

    package init(_ response: Replicas.FetchLogResponse, _ batches: SharedBytes) {
        self.response = response
        self.batches = batches
    }
}
