// SPDX-License-Identifier: Apache-2.0

public import Primitives
public import WireProtocol

extension AdminClient {
    /// How replicas and leaderships should lie.
    ///
    /// - Parameter validateOnly: false begins the moves of the plan.
    public func balance(validateOnly: Bool = true) async throws(RPCError) -> Admin.BalanceResponse {
        try await call(Admin.balance, .with { $0.validateOnly = validateOnly })
    }

    /// Raises or lowers levels of features, all of them or none, and gives all features as they are afterwards.
    public func updateFeatures(
        _ updates: [Admin.FeatureUpdate], allowsDowngrade: Bool = false, validateOnly: Bool = false
    ) async throws(RPCError) -> [Admin.FeatureInfo] {
        let request = Admin.FeatureUpdateRequest.with {
            $0.updates = updates
            $0.allowsDowngrade = allowsDowngrade
            $0.validateOnly = validateOnly
        }
        return try await call(Admin.featureUpdate, request).features
    }

    /// Moves leaderships and replicas away from a broker. Returns when that is decided, not when it is done.
    ///
    /// - Parameter undo: Lets the broker have partitions again.
    public func drainBroker(
        _ id: NodeID, undo: Bool = false, validateOnly: Bool = false
    ) async throws(RPCError) -> Admin.BrokerDrainResponse {
        try await call(
            Admin.brokerDrain, .with { ($0.brokerID, $0.undo, $0.validateOnly) = (id, undo, validateOnly) })
    }

    /// Asks a broker to hand its leaderships over and to stop. Throws `.notSupported` where its process cannot.
    public func stopBroker(_ id: NodeID, validateOnly: Bool = false) async throws(RPCError) {
        _ = try await call(Admin.brokerStop, .with { ($0.brokerID, $0.validateOnly) = (id, validateOnly) })
    }

    /// Forgets a broker that has no replicas.
    public func unregisterBroker(_ id: NodeID, validateOnly: Bool = false) async throws(RPCError) {
        _ = try await call(Admin.brokerUnregister, .with { ($0.brokerID, $0.validateOnly) = (id, validateOnly) })
    }

    /// Adds a controller to the quorum or takes one from it, and gives the controllers as they are afterwards.
    public func changeVoters(_ request: Admin.VoterChangeRequest) async throws(RPCError) -> [Admin.ControllerInfo] {
        try await call(Admin.voterChange, request).controllers
    }

    /// Changes where the replicas of partitions are; each succeeds or fails alone. Returns before the data is there.
    public func movePartitions(
        _ moves: [Admin.PartitionMove], validateOnly: Bool = false
    ) async throws(RPCError) -> [Admin.PartitionMoveOutcome] {
        try await call(Admin.partitionMove, .with { ($0.moves, $0.validateOnly) = (moves, validateOnly) }).moves
    }

    /// Which replicas are on their way, and how far.
    ///
    /// - Parameter topics: Only of these; empty gives all.
    public func partitionMoves(of topics: [String] = []) async throws(RPCError) -> Admin.PartitionMoveListResponse {
        try await call(Admin.partitionMoveList, .with { $0.topics = topics })
    }

    /// Makes partitions change their leader; each succeeds or fails alone.
    ///
    /// - Parameter partitions: Empty stands for all of the cluster.
    public func electLeaders(
        of partitions: [Admin.TopicPartitions], _ type: Admin.LeaderElectionType, validateOnly: Bool = false
    ) async throws(RPCError) -> [Admin.LeaderElectOutcome] {
        let request = Admin.LeaderElectRequest.with {
            $0.partitions = partitions
            $0.type = type
            $0.validateOnly = validateOnly
        }
        return try await call(Admin.leaderElect, request).partitions
    }
}
