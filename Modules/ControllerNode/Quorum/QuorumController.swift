// SPDX-License-Identifier: Apache-2.0

public import Coordinator
public import Primitives
internal import RecordBatch
public import StorageEngine

/// The metadata after a commit.
public struct MetadataPublication: Sendable {
    public let image: MetadataImage
    /// What changed since the publication before.
    public let delta: MetadataDelta
    /// Offset of the first record that is not in the image.
    public let nextOffset: Offset
    public let term: Term
}

/// What a controller counts.
public struct MetadataCounters: Sendable, Equatable {
    public var commandCount = 0
    public var refusedCommandCount = 0
    /// Proposals; commands that waited together share one.
    public var proposalCount = 0
    public var recordCount = 0
    public var snapshotCount = 0
    /// Snapshots that could not be written; the log is kept until one can.
    public var snapshotFaultCount = 0
    /// Brokers that were fenced because nothing was heard of them.
    public var fencedBrokerCount = 0
}

/// What put a controller out of service. Only a new start helps.
public enum ControllerFailure: Error, Equatable, Sendable {
    case disk(DiskFault)
    /// Committed bytes do not read, or contradict what this controller has.
    case metadata(MetadataOpenError)
}

/// One member of the metadata quorum, of one controller or of several: keeps the log, knows the metadata, and while it is
/// active decides commands.
///
/// Confined to one thread, synchronous, and without a clock, a socket or a thread of its own. `submit` and `receive` queue
/// or step; `turn` does all that can be done without waiting. A command is decided on all that was decided before it,
/// committed or not; several proposals may be on their way. It is answered when its records are committed, replayed and
/// published; one that writes nothing, when a majority has confirmed that this controller still led after it was decided.
/// - SeeAlso: docs/decisions/0012-controller-quorum.md
public final class QuorumController {
    /// More waiting commands than this are refused.
    public static let waitingCommandCountMax = 10_000
    /// Proposals and confirmations on their way.
    static let flightCountMax = 64
    /// Bytes of records proposed together; a command of its own may have more.
    static let proposalByteCountMax = 2 << 20

    public let member: QuorumMember
    /// As given at start.
    public let settings: BrokerSettings
    /// As of the last publication.
    public internal(set) var image: MetadataImage
    /// Offset of the first record that is not in the image.
    public internal(set) var nextOffset: Offset
    public internal(set) var counters = MetadataCounters()
    /// Set when the controller went out of service: nothing more is sent, and every command is refused.
    public internal(set) var failure: ControllerFailure?

    /// Held by whoever made the controller, as it holds the controller.
    unowned let port: any QuorumPort
    var core: RaftCore
    var store: QuorumStore
    var entropy: Entropy
    var time: ControllerTime
    let compressor = Compressor()

    /// Present while this controller is active.
    var speculation: Speculation?
    var waiting: [WaitingCommand] = []
    var flights: [Flight] = []
    var lastTicket = RaftTicket(0)
    /// What became of the proposal that is being stepped.
    var proposed: Result<(base: Offset, end: Offset), RaftRefusal>?
    /// Changes of the quorum, each until it is committed or refused.
    var quorumChanges: [RaftTicket: QuorumChange] = [:]

    var recent: RecentEntries
    var feedSnapshot: FeedSnapshot?
    var snapshotJob: SnapshotJob?
    var incoming: IncomingSnapshot?
    var recordCountSinceSnapshot = 0
    var byteCountAtSnapshot: Int64 = 0
    /// A feature went down: what is written from now on must not stand behind records of the higher level.
    var isSnapshotOverdue = false
    /// As published last.
    private var featureLevels: [String: Int16] = [:]
    var isFencing = false
    var fencingNotBefore = Instant(nanoseconds: 0)
    /// Present while this controller is active.
    var upkeep: ControllerUpkeep?
    /// When the next chore is due; a changed interval counts from there.
    var upkeepDeadline = Instant.distantFuture
    private var subscribers: [(MetadataPublication) -> Void] = []
    private var observers: [() -> Void] = []
    private var isTurning = false
    /// Worked out when it is asked for; nil after each step and turn.
    var knownDeadline: Instant?

