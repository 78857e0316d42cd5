// SPDX-License-Identifier: Apache-2.0

public import Coordinator
public import Primitives

/// Both clocks, read once for each round of work.
public struct ControllerTime: Sendable {
    /// Monotonic: elections and sessions are measured by it.
    public var now: Instant
    /// For stamps that people read.
    public var wallClock: Timestamp

    public init(now: Instant, wallClock: Timestamp) {
        self.now = now
        self.wallClock = wallClock
    }
}

/// What a `QuorumController` needs of the world besides its disk.
public protocol QuorumPort: AnyObject {
    /// Brings a message to `message.to.id`, or loses it.
    func send(_ message: RaftMessage)

    /// Runs `work` where it holds nobody up, then `done` on the thread of the controller. Where that cannot be, `work` runs
    /// at once.
    func offload(_ work: @escaping @Sendable () -> SharedBytes, _ done: @escaping (SharedBytes) -> Void)
}

extension QuorumPort {
    public func offload(_ work: @escaping @Sendable () -> SharedBytes, _ done: @escaping (SharedBytes) -> Void) {
        done(work())
    }
}

/// The port of a controller that is its own quorum.
final class NoPeers: QuorumPort {
    func send(_ message: RaftMessage) { preconditionFailure("a quorum of one sends \(message)") }
}

/// Who a controller is.
public struct QuorumMember: Sendable {
    public var id: NodeID
    /// Of its data folder.
    public var directory: IncarnationID
    /// Where it answers RPC; empty and 0 for one that never will.
    public var host: String
    public var port: UInt16
    /// Brokers of another cluster are refused.
    public var cluster: ClusterID?

    public init(id: NodeID, directory: IncarnationID, host: String, port: UInt16, cluster: ClusterID?) {
        self.id = id
        self.directory = directory
        self.host = host
        self.port = port
        self.cluster = cluster
    }

    var voter: Voter { Voter(id: id, directory: directory, host: host, port: port) }
}
