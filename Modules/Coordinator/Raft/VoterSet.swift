// SPDX-License-Identifier: Apache-2.0

public import Primitives

/// One disk of one node: what votes, acknowledges and is replicated to. A node whose disk was replaced is another
/// replica under the same id, and what the former one promised does not bind it (KIP-853).
public struct ReplicaKey: Hashable, Sendable, CustomStringConvertible {
    public let id: NodeID
    /// nil only for an initial voter that has not said yet which directory it has.
    public let directory: IncarnationID?

    public init(id: NodeID, directory: IncarnationID?) {
        self.id = id
        self.directory = directory
    }

    public var description: String { directory.map { "\(id)@\($0)" } ?? "\(id)" }
}

/// A member of the quorum and where its RPC port is.
public struct Voter: Hashable, Sendable {
    public var id: NodeID
    /// nil for an initial voter that was named without one. It then stands for whatever disk answers under the id,
    /// until the first leader has written down which: replace no disk of a new quorum before that.
    public var directory: IncarnationID?
    public var host: String
    public var port: UInt16

    public init(id: NodeID, directory: IncarnationID?, host: String, port: UInt16) {
        self.id = id
        self.directory = directory
        self.host = host
        self.port = port
    }

    public var key: ReplicaKey { ReplicaKey(id: id, directory: directory) }

    /// Whether `key` is this voter and no other disk under its id.
    public func matches(_ key: ReplicaKey) -> Bool {
        id == key.id && (directory == nil || directory == key.directory)
    }
}

/// The voters of a quorum in the order of their ids, at most one for each id.
public struct VoterSet: Hashable, Sendable {
    public private(set) var voters: [Voter]

    /// - Precondition: no id occurs twice.
    public init(_ voters: [Voter]) {
        self.voters = voters.sorted { $0.id < $1.id }
        for (one, next) in zip(self.voters, self.voters.dropFirst()) {
            precondition(one.id < next.id, "voter \(one.id) occurs twice")
        }
    }

    public static let empty = VoterSet([])

    public var count: Int { voters.count }
    public var isEmpty: Bool { voters.isEmpty }
    /// The fewest voters that any two quorums share one of.
    public var majority: Int { voters.count / 2 + 1 }

    /// The voter of that id, whatever its directory.
    public subscript(id: NodeID) -> Voter? { voters.first { $0.id == id } }

    public func contains(_ key: ReplicaKey) -> Bool { voters.contains { $0.matches(key) } }

    /// With `voter` in the place of the one that has its id, if there is one.
    func with(_ voter: Voter) -> VoterSet { VoterSet(voters.filter { $0.id != voter.id } + [voter]) }

    func without(_ key: ReplicaKey) -> VoterSet { VoterSet(voters.filter { !$0.matches(key) }) }
}

/// A request to change the quorum. The leader makes one at a time, each in steps of one voter (Ongaro, chapter 4).
public enum VoterChange: Hashable, Sendable {
    /// Becomes a voter once its log has caught up with the leader's, as an observer.
    case add(Voter)
    /// The leader may remove itself: it leads until the change is committed, and counts itself no more.
    case remove(ReplicaKey)
    /// Another disk, or another node, for one that leaves: the new one catches up, then the former one goes, then
    /// the new one comes. In between the quorum is one smaller.
    case replace(ReplicaKey, with: Voter)
    /// The same voter at another address.
    case move(Voter)
}
