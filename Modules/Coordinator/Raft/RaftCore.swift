// SPDX-License-Identifier: Apache-2.0

public import Primitives

/// One node of a Raft quorum (Ongaro and Ousterhout, 2014; Ongaro's dissertation, 2014): decides, and touches no
/// world.
///
/// Events go in and effects come out, to be carried out in their order. Nothing that depends on a write is said before
/// `.persisted`; a leader's entries travel while its own disk still writes them, and count there only afterwards.
/// What is committed is handed out once it is also on this node's disk, so a state machine never is ahead of its own
/// log.
/// - SeeAlso: docs/decisions/0011-raft.md
public struct RaftCore: Sendable {
    public enum Role: Hashable, Sendable {
        case follower
        /// Asks whether it would be elected, without a new term.
        case preCandidate
        case candidate
        case leader
    }

    public let me: Voter
    let limits: RaftLimits
    var entropy: Entropy
    var now: Instant
    /// Effects of this step but for the write, which goes first.
    var output: [RaftEffect] = []

    public internal(set) var role = Role.follower
    /// Of the current term, if it is known.
    public internal(set) var leader: ReplicaKey?
    /// Everything before is on the disks of a majority. What this node has handed out may be less.
    public internal(set) var commit: Offset
    public internal(set) var counts = RaftCounts()
    var log: RaftLog
    var disk: RaftDisk
    /// End of what `.committed` has handed out.
    var handedOut: Offset

    var electionDeadline: Instant
    var lastLeaderContact: Instant?
    var votes = Votes()
    /// Nodes that may know a leader, besides the voters.
    var contacts: [NodeID] = []

    var following = Following()
    var leadership = Leadership()

    /// - Parameters:
    ///   - me: With the directory of the disk that `recovery` was read from.
    ///   - recovery: All of it durable.
    public init(me: Voter, recovery: RaftRecovery, limits: RaftLimits, entropy: Entropy, at now: Instant) {
        precondition(me.directory != nil, "replica \(me.id) has no directory")
        self.me = me
        self.limits = limits
        self.entropy = entropy
        self.now = now
        log = RaftLog(recovery)
        commit = log.snapshot.position.end
        handedOut = commit
        disk = RaftDisk(hardState: recovery.hardState, durableEnd: log.last.end)
        // The entries of a term may have reached the disk before the term itself did, when its write was cut.
        if log.last.term > disk.hardState.term { disk.set(HardState(term: log.last.term)) }
        electionDeadline = now
        following = Following(matchedEnd: commit)
        // Nobody can contradict a single voter, so it does not wait.
        if !isOnlyVoter { resetElectionDeadline() }
    }

    // MARK: What others may know

    public var term: Term { disk.hardState.term }
    /// Where the log ends, durable or not.
    public var lastPosition: LogPosition { log.last }
    /// What a restart would find of the log.
    public var durableEnd: Offset { disk.durableEnd }
    /// The quorum in force: of the last entry that set one, committed or not.
    public var voters: VoterSet { log.voters }
    public var isVoter: Bool { log.voters.contains(me.key) }
    /// The newest snapshot that this node has.
    public var newestSnapshot: RaftSnapshot { log.snapshot }
    /// Whether `.becameLeader` was said and `.steppedDown` was not.
    public var isLeader: Bool { role == .leader && leadership.isEstablished }
    /// End of what `.committed` has handed out.
    public var committedEnd: Offset { handedOut }
    /// When `.timePassed` is due.
    public var nextDeadline: Instant { role == .leader ? leadership.heartbeatDeadline : electionDeadline }

    /// What a snapshot of the state machine that has all before `end` must carry with it.
    ///
    /// - Precondition: `end` is the end of an entry that was handed out.
    public func snapshot(at end: Offset) -> RaftSnapshot {
        precondition(end <= handedOut, "a snapshot at \(end), and \(handedOut) is committed")
        guard let term = log.term(at: end) else { preconditionFailure("no entry ends at \(end)") }
        return RaftSnapshot(position: LogPosition(end: end, term: term), voters: log.voters(at: end))
    }

    /// What of the log is in memory, for checkers.
    package var entriesInMemory: [RaftEntry] { log.entries(from: log.start.end, upTo: log.last.end) }

    // MARK: Steps

    public mutating func step(_ event: RaftEvent, at now: Instant, into effects: inout [RaftEffect]) {
        self.now = max(self.now, now)
        switch event {
        case .timePassed: timePassed()
        case .received(let message, let peer): receive(message, from: peer)
        case .persisted(let number): persisted(number)
        case .proposed(let payload, let recordCount, let ticket): propose(payload, recordCount, ticket)
        case .readRequested(let ticket): requestRead(ticket)
        case .transferRequested(let target, let ticket): requestTransfer(to: target, ticket)
        case .voterChangeRequested(let change, let ticket): request(change, ticket)
        case .contactsFound(let nodes): contacts = nodes
        case .snapshotTaken(let snapshot): takeSnapshot(snapshot)
        case .snapshotRead(let read, let chunk): sendChunk(chunk, for: read)
        case .snapshotChunkWritten(let position, let next): chunkWritten(of: position, next)
        case .snapshotInstalled(let position): snapshotInstalled(position)
        case .snapshotRefused(let position): snapshotRefused(position)
        }
        handOut()
        if let write = disk.takeWrite(logEnd: log.last.end) { effects.append(.persist(write)) }
        effects += output
        output.removeAll(keepingCapacity: true)
    }

