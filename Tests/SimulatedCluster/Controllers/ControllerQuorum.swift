// SPDX-License-Identifier: Apache-2.0

import ControllerNode
import Coordinator
import Primitives
import Simulation
import StorageEngine

/// What holds controllers to their promises.
protocol ControllerHost: Scene {
    func published(_ image: MetadataImage, upTo end: Offset, by controller: SimulatedController)
    /// It takes itself for the one that decides.
    func decides(_ controller: SimulatedController, in term: Term)
}

/// The controllers of a cluster as they run, each on a machine of its own, some of them not in the quorum yet.
final class ControllerQuorum {
    let world: World
    let network: Network
    private(set) var machines: [Machine] = []
    weak var host: (any ControllerHost)?
    let ids: [NodeID]
    let settings: BrokerSettings
    let limits: RaftLimits
    private let initial: VoterSet
    private var directories: [IncarnationID] = []
    private var controllers: [NodeID: SimulatedController] = [:]
    static let cluster = ClusterID("simulated")!

    init(
        world: World, network: Network, voterCount: Int, spareCount: Int, flags: [String: String], limits: RaftLimits
    ) {
        self.world = world
        self.network = network
        self.limits = limits
        ids = (1...Int32(voterCount + spareCount)).map { NodeID($0) }
        var layers = SettingLayers()
        layers.flags = flags
        do throws(SettingError) { settings = try BrokerSettings(layers) } catch { preconditionFailure("\(error)") }
        for _ in ids { directories.append(IncarnationID.random(using: &world.streams.workload)) }
        initial = VoterSet(
            ids.prefix(voterCount).map { Voter(id: $0, directory: nil, host: "controller", port: UInt16($0.rawValue)) })
        for id in ids { addMachine(id) }
    }

    private func addMachine(_ id: NodeID) {
        let machine = Machine(world: world, network: network, address: address(id))
        machine.start = { [unowned self, unowned machine] process, disk in
            do throws(MetadataOpenError) {
                let controller = try SimulatedController(process: process, disk: disk, member: member(id), of: self)
                controllers[id] = controller
                machine.diskCompleted = { controller.turn() }
                controller.begin()
            } catch {
                switch error {
                case .disk(let fault), .log(.disk(let fault)): host?.failed(process, fault)
                default: world.fail("the folder of a controller opens", "\(process.address): \(error)")
                }
            }
        }
        machines.append(machine)
    }

    private func member(_ id: NodeID) -> QuorumMember {
        QuorumMember(
            id: id, directory: directories[ids.firstIndex(of: id)!], host: "controller", port: UInt16(id.rawValue),
            cluster: Self.cluster)
    }

    private func voter(_ id: NodeID) -> Voter {
        Voter(id: id, directory: member(id).directory, host: "controller", port: UInt16(id.rawValue))
    }

    private func address(_ id: NodeID) -> NodeAddress { NodeAddress(.controller, Int64(id.rawValue)) }

    func initialVoters(of id: NodeID) -> VoterSet { initial[id] == nil ? .empty : initial }

    subscript(id: NodeID) -> SimulatedController? { controllers[id] }

    func send(_ message: RaftMessage) {
        // Through bytes, as between processes.
        let bytes = message.encoded()
        let target = message.to.id
        network.send(from: address(message.from.id), to: address(target)) { [unowned self] in
            guard let controller = controllers[target], controller.process.isAlive else { return }
            do throws(DecodeError) { controller.receive(try RaftMessage(decoding: bytes)) } catch {
                world.fail("a message reads as it was written", "\(error)")
            }
        }
    }

    var running: [SimulatedController] { ids.compactMap { controllers[$0] }.filter(\.process.isAlive) }

    /// The one that leads the newest term, of those that can answer.
    var leader: SimulatedController? {
        running.filter { !$0.process.isPaused && $0.controller.isActive }
            .max { $0.controller.term < $1.controller.term }
    }

    /// Whether every voter has all before `end`.
    func hasPublished(upTo end: Offset) -> Bool {
        guard let leader else { return false }
        return leader.controller.voters.voters.allSatisfy { voter in
            controllers[voter.id].map { $0.controller.nextOffset >= end } ?? false
        }
    }

    func disturb(with fault: Fault) -> Bool {
        guard let leader else { return false }
        switch fault {
        case .leadershipTransfer:
            let target = world.streams.workload.pick(leader.controller.voters.voters).id
            leader.process.run {
                leader.controller.transferLeadership(to: target) { _ in }
                leader.turn()
            }
        case .membershipChange:
            guard let change = leader.controller.voters.change(among: ids.map(voter), using: &world.streams.workload)
            else {
                return false
            }
            leader.process.run {
                leader.controller.change(change) { _ in }
                leader.turn()
            }
        default: return false
        }
        return true
    }
}
