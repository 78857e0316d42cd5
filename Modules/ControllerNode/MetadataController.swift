// SPDX-License-Identifier: Apache-2.0

public import Coordinator
public import Primitives
public import StorageEngine

#if canImport(Glibc)
    import Glibc
#endif

/// The controller of a node that is its own cluster: a quorum of one in the process of its broker.
///
/// It is active when it has been made, and stays it until it goes out of service.
public final class MetadataController: ControllerPort {
    /// More waiting commands than this are refused.
    public static let waitingCommandCountMax = QuorumController.waitingCommandCountMax

    /// The member of the quorum that does the work.
    public let quorum: QuorumController
    private let disk: any Disk
    private let peers = NoPeers()
    private var lastNow: Instant

    /// Loads the newest snapshot, takes the lead, and replays the log after it. Waits for the disk.
    ///
    /// - Parameters:
    ///   - disk: Used by nobody else: the controller takes all of its completions. Its root is the data folder.
    ///   - entropy: For topic ids and placement.
    ///   - now: The monotonic clock, which sessions of brokers are measured by.
    public init(
        opening disk: any Disk, node: NodeID, settings: BrokerSettings, entropy: Entropy, at wallClock: Timestamp,
        now: Instant = Instant(nanoseconds: 0)
    ) throws(MetadataOpenError) {
        var entropy = entropy
        let folder: DataFolderIdentity
        do throws(DataFolderRefusal) {
            folder = try DataFolderIdentity(opening: disk, node: node, using: &entropy)
        } catch { throw .folder(error) }
        let member = QuorumMember(id: node, directory: folder.directory, host: "", port: 0, cluster: folder.clusterID)
        let time = ControllerTime(now: now, wallClock: wallClock)
        quorum = try QuorumController(
            opening: disk, member: member, settings: settings, entropy: entropy, port: peers, at: time)
        self.disk = disk
        lastNow = now
        guard quorum.voters.count == 1, quorum.voters.contains(member.voter.key) else {
            throw .memberOfQuorum(quorum.voters.voters.map(\.id))
        }
        quorum.turn(at: time)
        while !quorum.isActive {
            if let failure = quorum.failure {
                switch failure {
                case .disk(let fault): throw .disk(fault)
                case .metadata(let error): throw error
                }
            }
            if let full = quorum.fullDisk { throw .disk(full) }
            try Self.waitForCompletions(of: disk)
            quorum.turn(at: time)
        }
    }

    private static func waitForCompletions(of disk: any Disk) throws(MetadataOpenError) {
        guard let descriptor = disk.completionDescriptor else {
            // Such a disk finishes at once or never.
            throw .disk(DiskFault(.synchronize, target: QuorumStore.folder, errno: EIO))
        }
        var watched = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        // An interrupted wait is followed by another one.
        _ = unsafe poll(&watched, 1, 1_000)
    }

    public var image: MetadataImage { quorum.image }
    public var nextOffset: Offset { quorum.nextOffset }
    public var term: Term { quorum.term }
    public var counters: MetadataCounters { quorum.counters }
    public var node: NodeID { quorum.member.id }
    public var settings: BrokerSettings { quorum.settings }
    /// Set when the log went out of service. From then on every command is refused, because the log may hold what the
    /// image lacks; only a new start helps.
    public var fault: DiskFault? { quorum.diskFault }
    /// Whether `turn` has something to do besides what the disk will report.
    public var hasWork: Bool { quorum.hasWork }
    /// When `turn` is due without an event.
    public var nextDeadline: Instant { quorum.nextDeadline }

    public func subscribe(_ body: @escaping (MetadataPublication) -> Void) { quorum.subscribe(body) }

    public func submit<Command: ControllerCommand>(
        _ command: Command, reply: @escaping (Result<Command.Outcome, SubmitRefusal>) -> Void
    ) { quorum.submit(command, reply: reply) }

    /// Does all that can be done without waiting: decides, writes, takes completions, publishes, answers.
    ///
    /// To be called when `hasWork`, at `nextDeadline`, and when the disk has completions.
    /// - Parameter now: The monotonic clock; nil: as at the last call, so that no session ends.
    public func turn(at wallClock: Timestamp, now: Instant? = nil) {
        lastNow = now ?? lastNow
        quorum.turn(at: ControllerTime(now: lastNow, wallClock: wallClock))
    }

    /// Refuses what waits and makes the log durable. Nothing may be called afterwards.
    public func close(at wallClock: Timestamp) throws(MetadataFault) {
        try quorum.close(at: ControllerTime(now: lastNow, wallClock: wallClock))
    }
}
