// SPDX-License-Identifier: Apache-2.0

extension SwarmOptions.Scene {
    func make(in world: World, over network: Network) -> any Scene {
        switch self {
        case .quorum: QuorumScene(world: world, network: network)
        case .controllers: ControllersScene(world: world, network: network)
        case .brokers: BrokersScene(world: world, network: network)
        case .replicas, .transactions: ReplicaScene(world: world, network: network)
        }
    }
}