    /// A change of the quorum on its way.
    struct QuorumChange {
        /// End of its entry; nil before it is in the log, and for a transfer.
        var end: Offset?
        let reply: (Result<Void, SubmitRefusal>) -> Void
    }

    /// Opens the folder of a member: loads the newest snapshot, and what of the log after it is committed, which a member of
    /// a quorum of one knows by itself once `turn` was called.
    ///
    /// - Parameters:
    ///   - disk: Used by nobody else: the controller takes all of its completions. Its root is the data folder.
    ///   - voters: The quorum of a folder that says none. nil: this member alone. Empty: nobody, until it is added.
    ///   - entropy: For topic ids, placement and election time-outs.
    public init(
        opening disk: any Disk, member: QuorumMember, voters: VoterSet? = nil, settings: BrokerSettings,
        limits: RaftLimits = RaftLimits(), entropy: Entropy, port: any QuorumPort, at time: ControllerTime
    ) throws(MetadataOpenError) {
        var entropy = entropy
        let opened = try QuorumStore.open(
            disk, voters: voters ?? VoterSet([member.voter]), at: time.wallClock)
        self.member = member
        self.settings = settings
        self.port = port
        self.time = time
        store = opened.store
        image = opened.snapshot?.metadata.image ?? MetadataImage()
        for feature in image.features() { featureLevels[feature.name] = feature.level }
        nextOffset = opened.recovery.snapshot.position.end
        recent = RecentEntries(from: nextOffset)
        core = RaftCore(
            me: member.voter, recovery: opened.recovery, limits: limits, entropy: entropy.split(), at: time.now)
        self.entropy = entropy
        if let failure = Self.unsupportedFeature(of: image) { throw failure }
    }

    // MARK: What others may know

    public var term: Term { core.term }
    /// Whether this controller decides.
    public var isActive: Bool { speculation != nil && failure == nil }
    /// The active controller as far as known, this one included.
    public var leader: Voter? {
        if isActive { return core.voters[member.id] ?? member.voter }
        guard let leader = core.leader, leader.id != member.id else { return nil }
        return core.voters[leader.id]
    }
    public var voters: VoterSet { core.voters }
    public var isVoter: Bool { core.isVoter }
    /// Where the log ends, durable or not.
    public var logEndOffset: Offset { core.lastPosition.end }
    /// Whether a leader is known and all that it was known to have committed is here.
    public var isCaughtUp: Bool { failure == nil && leader != nil && nextOffset >= core.commit }
    /// Whether `turn` has something to do besides what the disk will report.
    public var hasWork: Bool { !waiting.isEmpty && flights.count < Self.flightCountMax }
    /// What the disk said when it put the controller out of service.
    public var diskFault: DiskFault? {
        guard case .disk(let fault)? = failure else { return nil }
        return fault
    }
    public var raftCounts: RaftCounts { core.counts }
    /// The disk has no room; writes are tried again until it has.
    public var fullDisk: DiskFault? { store.full }

    /// When `turn` is due without an event.
    ///
    /// - Complexity: O(1) until the next event: a broker that runs its controller asks at the end of every round.
    public var nextDeadline: Instant {
        if let knownDeadline { return knownDeadline }
        let deadline = earliestDeadline()
        knownDeadline = deadline
        return deadline
    }

    private func earliestDeadline() -> Instant {
        guard failure == nil else { return .distantFuture }
        var deadline = min(core.nextDeadline, store.retryAt)
        if let speculation, !isFencing, let expiry = speculation.sessions.nextDeadline(on: image) {
            deadline = min(deadline, max(expiry, fencingNotBefore))
        }
        if speculation != nil, upkeep != nil { deadline = min(deadline, upkeepDeadline) }
        return deadline
    }

    /// Calls `body` after every commit, in order, before the commands behind it are answered.
    ///
    /// It is also called at once, with the present image and an empty delta.
    public func subscribe(_ body: @escaping (MetadataPublication) -> Void) {
        subscribers.append(body)
        body(MetadataPublication(image: image, delta: MetadataDelta(), nextOffset: nextOffset, term: term))
    }

