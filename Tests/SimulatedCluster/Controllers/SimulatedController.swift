// SPDX-License-Identifier: Apache-2.0

import ControllerNode
import Coordinator
import Primitives
import Simulation
import StorageEngine

/// One life of a controller: the one that `myelin-controller` runs, with its log, snapshots and sessions.
final class SimulatedController: QuorumPort {
    let process: SimulatedProcess
    private unowned let scene: ControllersScene
    private(set) var controller: QuorumController! = nil

    /// - Throws: what it finds on the disk, or that the disk fails.
    init(
        process: SimulatedProcess, disk: SimulatedDisk, member: QuorumMember, scene: ControllersScene
    ) throws(MetadataOpenError) {
        self.process = process
        self.scene = scene
        controller = try QuorumController(
            opening: disk, member: member, voters: scene.initialVoters(of: member.id), settings: scene.settings,
            limits: scene.limits, entropy: process.world.streams.process.split(), port: self, at: time)
    }

    var time: ControllerTime { ControllerTime(now: process.now, wallClock: process.wallClock) }

    func begin() {
        controller.subscribe { [unowned self] publication in
            scene.checker.published(publication.image, upTo: publication.nextOffset, by: process.address)
        }
        controller.contactsFound(scene.ids.filter { $0 != controller.member.id }, at: time)
        turn()
    }

    func receive(_ message: RaftMessage) {
        controller.receive(message, from: message.from.id, at: time)
        turn()
    }

    func turn() {
        guard process.isAlive else { return }
        controller.turn(at: time)
        switch controller.failure {
        case .disk(let fault)?: return scene.failed(process, fault)
        case .metadata(let error)?:
            return process.world.fail("committed metadata reads", "\(process.address): \(error)")
        case nil: break
        }
        if controller.isActive { scene.checker.decides(process.address, in: controller.term) }
        process.wake(at: controller.nextDeadline) { [self] in turn() }
    }

    // MARK: Port

    func send(_ message: RaftMessage) { scene.send(message) }

    func offload(_ work: @escaping @Sendable () -> SharedBytes, _ done: @escaping (SharedBytes) -> Void) {
        process.after(process.world.streams.process.span(.milliseconds(1), .milliseconds(200))) { [self] in
            done(work())
            turn()
        }
    }

    var description: String {
        "\(controller.member.id): term \(controller.term), \(controller.isActive ? "active" : "not active"), published "
            + "\(controller.nextOffset) of \(controller.logEndOffset), voters \(controller.voters.voters.map(\.id))"
    }
}
