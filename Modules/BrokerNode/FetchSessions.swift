// SPDX-License-Identifier: Apache-2.0

internal import OrderedCollections
package import Primitives

/// How a fetch names a topic: by id from version 13 on, by name before.
package enum FetchTopic: Hashable, Sendable {
    case id(TopicID)
    case name(String)
}

/// What one consumer wants from one partition.
package struct FetchTarget: Sendable, Equatable {
    package var topic: FetchTopic
    package var index: PartitionIndex
    package var fetchOffset: Offset
    package var byteCountMax: Int
    /// The epoch the client believes in; `.none` when it does not say (KIP-320).
    package var currentLeaderEpoch: LeaderEpoch
    /// Epoch of the last record the client has, for divergence checks; `.none` when it does not say (KIP-595).
    package var lastFetchedEpoch: LeaderEpoch

    package init(
        topic: FetchTopic, index: PartitionIndex, fetchOffset: Offset, byteCountMax: Int,
        currentLeaderEpoch: LeaderEpoch = .none, lastFetchedEpoch: LeaderEpoch = .none
    ) {
        self.topic = topic
        self.index = index
        self.fetchOffset = fetchOffset
        self.byteCountMax = byteCountMax
        self.currentLeaderEpoch = currentLeaderEpoch
        self.lastFetchedEpoch = lastFetchedEpoch
    }
}

/// The parts of an answer that make a partition worth repeating to a client that has heard of it before.
package struct FetchedState: Sendable, Equatable {
    package var highWatermark: Offset
    package var lastStableOffset: Offset
    package var logStartOffset: Offset

    package init(
        highWatermark: Offset = Offset(-1), lastStableOffset: Offset = Offset(-1), logStartOffset: Offset = Offset(-1)
    ) {
        self.highWatermark = highWatermark
        self.lastStableOffset = lastStableOffset
        self.logStartOffset = logStartOffset
    }
}