    /// Calls `body` after anything that a follower may have to be told: a commit, another leader, a snapshot to send.
    public func observe(_ body: @escaping () -> Void) { observers.append(body) }

    // MARK: Events

    /// Takes a message that came over a connection whose other end is known to be node `peer`.
    public func receive(_ message: RaftMessage, from peer: NodeID, at time: ControllerTime) {
        advance(to: time)
        guard failure == nil, isStorable(message) else { return }
        step(.received(message, from: peer))
    }

    private func isStorable(_ message: RaftMessage) -> Bool {
        guard case .append(let append) = message.body else { return true }
        return append.entries.allSatisfy(LogEntries.isWhole)
    }

    /// Nodes that may know a leader, for one that is to be added to a quorum.
    public func contactsFound(_ nodes: [NodeID], at time: ControllerTime) {
        advance(to: time)
        guard failure == nil else { return }
        step(.contactsFound(nodes))
    }

    /// Does all that can be done without waiting: time-outs, disk, decisions, commits, answers.
    ///
    /// To be called at `nextDeadline`, when `hasWork`, after `receive`, and when the disk has completions.
    public func turn(at time: ControllerTime) {
        precondition(!isTurning, "turn called from a reply or a subscriber")
        isTurning = true
        defer { (isTurning, knownDeadline) = (false, nil) }
        advance(to: time)
        let before = (leader?.id, nextOffset)
        // A disk that finishes at once has the next step ready when it returns.
        while failure == nil, work() {}
        if failure != nil { refuseAll() }
        if before != (leader?.id, nextOffset) { tellObservers() }
    }

    /// Refuses what waits and makes the log durable. Nothing may be called afterwards.
    public func close(at time: ControllerTime) throws(MetadataFault) {
        advance(to: time)
        refuseAll()
        try store.close(at: time.now, time.wallClock)
    }

    private func advance(to time: ControllerTime) {
        self.time = ControllerTime(now: max(self.time.now, time.now), wallClock: time.wallClock)
    }

    /// One round; false when nothing was left to do.
    private func work() -> Bool {
        var didWork = false
        if time.now >= core.nextDeadline {
            let deadline = core.nextDeadline
            step(.timePassed)
            didWork = core.nextDeadline != deadline
        }
        var completions: [DiskCompletion] = []
        store.disk.takeCompletions(into: &completions)
        let (durable, didSubmit) = store.advance(completions, at: time.now, time.wallClock)
        if let durable { step(.persisted(durable)) }
        didWork = didWork || didSubmit || durable != nil
        if let fault = store.fault { return fail(.disk(fault)) }
        if advanceSnapshot(completions) { didWork = true }
        expireSessions()
        keepUp()
        if isActive, hasWork {
            decideWaiting()
            didWork = true
        }
        return snapshotIfDue() || didWork || !completions.isEmpty
    }

    @discardableResult
    func fail(_ failure: ControllerFailure) -> Bool {
        self.failure = self.failure ?? failure
        return false
    }

    func tellObservers() { for observer in observers { observer() } }

    func publish(_ delta: MetadataDelta) {
        for name in delta.features {
            let level = image.featureLevel(name)
            if level < featureLevels.updateValue(level, forKey: name) ?? level { isSnapshotOverdue = true }
        }
        let publication = MetadataPublication(image: image, delta: delta, nextOffset: nextOffset, term: term)
        for subscriber in subscribers { subscriber(publication) }
    }

    func nextTicket() -> RaftTicket {
        lastTicket = lastTicket.next
        return lastTicket
    }

    static func unsupportedFeature(of image: MetadataImage) -> MetadataOpenError? {
        for feature in image.features() {
            let supported = Features.supported.first { $0.name == feature.name }
            guard let supported, (supported.levelMin...supported.levelMax).contains(feature.level) else {
                return .unsupportedFeature(name: feature.name, level: feature.level)
            }
        }
        return nil
    }
}