    private mutating func timePassed() {
        if role == .leader {
            if now >= leadership.heartbeatDeadline { leaderTick() }
        } else if now >= electionDeadline {
            electionTimedOut()
        }
    }

    private mutating func persisted(_ number: RaftWriteNumber) {
        for message in disk.persisted(number) { output.append(.send(message)) }
        switch role {
        case .leader: advanceCommit()
        case .candidate: countOwnVote()
        case .follower, .preCandidate: acknowledgeDurable()
        }
    }

    // MARK: Messages

    private mutating func receive(_ message: RaftMessage, from peer: NodeID) {
        // A disk that was replaced gets what was meant for the former one, and what a copied folder says is not ours.
        guard message.from.id == peer, peer != me.id, message.from.directory != nil, message.to.id == me.id,
            message.to.directory == nil || message.to.directory == me.directory
        else {
            counts.messagesIgnored += 1
            return
        }
        switch message.body {
        case .preVote(let last): answerPreVote(message, last)
        case .preVoteReply(let candidateTerm, let isGranted):
            countPreVote(message, candidateTerm, isGranted)
        case .vote(let last, let isTransfer): answerVote(message, last, isTransfer)
        case .observe: if role == .leader { admit(message.from) }
        case .append(let append):
            if follow(message) { receive(append, from: message.from) }
        case .snapshotChunk(let chunk):
            if follow(message) { receive(chunk, from: message.from) }
        case .voteReply, .appendReply, .snapshotChunkReply, .timeoutNow: receiveInTerm(message)
        }
    }

    /// Answers and orders, which mean nothing in another term.
    private mutating func receiveInTerm(_ message: RaftMessage) {
        if message.term > term { return becomeFollower(in: message.term, of: nil) }
        guard message.term == term else { return }
        switch message.body {
        case .voteReply(let isGranted): countVote(message.from, isGranted)
        case .appendReply(let reply): receive(reply, from: message.from)
        case .snapshotChunkReply(let snapshot, let next): chunkWritten(of: snapshot, next, at: message.from)
        case .timeoutNow: if message.from == leader { takeOver() }
        case .preVote, .preVoteReply, .vote, .append, .snapshotChunk, .observe: break
        }
    }

    /// Says it when everything that it rests on is durable.
    mutating func send(_ body: RaftMessage.Body, to replica: ReplicaKey, in other: Term? = nil) {
        let message = RaftMessage(from: me.key, to: replica, term: other ?? term, body: body)
        if disk.isHardStateDurable {
            output.append(.send(message))
        } else {
            disk.hold(message, atMost: limits.heldMessagesMax)
        }
    }

    /// Gives the state machine what is committed and durable here, and does what waited for that.
    private mutating func handOut() {
        let end = min(commit, disk.durableEnd)
        guard end > handedOut else { return }
        output.append(.committed(log.entries(from: handedOut, upTo: end)))
        handedOut = end
        if role == .leader { leaderHandedOut() }
    }

    var isOnlyVoter: Bool { isVoter && log.voters.count == 1 }
}

/// What a leader knows of a replica, for DescribeQuorum.
public struct RaftReplicaStatus: Hashable, Sendable {
    public let key: ReplicaKey
    /// Otherwise an observer.
    public let isVoter: Bool
    /// Its log equals the leader's before this and is on its disk.
    public let durableEnd: Offset
    public let lastHeard: Instant
}

extension RaftCore {
    /// This node first, then the others in the order in which this leader met them; empty where this node does not
    /// lead.
    public var replicas: [RaftReplicaStatus] {
        guard role == .leader else { return [] }
        let own = RaftReplicaStatus(key: me.key, isVoter: isVoter, durableEnd: disk.durableEnd, lastHeard: now)
        return [own]
            + leadership.replicas.map { replica in
                RaftReplicaStatus(
                    key: replica.key, isVoter: log.voters.contains(replica.key), durableEnd: replica.durableEnd,
                    lastHeard: replica.lastHeard)
            }
    }
}

/// Plain counts for the driver to export; they only grow.
public struct RaftCounts: Equatable, Sendable {
    /// Terms in which this node asked for votes.
    public internal(set) var elections = 0
    /// Terms that it led.
    public internal(set) var leaderships = 0
    /// Snapshots that it began to send.
    public internal(set) var snapshotsSent = 0
    /// Messages that were for another disk, or from a node that is not the one they name.
    public internal(set) var messagesIgnored = 0
}