/// Incremental fetch sessions of one shard (KIP-227): a client that polls hundreds of partitions names only changes, and is
/// told only of partitions that have something new.
///
/// Sessions belong to the shard whose connection made them; a client that arrives on another is told that the id is
/// unknown and starts a new one, as the protocol provides.
package struct FetchSessions {
    package struct Limits: Sendable {
        /// Sessions kept at once; Kafka's `max.incremental.fetch.session.cache.slots`.
        package var sessionCountMax = 1000
        /// Partitions of all sessions together: bounds their memory at some 200 bytes each.
        package var partitionCountMax = 500_000
        /// A session idle for longer gives up its place to a new one.
        package var idleMillisecondsMax: Int64 = 120_000

        package init() {}
    }

    package enum Refusal: Error, Equatable {
        case unknownSession
        case wrongEpoch
        /// The session names topics by id and the request by name, or the other way round.
        case topicNamingChanged
    }

    /// What a request turned out to be.
    package enum Fetch: Equatable {
        /// Everything asked for is answered and nothing remembered.
        case sessionless([FetchTarget])
        /// Everything asked for is answered and remembered under `session`.
        case opening(session: Int32, [FetchTarget])
        /// All targets of the session are read; only partitions with news are answered.
        case incremental(session: Int32, [FetchTarget])

        package var session: Int32 {
            switch self {
            case .sessionless: 0
            case .opening(let session, _), .incremental(let session, _): session
            }
        }

        package var targets: [FetchTarget] {
            switch self {
            case .sessionless(let targets), .opening(_, let targets), .incremental(_, let targets): targets
            }
        }
    }

    private struct Key: Hashable {
        let topic: FetchTopic
        let index: PartitionIndex
    }

    private struct Entry {
        var target: FetchTarget
        var sent = FetchedState()
    }

    private struct Session {
        var epoch: Int32
        var usesTopicIDs: Bool
        var entries: OrderedDictionary<Key, Entry>
        /// Index at which the next answer begins, so that a full answer does not starve the partitions after it.
        var cursor = 0
        var lastUsed: Instant
    }

    private var sessions: OrderedDictionary<Int32, Session> = [:]
    private var entropy: Entropy
    private let limits: Limits
    package private(set) var partitionCount = 0
    package private(set) var evictionCount: UInt64 = 0

    package init(limits: Limits, entropy: Entropy) {
        self.limits = limits
        self.entropy = entropy
    }

    package var count: Int { sessions.count }

    /// Takes a request into account and says which partitions to read.
    ///
    /// - Parameters:
    ///   - session: 0 for none.
    ///   - epoch: −1 ends the session, 0 starts one, any other continues it and must be the next in order.
    package mutating func begin(
        session id: Int32, epoch: Int32, targets: [FetchTarget], forgotten: [(FetchTopic, PartitionIndex)],
        usesTopicIDs: Bool, at now: Instant
    ) throws(Refusal) -> Fetch {
        guard epoch > 0 else {
            close(id)
            guard epoch == 0, let opened = open(targets, usesTopicIDs: usesTopicIDs, at: now) else {
                return .sessionless(targets)
            }
            return .opening(session: opened, targets)
        }
        guard let position = sessions.index(forKey: id) else { throw .unknownSession }
        guard sessions.values[position].epoch == epoch else { throw .wrongEpoch }
        guard sessions.values[position].usesTopicIDs == usesTopicIDs else { throw .topicNamingChanged }
        return update(at: position, id: id, targets: targets, forgotten: forgotten, now: now)
    }

    /// Whether a partition of an incremental answer has news; remembers what is about to be sent.
    package mutating func hasNews(
        session id: Int32, _ topic: FetchTopic, _ index: PartitionIndex, state: FetchedState, recordByteCount: Int,
        failed: Bool
    ) -> Bool {
        let key = Key(topic: topic, index: index)
        guard sessions[id]?.entries[key] != nil else { return true }
        // An error is repeated until it goes away: forgetting what was sent makes the next good answer news.
        let known = sessions[id]!.entries[key]!.sent
        sessions[id]!.entries[key]!.sent = failed ? FetchedState() : state
        return failed || recordByteCount > 0 || known != state
    }

    /// Remembers where an answer ran out of room: the next one begins there.
    package mutating func ended(session id: Int32, exhaustedAt topic: FetchTopic, _ index: PartitionIndex) {
        guard let position = sessions[id]?.entries.index(forKey: Key(topic: topic, index: index)) else { return }
        sessions[id]!.cursor = position
    }

    private mutating func update(
        at position: Int, id: Int32, targets: [FetchTarget], forgotten: [(FetchTopic, PartitionIndex)], now: Instant
    ) -> Fetch {
        var session = sessions.values[position]
        sessions.values[position].entries = [:]
        let before = session.entries.count
        for target in targets {
            let key = Key(topic: target.topic, index: target.index)
            session.entries[key, default: Entry(target: target)].target = target
        }
        for (topic, index) in forgotten { session.entries.removeValue(forKey: Key(topic: topic, index: index)) }
        partitionCount += session.entries.count - before
        session.epoch = session.epoch == .max ? 1 : session.epoch + 1
        session.lastUsed = now
        guard !session.entries.isEmpty else {
            sessions.remove(at: position)
            return .sessionless([])
        }
        session.cursor %= session.entries.count
        let entries = session.entries.values.elements
        let all = (entries[session.cursor...] + entries[..<session.cursor]).map(\.target)
        sessions.values[position] = session
        return .incremental(session: id, all)
    }

    private mutating func open(_ targets: [FetchTarget], usesTopicIDs: Bool, at now: Instant) -> Int32? {
        guard !targets.isEmpty, makeRoom(for: targets.count, at: now) else { return nil }
        var id: Int32
        repeat { id = Int32(truncatingIfNeeded: entropy.next() & 0x7fff_ffff) } while id == 0 || sessions[id] != nil
        var entries: OrderedDictionary<Key, Entry> = [:]
        for target in targets { entries[Key(topic: target.topic, index: target.index)] = Entry(target: target) }
        partitionCount += entries.count
        sessions[id] = Session(epoch: 1, usesTopicIDs: usesTopicIDs, entries: entries, lastUsed: now)
        return id
    }

    private mutating func close(_ id: Int32) {
        guard let session = sessions.removeValue(forKey: id) else { return }
        partitionCount -= session.entries.count
    }

    /// Gives up the longest idle session when all places are taken and it has been idle for long enough.
    private mutating func makeRoom(for partitions: Int, at now: Instant) -> Bool {
        while sessions.count >= limits.sessionCountMax || partitionCount + partitions > limits.partitionCountMax {
            guard
                let oldest = sessions.values.indices.min(by: { left, right in
                    sessions.values[left].lastUsed < sessions.values[right].lastUsed
                })
            else { return false }
            guard now.milliseconds(since: sessions.values[oldest].lastUsed) > limits.idleMillisecondsMax else {
                return false
            }
            partitionCount -= sessions.values[oldest].entries.count
            sessions.remove(at: oldest)
            evictionCount += 1
        }
        return true
    }
}
