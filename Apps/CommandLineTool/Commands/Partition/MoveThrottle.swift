// SPDX-License-Identifier: Apache-2.0

import AdminClient
import Primitives
import WireProtocol

/// Bounds how fast replicas are copied, with the settings that Kafka has for it: a rate for each broker, and for each topic
/// the replicas that it counts for.
struct MoveThrottle {
    let node: NodeSession
    let moves: [Admin.PartitionMoveOutcome]

    private static let rates = ["leader.replication.throttled.rate", "follower.replication.throttled.rate"]
    private static let leaderReplicas = "leader.replication.throttled.replicas"
    private static let followerReplicas = "follower.replication.throttled.replicas"

    /// - Parameter bytesPerSecond: Of each broker, in each direction.
    func set(bytesPerSecond: Int) async throws {
        try await alter(
            brokers.map { resource(.broker($0), Self.rates.map { ($0, .set, "\(bytesPerSecond)") }) }
                + topics(.append))
    }

    func remove() async throws {
        try await alter(
            brokers.map { resource(.broker($0), Self.rates.map { ($0, .delete, "") }) } + topics(.subtract))
        try await forgetEmptyLists()
    }

    /// A list that has become empty is no setting any more.
    private func forgetEmptyLists() async throws {
        let topics = try await node.client.describeTopics(Set(moves.map(\.topic)).sorted())
        let lists = [Self.leaderReplicas, Self.followerReplicas]
        let empty = topics.compactMap { topic -> Admin.ConfigResourceAlteration? in
            let names = topic.configs.filter {
                lists.contains($0.name) && $0.origin == .topic && ($0.value ?? "").isEmpty
            }
            return names.isEmpty ? nil : resource(.topic(topic.name), names.map { ($0.name, .delete, "") })
        }
        if !empty.isEmpty { try await alter(empty) }
    }

    private var brokers: [Int32] { Set(moves.flatMap { $0.previousReplicas + $0.replicas }).map(\.rawValue).sorted() }

    private func topics(_ operation: Admin.ConfigOperation) -> [Admin.ConfigResourceAlteration] {
        Dictionary(grouping: moves, by: \.topic).sorted { $0.key < $1.key }.compactMap { topic, moves in
            let sources = moves.flatMap { move in move.previousReplicas.map { "\(move.partition):\($0)" } }
            let targets = moves.flatMap { move in
                move.replicas.filter { !move.previousReplicas.contains($0) }.map { "\(move.partition):\($0)" }
            }
            guard !targets.isEmpty else { return nil }
            return resource(
                .topic(topic),
                [
                    (Self.leaderReplicas, operation, sources.joined(separator: ",")),
                    (Self.followerReplicas, operation, targets.joined(separator: ",")),
                ])
        }
    }

    private func resource(
        _ resource: Admin.ConfigResource, _ changes: [(String, Admin.ConfigOperation, String)]
    ) -> Admin.ConfigResourceAlteration {
        .with {
            $0.resource = resource
            $0.alterations = changes.map { name, operation, value in
                .with { ($0.name, $0.operation, $0.value) = (name, operation, value) }
            }
        }
    }

    private func alter(_ resources: [Admin.ConfigResourceAlteration]) async throws {
        let outcomes = try await node.client.alterConfigs(resources)
        guard let failed = outcomes.failed.first, let error = failed.error else { return }
        throw Failure(error, name: failed.resource.name, subject: "throttle of \(failed.resource.name)")
    }
}
