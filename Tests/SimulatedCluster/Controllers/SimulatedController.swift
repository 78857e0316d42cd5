// SPDX-License-Identifier: Apache-2.0

import ControllerNode
import Coordinator
import Primitives
import Simulation
import StorageEngine

/// One life of a controller: the one that `myelin-controller` runs, with its log, snapshots and sessions.
final class SimulatedController: QuorumPort {
    let process: SimulatedProcess
    private unowned let quorum: ControllerQuorum
    private var followers: [MetadataFollowing] = []
    private(set) var controller: QuorumController! = nil

    /// - Throws: what it finds on the disk, or that the disk fails.
    init(
        process: SimulatedProcess, disk: SimulatedDisk, member: QuorumMember, of quorum: ControllerQuorum
    ) throws(MetadataOpenError) {
        self.process = process
        self.quorum = quorum
        controller = try QuorumController(
            opening: disk, member: member, voters: quorum.initialVoters(of: member.id), settings: quorum.settings,
            limits: quorum.limits, entropy: process.world.streams.process.split(), port: self, at: time)
    }

    var time: ControllerTime { ControllerTime(now: process.now, wallClock: process.wallClock) }

    func begin() {
        controller.subscribe { [unowned self] publication in
            quorum.host?.published(publication.image, upTo: publication.nextOffset, by: self)
        }
        controller.observe { [unowned self] in
            for follower in followers { follower.pump() }
        }
        controller.contactsFound(quorum.ids.filter { $0 != controller.member.id }, at: time)
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
        case .disk(let fault)?:
            quorum.host?.failed(process, fault)
            return
        case .metadata(let error)?:
            return process.world.fail("committed metadata reads", "\(process.address): \(error)")
        case nil: break
        }
        if controller.isActive { quorum.host?.decides(self, in: controller.term) }
        process.wake(at: controller.nextDeadline) { [self] in turn() }
    }

    // MARK: Brokers

    /// Sends a broker the metadata from `offset` on, for as long as the connection holds.
    func follow(from offset: Offset, over connection: Connection, to client: MetadataSink) {
        let following = MetadataFollowing(of: self, from: offset, over: connection, to: client)
        followers.append(following)
        connection.onLoss(at: process) { [unowned self] in followers.removeAll { $0 === following } }
        following.begin()
    }

    /// Serves what only the active controller serves, and others refuse.
    func serve(_ request: LeaderRequest, reply: @escaping (LeaderResponse) -> Void) {
        controller.serve(request, reply: reply)
        turn()
    }

    // MARK: Port

    func send(_ message: RaftMessage) { quorum.send(message) }

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
