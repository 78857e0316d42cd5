// SPDX-License-Identifier: Apache-2.0

internal import Coordinator
internal import KafkaProtocol
internal import Primitives

/// Who leads instead: told with a refusal, so that a client goes there without asking for metadata first (KIP-951).
struct CurrentLeaders {
    private var leaders: [NodeID] = []

    /// The leader that a refusal with `code` names, and its epoch; nil where metadata knows no better one.
    mutating func leader(
        of address: Addressed, refused code: ErrorCode, by shard: BrokerShard
    ) -> (id: NodeID, epoch: LeaderEpoch)? {
        guard code == .notLeaderOrFollower || code == .fencedLeaderEpoch else { return nil }
        guard let partition = address.id.flatMap({ shard.image.partition($0) }), partition.leader != .none else {
            return nil
        }
        // This broker refuses what it has handed over already: metadata will say so soon.
        guard code == .fencedLeaderEpoch || partition.leader != shard.node.id else { return nil }
        if !leaders.contains(partition.leader) { leaders.append(partition.leader) }
        return (partition.leader, partition.leaderEpoch)
    }

    /// Where the leaders named are reached.
    func endpoints(reachedBy connection: KafkaConnection, on shard: BrokerShard) -> [BrokerEndpoint] {
        leaders.isEmpty ? [] : shard.liveBrokers(reachedBy: connection).filter { leaders.contains($0.id) }
    }
}

/// A leader as responses of several APIs carry it.
protocol LeaderEntry {
    init()
    var leaderID: Int32 { get set }
    var leaderEpoch: Int32 { get set }
}

extension LeaderEntry {
    init(_ leader: (id: NodeID, epoch: LeaderEpoch)) {
        self.init()
        leaderID = leader.id.rawValue
        leaderEpoch = leader.epoch.rawValue
    }
}

extension ProduceResponse.LeaderIdAndEpoch: LeaderEntry {}
extension FetchResponse.LeaderIdAndEpoch: LeaderEntry {}
extension ProduceResponse.NodeEndpoint: EndpointEntry {}
extension FetchResponse.NodeEndpoint: EndpointEntry {}
