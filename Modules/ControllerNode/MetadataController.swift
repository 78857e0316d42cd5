// SPDX-License-Identifier: Apache-2.0

public import Coordinator
public import Primitives
public import StorageEngine

/// Why a command was not carried out. What the command itself refuses is in its outcome.
public enum SubmitRefusal: Error, Hashable, Sendable {
    /// The disk has no room for the records. Nothing happened; freeing space heals it.
    case diskFull(DiskFault)
    /// Nobody can decide now: the log is out of service or closed. The command may still turn out to have happened.
    case unavailable(DiskFault?)
    /// Too many commands wait.
    case busy(commandCountMax: Int)
    /// The records of this command are larger than a log segment.
    case tooLarge(byteCount: Int, limit: Int64)
}

/// The metadata after a commit.
public struct MetadataPublication: Sendable {
    public let image: MetadataImage
    /// What changed since the publication before.
    public let delta: MetadataDelta
    /// Offset of the first record that is not in the image.
    public let nextOffset: Offset
    public let term: Term
}

/// What the controller counts.
public struct MetadataCounters: Sendable, Equatable {
    public var commandCount = 0
    public var refusedCommandCount = 0
    /// Proposals; commands that waited together share one.
    public var proposalCount = 0
    public var recordCount = 0
    public var snapshotCount = 0
    /// Snapshots that could not be written; the log is kept until one can.
    public var snapshotFaultCount = 0
}

/// Decides commands, makes their records durable, and publishes the metadata they lead to.
///
/// Confined to one thread, synchronous, and without a clock: `submit` queues, `turn` works. A command is decided on all
/// that was decided before it, written together with the commands that wait with it, and answered after its records are
/// durable, replayed and published.
/// - SeeAlso: docs/decisions/0007-metadata-log.md
public final class MetadataController {
    /// More waiting commands than this are refused.
    public static let waitingCommandCountMax = 10_000
    /// Records proposed together; a command of its own may have more.
    private static let proposalRecordCountMax = 50_000

    private struct Waiting {
        let decide: (ControllerState, inout Entropy) -> Decided
        let refuse: (SubmitRefusal) -> Void
    }

    private struct Decided {
        let records: [MetadataRecord]
        let reply: () -> Void
    }

    private struct InFlight {
        let reply: () -> Void
        let refuse: (SubmitRefusal) -> Void
    }

    /// As of the last publication.
    public private(set) var image: MetadataImage
    /// Offset of the first record that is not in the image.
    public private(set) var nextOffset: Offset
    public private(set) var counters = MetadataCounters()
    /// Set when the log went out of service. From then on every command is refused, because the log may hold what the
    /// image lacks; only a new start helps.
    public private(set) var fault: DiskFault?
    public let node: NodeID
    /// As given at start.
    public let settings: BrokerSettings

    private let log: any MetadataLog
    private let snapshots: SnapshotStore
    private var entropy: Entropy
    private var waiting: [Waiting] = []
    private var inFlight: [InFlight] = []
    private var subscribers: [(MetadataPublication) -> Void] = []
    private var recordCountSinceSnapshot: Int
    private var byteCountAtSnapshot: Int64
    private var isTurning = false

    /// Loads the newest snapshot, replays the log after it, and takes the lead.
    ///
    /// - Parameters:
    ///   - disk: Used by nobody else: the controller takes all of its completions. Its root is the data folder.
    ///   - entropy: For topic ids and placement.
    public init(
        opening disk: any Disk, node: NodeID, settings: BrokerSettings, entropy: Entropy, at now: Timestamp
    ) throws(MetadataOpenError) {
        let loaded = try LoadedMetadata(from: disk, at: now)
        log = loaded.log
        image = loaded.image
        nextOffset = loaded.nextOffset
        recordCountSinceSnapshot = Int(loaded.nextOffset.distance(from: loaded.snapshotOffset))
        byteCountAtSnapshot = 0
        snapshots = loaded.snapshots
        self.node = node
        self.settings = settings
        self.entropy = entropy
        finalizeFeatures()
    }

    public var term: Term { log.term }

    /// Whether `turn` has something to do besides what the disk will report.
    public var hasWork: Bool { !waiting.isEmpty && !log.isBusy }

    /// Calls `body` after every commit, in order, before the commands behind it are answered.
    ///
    /// It is also called at once, with the present image and an empty delta.
    public func subscribe(_ body: @escaping (MetadataPublication) -> Void) {
        subscribers.append(body)
        body(MetadataPublication(image: image, delta: MetadataDelta(), nextOffset: nextOffset, term: term))
    }

    /// Queues a command for the next `turn`.
    ///
    /// - Parameter reply: Called once, from `turn`, or at once when the command is refused as `.busy`. It may submit.
    public func submit<Command: ControllerCommand>(
        _ command: Command, reply: @escaping (Result<Command.Outcome, SubmitRefusal>) -> Void
    ) {
        counters.commandCount += 1
        guard waiting.count < Self.waitingCommandCountMax else {
            counters.refusedCommandCount += 1
            return reply(.failure(.busy(commandCountMax: Self.waitingCommandCountMax)))
        }
        waiting.append(
            Waiting(
                decide: { state, entropy in
                    let decision = command.decide(on: state, using: &entropy)
                    return Decided(records: decision.records) { reply(.success(decision.outcome)) }
                },
                refuse: { reply(.failure($0)) }))
    }

