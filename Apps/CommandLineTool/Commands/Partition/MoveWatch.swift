// SPDX-License-Identifier: Apache-2.0

import AdminClient
import Primitives
import WireProtocol

/// Follows moves of partitions on the terminal until they are done.
struct MoveWatch {
    /// What is left to do.
    struct Standing {
        let left: Int64
        let total: Int64
        let noun: String
        let bytesLeft: Int64
    }

    private static let interval = Duration.milliseconds(500)
    /// Brokers restart and leaders change while data moves: the watch outlives that.
    private static let patience = Duration.seconds(60)

    let node: NodeSession
    let surroundings: Surroundings
    let label: String

    /// Returns when nothing is left.
    func run(_ standing: ([Admin.PartitionMoveProgress]) async throws -> Standing) async throws {
        let progress = Progress(label, on: surroundings)
        defer { progress.finish() }
        var estimate = MoveEstimate()
        var lastAnswer = ContinuousClock.now
        while true {
            do {
                let now = try await standing(try await node.client.partitionMoves().moves)
                lastAnswer = .now
                guard now.left > 0 else { return }
                estimate.observe(left: now.bytesLeft, at: progress.elapsed.nanoseconds)
                progress.update(Double(now.total - now.left) / Double(max(now.total, 1)), sentence(now, estimate))
            } catch let error as RPCError where error.isRetryable && .now - lastAnswer < Self.patience {
                progress.update(nil, "no answer: \(error.message)")
            }
            try await Task.sleep(for: Self.interval)
        }
    }

    private func sentence(_ now: Standing, _ estimate: MoveEstimate) -> String {
        let count = "\(Units.count(now.total - now.left)) of \(Units.count(now.total, now.noun))"
        guard now.bytesLeft > 0 else { return count }
        let left = "\(count), \(Units.bytes(now.bytesLeft)) left"
        guard let rate = estimate.bytesPerSecond, let milliseconds = estimate.millisecondsLeft else { return left }
        return "\(left) at \(Units.bytes(Int64(rate)))/s, about \(Units.duration(milliseconds: milliseconds))"
    }
}
