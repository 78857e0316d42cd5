// SPDX-License-Identifier: Apache-2.0

public import Primitives

/// A sign of life, taken note of with a decision.
public struct BrokerContact: Hashable, Sendable {
    public var broker: NodeID
    public var epoch: BrokerEpoch
    /// How much of the metadata log the broker had replayed.
    public var metadataOffset: Offset
    /// Set in a controlled shutdown: what every other broker must have replayed before this one may go.
    public var departureOffset: Offset?
    /// What has changed in its load.
    public var loads: LoadReport?

    public init(
        broker: NodeID, epoch: BrokerEpoch, metadataOffset: Offset, departureOffset: Offset? = nil,
        loads: LoadReport? = nil
    ) {
        self.loads = loads
        self.broker = broker
        self.epoch = epoch
        self.metadataOffset = metadataOffset
        self.departureOffset = departureOffset
    }
}

/// When brokers were heard of last, what they had replayed and what load they bear: soft state of the active controller.
///
/// Measured by the controller's own monotonic clock, so no fact depends on anybody else's. A controller that becomes
/// active begins anew, and gives every unfenced broker one whole session to be heard of.
public struct BrokerSessions: Sendable, Equatable {
    fileprivate struct Session: Sendable, Equatable {
        var epoch: BrokerEpoch
        var lastContact: Instant
        var metadataOffset: Offset
        var departureOffset: Offset?
        /// Of the partitions it leads, or led when it told; nil before it told.
        var loads: [PartitionID: PartitionLoad]?
    }

    private var sessions: [NodeID: Session] = [:]
    /// When this controller began to lead: brokers that it did not hear of yet count from here.
    private let start: Instant
    private let timeoutMilliseconds: Int64

    /// - Parameters:
    ///   - start: When the controller became active.
    ///   - timeoutMilliseconds: `broker.session.timeout.ms`.
    public init(start: Instant = Instant(nanoseconds: 0), timeoutMilliseconds: Int64 = 2000) {
        self.start = start
        self.timeoutMilliseconds = timeoutMilliseconds
    }

    /// Takes note of a sign of life.
    public mutating func note(_ contact: BrokerContact, at now: Instant) {
        var session = Session(epoch: contact.epoch, lastContact: now, metadataOffset: contact.metadataOffset)
        if let known = sessions[contact.broker], known.epoch == contact.epoch {
            session.departureOffset = known.departureOffset
            session.loads = known.loads
        }
        if let report = contact.loads { session.note(report) }
        session.departureOffset = contact.departureOffset ?? session.departureOffset
        sessions[contact.broker] = session
    }

    /// Forgets brokers that are not registered any more, or again.
    public mutating func follow(_ image: MetadataImage) {
        sessions = sessions.filter { image.broker($0.key)?.epoch == $0.value.epoch }
    }

    /// Whether this controller heard of this registration within the session time-out.
    public func isLive(_ broker: NodeID, _ epoch: BrokerEpoch, at now: Instant) -> Bool {
        guard let session = sessions[broker], session.epoch == epoch else { return false }
        return deadline(after: session.lastContact) > now
    }

    /// Unfenced brokers whose session is over, the one silent for longest first.
    public func expired(on image: MetadataImage, at now: Instant) -> [NodeID] {
        unfencedByContact(image).filter { deadline(after: $0.contact) <= now }.map(\.id)
    }

    /// When the next session ends unless its broker is heard of; nil when no broker is unfenced.
    public func nextDeadline(on image: MetadataImage) -> Instant? {
        unfencedByContact(image).first.map { deadline(after: $0.contact) }
    }

    /// What every other broker must have replayed before the broker may go; nil when it does not leave, or this
    /// controller does not know yet.
    func departureOffset(of broker: NodeID, _ epoch: BrokerEpoch) -> Offset? {
        sessions[broker].flatMap { $0.epoch == epoch ? $0.departureOffset : nil }
    }

    /// Whether every active broker but one has replayed the log up to `offset`.
    func haveReplayed(_ offset: Offset, on image: MetadataImage, besides leaving: NodeID) -> Bool {
        image.brokers().allSatisfy { broker in
            guard broker.isActive, broker.id != leaving else { return true }
            guard let session = sessions[broker.id], session.epoch == broker.epoch else { return false }
            return session.metadataOffset >= offset
        }
    }

    /// Whether this registration has told its load since this controller became active.
    func knowsLoads(of broker: NodeID, _ epoch: BrokerEpoch) -> Bool {
        sessions[broker].map { $0.epoch == epoch && $0.loads != nil } ?? false
    }

    /// What leaders told of the partitions that they lead now, by partition.
    ///
    /// - Complexity: O(n log n) in the partitions that were told of.
    public func loads(on image: MetadataImage) -> [PartitionLoad] {
        sessions.flatMap { id, session in
            (session.loads ?? [:]).values.filter { image.partition($0.partition)?.leader == id }
        }.sorted { $0.partition < $1.partition }
    }

    private func unfencedByContact(_ image: MetadataImage) -> [(id: NodeID, contact: Instant)] {
        image.brokers().filter { !$0.isFenced }
            .map { broker in
                let session = sessions[broker.id]
                return (broker.id, session?.epoch == broker.epoch ? session?.lastContact ?? start : start)
            }
            .sorted { ($0.contact, $0.id) < ($1.contact, $1.id) }
    }

    private func deadline(after contact: Instant) -> Instant {
        contact.advanced(byMilliseconds: timeoutMilliseconds)
    }
}

extension BrokerSessions.Session {
    fileprivate mutating func note(_ report: LoadReport) {
        var known = report.beginsAnew ? [:] : loads ?? [:]
        for load in report.loads.prefix(LoadReport.loadCountMax) { known[load.partition] = load }
        loads = known
    }
}