    /// Does all that can be done without waiting: decides, writes, takes completions, publishes, answers.
    ///
    /// To be called when `hasWork`, and when the disk has completions.
    public func turn(at now: Timestamp) {
        precondition(!isTurning, "turn called from a reply or a subscriber")
        isTurning = true
        defer { isTurning = false }
        apply(log.advance(at: now))
        while hasWork {
            if let fault { refuseWaiting(.unavailable(fault)) } else { decideWaiting(at: now) }
            apply(log.advance(at: now))
        }
        snapshotIfDue(at: now)
    }

    /// Refuses what waits and makes the log durable. Nothing may be called afterwards.
    public func close(at now: Timestamp) throws(MetadataFault) {
        refuseInFlight(.closed)
        refuseWaiting(.unavailable(nil))
        try log.close(at: now)
    }

    // MARK: Decide

    /// Decides what waits, each command on the image that the ones before it lead to, and proposes all records at once.
    private func decideWaiting(at now: Timestamp) {
        var decidedImage = image
        var records: [MetadataRecord] = []
        var decidedCount = 0
        while decidedCount < waiting.count, records.count < Self.proposalRecordCountMax {
            let command = waiting[decidedCount]
            decidedCount += 1
            let state = ControllerState(
                image: decidedImage, settings: settings, node: node, nextOffset: nextOffset + Int64(records.count))
            let decided = command.decide(state, &entropy)
            for record in decided.records { Self.replayOwn(record, on: &decidedImage) }
            records += decided.records
            inFlight.append(InFlight(reply: decided.reply, refuse: command.refuse))
        }
        waiting.removeFirst(decidedCount)
        guard !records.isEmpty else { return answerInFlight() }
        counters.proposalCount += 1
        do throws(MetadataFault) {
            try log.propose(records, at: now)
        } catch { refuseInFlight(error) }
    }

    private static func replayOwn(_ record: MetadataRecord, on image: inout MetadataImage) {
        do throws(ReplayError) {
            try image.replay(record)
        } catch {
            preconditionFailure("decided \(record), which does not follow: \(error)")
        }
    }

    // MARK: Apply

    private func apply(_ events: [MetadataLogEvent]) {
        for event in events {
            switch event {
            case .committed(let records, let nextOffset): commit(records, nextOffset)
            case .rejected(_, let fault): refuseInFlight(fault)
            }
        }
    }

    private func commit(_ records: [MetadataRecord], _ end: Offset) {
        precondition(
            end == nextOffset + Int64(records.count), "\(records.count) records from \(nextOffset) end at \(end)")
        var recorder = MetadataDeltaRecorder(from: image)
        for record in records {
            do throws(ReplayError) {
                try recorder.replay(record)
            } catch {
                preconditionFailure("committed \(record), which does not follow: \(error)")
            }
        }
        image = recorder.image
        nextOffset = end
        counters.recordCount += records.count
        recordCountSinceSnapshot += records.count
        publish(recorder.delta())
        answerInFlight()
    }

    private func publish(_ delta: MetadataDelta) {
        let publication = MetadataPublication(image: image, delta: delta, nextOffset: nextOffset, term: term)
        for subscriber in subscribers { subscriber(publication) }
    }

    /// One proposal is in flight at a time, so everything in flight belongs to it.
    private func answerInFlight() {
        let answered = inFlight
        inFlight = []
        for command in answered { command.reply() }
    }

    private func refuseInFlight(_ fault: MetadataFault) {
        let refusal: SubmitRefusal =
            switch fault {
            case .full(let fault): .diskFull(fault)
            case .failed(let fault): .unavailable(fault)
            case .tooLarge(let byteCount, let limit): .tooLarge(byteCount: byteCount, limit: limit)
            case .closed: .unavailable(nil)
            }
        if case .failed(let fault) = fault { self.fault = fault }
        let refused = inFlight
        inFlight = []
        counters.refusedCommandCount += refused.count
        for command in refused { command.refuse(refusal) }
    }

    private func refuseWaiting(_ refusal: SubmitRefusal) {
        let refused = waiting
        waiting = []
        counters.refusedCommandCount += refused.count
        for command in refused { command.refuse(refusal) }
    }

    // MARK: Snapshots and features

    private func snapshotIfDue(at now: Timestamp) {
        let byteCount = log.byteCount - byteCountAtSnapshot
        guard recordCountSinceSnapshot > 0, !log.isBusy else { return }
        guard
            recordCountSinceSnapshot >= settings[.metadataSnapshotRecords]
                || byteCount >= Int64(settings[.metadataSnapshotBytes])
        else { return }
        // Counts from here in either case: a full disk is not asked again after every command.
        recordCountSinceSnapshot = 0
        defer { byteCountAtSnapshot = log.byteCount }
        do throws(DiskFault) {
            try snapshots.write(MetadataSnapshot(image: image, nextOffset: nextOffset, term: term))
            counters.snapshotCount += 1
        } catch {
            counters.snapshotFaultCount += 1
            return
        }
        do throws(MetadataFault) {
            try log.dropPrefix(before: nextOffset, at: now)
        } catch { counters.snapshotFaultCount += 1 }
    }

    /// A new cluster agrees on its features before anything else.
    private func finalizeFeatures() {
        let missing = Features.supported.filter { image.featureLevel($0.name) == 0 }
        guard !missing.isEmpty else { return }
        submit(UpdateFeatures(missing.map { FeatureUpdate(name: $0.name, level: $0.levelMax) })) { _ in }
    }
}
