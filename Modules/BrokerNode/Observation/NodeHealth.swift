// SPDX-License-Identifier: Apache-2.0

internal import Primitives
internal import StorageEngine

/// Whether the threads of a node are alive.
public struct NodeHealth: Hashable, Sendable {
    /// Shards whose loop did not answer in time, ascending.
    public let unansweredShards: [Int]

    /// A node that is not healthy needs a restart.
    public var isHealthy: Bool { unansweredShards.isEmpty }
}

/// Whether a node can do its work.
public struct NodeReadiness: Hashable, Sendable {
    /// Something without which a node does not do its work.
    public enum Obstacle: Hashable, Sendable {
        /// It is being stopped: no new connections are taken.
        case stopping
        case shardUnanswered(Int)
        /// `<topic>-<index>` of a partition whose log could not be opened, or went out of service.
        case partitionUnavailable(String)
        /// Why, in words: full, offline, or what a test write met.
        case dataFolderTakesNoWrites(String)
    }

    /// In the order in which they are declared; partitions by name.
    public let obstacles: [Obstacle]

    public var isReady: Bool { obstacles.isEmpty }
}

extension BrokerNode {
    /// Longest that a loop may take to answer.
    static let healthMilliseconds: Int64 = 1_000

    /// Asks every loop for a sign of life, for at most one second.
    public func health() async -> NodeHealth {
        let answers = await shards.values(by: .now + .milliseconds(Self.healthMilliseconds)) { _ in true }
        return NodeHealth(unansweredShards: answers.indices.filter { answers[$0] == nil })
    }

    /// Looks at everything a client needs, for at most one second; writes a byte to the data folder.
    public func readiness() async -> NodeReadiness {
        let answers = await shards.values(by: .now + .milliseconds(Self.healthMilliseconds)) { $0.readiness() }
        let shards = answers.compactMap(\.self)
        var obstacles: [NodeReadiness.Obstacle] = shards.contains(where: \.isDraining) ? [.stopping] : []
        obstacles += answers.indices.filter { answers[$0] == nil }.map { .shardUnanswered($0) }
        obstacles += shards.flatMap(\.unavailable).sorted().map { .partitionUnavailable($0) }
        if let reason = shards.lazy.compactMap(\.writeObstacle).first {
            obstacles.append(.dataFolderTakesNoWrites(reason))
        }
        return NodeReadiness(obstacles: obstacles)
    }
}

/// What one shard has to say about readiness.
private struct ShardReadiness: Sendable {
    let isDraining: Bool
    let unavailable: [String]
    let writeObstacle: String?
}

extension BrokerShard {
    /// Something here works again only when the process is started anew: a failed synchronize, or a log that cannot be
    /// opened.
    package var needsRestart: Bool { directory == .failed || !unavailable.isEmpty }

    private var unavailable: [String] {
        let failed = partitions.values.filter { if case .failed = $0.log.state { true } else { false } }
        return Array(metrics.unopened.values) + failed.map { "\($0.topic)-\($0.id.index)" }
    }

    private static let probePath = "write.probe"

    fileprivate func readiness() -> ShardReadiness {
        ShardReadiness(isDraining: isDraining, unavailable: unavailable, writeObstacle: writeObstacle())
    }

    private func writeObstacle() -> String? {
        guard directory == .healthy else { return directory.label }
        // One folder for all shards: one of them tries.
        guard index == Self.controllerShard else { return nil }
        do throws(DiskFault) {
            let file = try disk.open(Self.probePath, .createOrOpen)
            defer { disk.close(file) }
            try disk.write([SharedBytes([1])], to: file, at: 0)
            try disk.remove(Self.probePath)
            return nil
        } catch {
            return "\(error.operation) of \(error.target) failed with error \(error.errno)"
        }
    }
}
