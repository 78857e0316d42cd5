// SPDX-License-Identifier: Apache-2.0

import Primitives

/// Holds one replicated partition to what its users rely on, event by event.
///
/// Entries are batches. What any leader called committed is the truth from then on: no replica may hold something else
/// below its high watermark, and every later leader must have it.
final class PartitionChecker {
    /// Who wrote a batch and which one it was (KIP-98).
    struct Writing: Hashable {
        let producer: Int64
        let epoch: Int16
        let sequence: Int32
        let recordCount: Int32
    }

    struct Batch {
        let entry: HashedLog.Entry
        let writing: Writing?
        let part: StableModel.Part?
        let base: Int64
        /// In partitions that are compacted; of others nobody asks.
        let records: [KeyedRecord]

        var isMarker: Bool { if case .marker = part { true } else { false } }
    }

    private struct Position: Hashable {
        let end: Int64
        let epoch: Int64
    }

    private struct Incarnation: Hashable {
        let producer: Int64
        let epoch: Int16
    }

    private struct Leadership: Hashable {
        let node: NodeAddress
        let life: Int
    }

    private let world: World
    private let name: String
    private var logs: [NodeAddress: HashedLog] = [:]
    private var batches: [NodeAddress: [Int64: Batch]] = [:]
    private var durableEnds: [NodeAddress: Int64] = [:]
    private var prefixes: [Position: UInt64] = [:]
    private var leaders: [Int64: Leadership] = [:]
    private var highWatermarks: [Int64: Int64] = [:]
    private var truth = HashedLog()
    private var written: [Writing: Int64] = [:]
    private var nextSequences: [Incarnation: Int32] = [:]
    private var stable = StableModel()
    /// Nil where records stay for ever.
    private var compaction: CompactionModel?
    /// What the controller last decided.
    private var inSync: (epoch: Int64, nodes: [NodeAddress]) = (-1, [])
    /// Disks that must have a record before it is committed.
    private let copiesMin: Int

    /// - Parameter copiesMin: `min.insync.replicas`.
    init(world: World, name: String, copiesMin: Int, compaction: CompactionModel?) {
        self.world = world
        self.name = name
        self.copiesMin = copiesMin
        self.compaction = compaction
    }

    var isCompacted: Bool { compaction != nil }

    /// A replica that was away may never get a marker of a transaction that it has the beginning of.
    var forgetsMarkers: Bool { compaction?.forgetsTombstones ?? false }

    var committedEnd: Int64 { truth.end }

    /// Hash of everything up to `end` that was called committed; nil where no batch ends.
    func committedHash(atEnd end: Int64) -> UInt64? { truth.hash(atEnd: end) }

    // MARK: Logs

    /// - Parameter found: As it was written, or what compaction has left of it and its neighbours.
    func appended(_ found: Batch, at node: NodeAddress) {
        for batch in restored(found, at: node) { note(batch, at: node) }
    }

    /// What stood in the place of a compacted batch; fails when more is gone than may be.
    private func restored(_ found: Batch, at node: NodeAddress) -> [Batch] {
        guard compaction != nil, found.entry.end <= truth.end, let last = truth.place(ofEnd: found.entry.end) else {
            return [found]
        }
        let first = truth.place(after: found.base)
        // Of a leader that did not commit it: such a batch is to be cut off, and was not compacted.
        guard first <= last, truth.entries[first...last].allSatisfy({ $0.entry.epoch == found.entry.epoch }) else {
            return [found]
        }
        if first == last, truth.entries[last].entry == found.entry { return [found] }
        if let fault = compaction?.fault(of: found, for: first...last, stable) {
            world.fail("compaction keeps the last of each key", "\(name): \(node): \(fault)")
        }
        return compaction.map { Array($0[first...last]) } ?? []
    }

    /// What a pass has put in the place of batches that this replica has.
    func compacted(to batches: [Batch], at node: NodeAddress) {
        for batch in batches {
            let stood = restored(batch, at: node)
            let log = logs[node, default: HashedLog()]
            world.check(
                stood.allSatisfy { log.place(ofEnd: $0.entry.end).map { log.entries[$0].entry } == $0.entry },
                "compaction touches only what is committed", "\(name): \(node) before \(batch.entry.end)")
        }
    }

    private func note(_ batch: Batch, at node: NodeAddress) {
        var log = logs[node, default: HashedLog()]
        let hash = log.append(batch.entry)
        logs[node] = log
        batches[node, default: [:]][batch.entry.end] = batch
        let position = Position(end: batch.entry.end, epoch: batch.entry.epoch)
        let known = prefixes.updateValue(hash, forKey: position)
        world.check(
            known == nil || known == hash, "replicas agree where offset and epoch agree",
            "\(name): \(node) differs before \(batch.entry.end) of epoch \(batch.entry.epoch)")
    }

    /// What a replica found on its disk after a start.
    func recovered(_ found: [Batch], at node: NodeAddress) {
        logs[node] = HashedLog()
        batches[node] = [:]
        for batch in found { appended(batch, at: node) }
        durableEnds[node] = min(durableEnds[node, default: 0], logs[node, default: HashedLog()].end)
    }

    /// What a replica had there when its bytes could be read.
    func remembered(_ offsets: Range<Offset>, at node: NodeAddress) -> [Batch] {
        let log = logs[node, default: HashedLog()]
        return log.entries[log.place(after: offsets.lowerBound.rawValue)...].prefix {
            $0.entry.end <= offsets.upperBound.rawValue
        }.compactMap { batches[node]?[$0.entry.end] }
    }

    /// Whether a replica has all that is committed up to there, on its disk.
    func holdsCommitted(upTo end: Offset, at node: NodeAddress) -> Bool {
        let hash = logs[node, default: HashedLog()].hash(atEnd: end.rawValue)
        return hash != nil && hash == truth.hash(atEnd: end.rawValue)
            && durableEnds[node, default: 0] >= end.rawValue
    }

    func truncated(to end: Int64, at node: NodeAddress) {
        var log = logs[node, default: HashedLog()]
        let agreed = log.place(after: end)
        if agreed < log.entries.count {
            let first = log.entries[agreed]
            world.check(
                truth.hash(atEnd: first.entry.end) != first.hash, "truncation takes only what diverged",
                "\(name): \(node) cuts to \(end) what is committed up to \(first.entry.end)")
        }
        log.truncate(to: end)
        logs[node] = log
        durableEnds[node] = min(durableEnds[node, default: 0], end)
    }

    /// A log that was just opened vouches for less than what it has, so this never falls by what it says.
    func durable(to end: Int64, at node: NodeAddress) { durableEnds[node] = max(durableEnds[node, default: 0], end) }

    // MARK: Leaders

    func decided(
        epoch: Int64, inSync nodes: [NodeAddress], replicas: [NodeAddress], leader: NodeAddress?,
        eligible: [NodeAddress]
    ) {
        world.check(
            nodes.allSatisfy(replicas.contains), "the in-sync set is of replicas", "\(name): \(nodes) of \(replicas)")
        world.check(epoch >= inSync.epoch, "leader epochs never fall", "\(name): \(epoch) after \(inSync.epoch)")
        if let leader {
            world.check(
                nodes.contains(leader) || eligible.contains(leader), "a leader is in sync or eligible",
                "\(name): \(leader) of \(nodes) and \(eligible)")
        }
        inSync = (epoch, nodes)
    }

    /// A replica takes writes in `epoch` from now on.
    func began(leading epoch: Int64, at node: NodeAddress, life: Int) {
        let leadership = Leadership(node: node, life: life)
        let other = leaders.updateValue(leadership, forKey: epoch)
        world.check(
            other == nil || other == leadership, "one leader per epoch",
            "\(name): \(node) and \(other!.node) in \(epoch)")
        // One that learns late that it was chosen, and is no longer, need not have what later leaders committed.
        let needed = highWatermarks.filter { $0.key < epoch }.map(\.value).max() ?? 0
        let log = logs[node, default: HashedLog()]
        world.check(
            log.hash(atEnd: needed) == truth.hash(atEnd: needed), "a leader has all that is committed",
            "\(name): \(node) leads epoch \(epoch) with \(log.end), committed before is \(needed)")
    }

    /// The leader of `epoch` says that all before `end` is committed.
    func committed(upTo end: Int64, epoch: Int64, at node: NodeAddress) {
        let known = highWatermarks[epoch, default: 0]
        world.check(
            end >= known, "the high watermark never falls in an epoch", "\(name): \(known), then \(end) in \(epoch)")
        highWatermarks[epoch] = max(known, end)
        let log = logs[node, default: HashedLog()]
        guard let hash = log.hash(atEnd: end) else {
            return world.fail("the high watermark is at the end of a batch", "\(name): \(node) at \(end) of \(log.end)")
        }
        if end <= truth.end {
            return world.check(
                truth.hash(atEnd: end) == hash, "committed is for ever",
                "\(name): \(node) has another history at \(end)")
        }
        if epoch == inSync.epoch { checkDurability(of: end) }
        checkCopies(of: end, hash)
        extendTruth(with: log, to: end, at: node)
    }

    private func checkDurability(of end: Int64) {
        for node in inSync.nodes where durableEnds[node, default: 0] < end {
            world.fail(
                "committed is durable on every in-sync replica",
                "\(name): \(end), but \(node) has \(durableEnds[node, default: 0])")
        }
    }

    private func checkCopies(of end: Int64, _ hash: UInt64) {
        let copies = durableEnds.count { $0.value >= end && logs[$0.key]?.hash(atEnd: end) == hash }
        world.check(
            copies >= copiesMin, "committed is durable on as many disks as were asked for",
            "\(name): \(end) on \(copies)")
    }

    private func extendTruth(with log: HashedLog, to end: Int64, at node: NodeAddress) {
        world.check(
            log.hash(atEnd: truth.end) == truth.hash(atEnd: truth.end), "committed is for ever",
            "\(name): \(node) commits \(end) on another history than \(truth.end)")
        for (entry, _) in log.entries[log.place(after: truth.end)...] {
            guard entry.end <= end else { return }
            _ = truth.append(entry)
            let batch = batches[node]?[entry.end]
            if let fault = stable.append(batch?.part, end: entry.end) {
                world.fail("a fenced producer writes nothing", "\(name): \(fault), before \(entry.end)")
            }
            if let batch { compaction?.append(batch) }
            guard let writing = batch?.writing else { continue }
            checkSequence(writing, entry)
            let before = written.updateValue(entry.end, forKey: writing)
            world.check(
                before == nil, "no batch is stored twice", "\(name): \(writing) before \(before!) and \(entry.end)")
        }
    }

    private func checkSequence(_ writing: Writing, _ entry: HashedLog.Entry) {
        let incarnation = Incarnation(producer: writing.producer, epoch: writing.epoch)
        let expected = nextSequences.updateValue(writing.sequence + writing.recordCount, forKey: incarnation)
        world.check(
            expected == nil || expected == writing.sequence, "a producer's batches are stored in its order",
            "\(name): \(writing) before \(entry.end), expected sequence \(expected!)")
    }

    /// A replica that follows says that all before `end` is committed: so it must have the same there.
    func told(highWatermark end: Int64, at node: NodeAddress) {
        let log = logs[node, default: HashedLog()]
        guard end <= truth.end, end <= log.end else { return }
        world.check(
            log.hash(atEnd: end) == truth.hash(atEnd: end), "replicas agree below the high watermark",
            "\(name): \(node) differs before \(end)")
    }

    // MARK: Clients

    /// A client was told that its batch stands before `end`.
    func acknowledged(_ entry: (end: Int64, content: UInt64)) {
        let stored = truth.place(ofEnd: entry.end).map { truth.entries[$0].entry.content }
        world.check(
            stored == entry.content, "acknowledged is committed",
            "\(name): the batch before \(entry.end) is \(stored, default: "absent")")
    }

    /// The largest end that leaders of each epoch have acknowledged to a producer.
    private(set) var acknowledgedEnds: [LeaderEpoch: Offset] = [:]

    func acknowledged(upTo end: Offset, in epoch: LeaderEpoch) {
        acknowledgedEnds[epoch] = max(acknowledgedEnds[epoch, default: .zero], end)
    }

    /// A client asked for the end when `floors` had been acknowledged.
    func told(end: Offset, in epoch: LeaderEpoch, after floors: [LeaderEpoch: Offset]) {
        let floor = floors.largest(upTo: epoch)
        world.check(
            end >= floor, "the end that clients are told covers what was acknowledged",
            "\(name): \(end) in epoch \(epoch), acknowledged was \(floor)")
    }

    /// A client read a batch.
    func read(_ entry: (end: Int64, content: UInt64)) {
        let stored = truth.place(ofEnd: entry.end).map { truth.entries[$0].entry.content }
        world.check(
            stored == entry.content, "only the committed is read",
            "\(name): a reader got another batch before \(entry.end)")
    }

    // MARK: Transactions

    /// A replica says up to where readers of committed records may read, given what is committed.
    ///
    /// - Parameter knowsAll: False where damage or a restart may hide markers: then it may say less.
    func told(stableEnd: Int64, below end: Int64, knowsAll: Bool, at node: NodeAddress) {
        guard end <= truth.end, end == 0 || truth.place(ofEnd: end) != nil else { return }
        let expected = stable.stableEnd(after: truth.place(ofEnd: end))
        // A copy of a compacted log need not have a transaction that was open there and has ended since.
        let limit = isCompacted ? max(expected, stable.lastStableEnd) : expected
        world.check(
            stableEnd <= limit, "the last stable offset passes no open transaction",
            "\(name): \(node) says \(stableEnd) below \(end), not \(expected)")
        world.check(
            stableEnd >= expected || !knowsAll, "the last stable offset passes what has ended",
            "\(name): \(node) says \(stableEnd) below \(end), not \(expected)")
    }

    /// The largest stable end that leaders of each epoch have told.
    private(set) var stableEnds: [LeaderEpoch: Offset] = [:]

    /// A client was told the last stable offset, and asked when `floors` had been told.
    func told(stable end: Offset, in epoch: LeaderEpoch, after floors: [LeaderEpoch: Offset]) {
        let floor = floors.largest(upTo: epoch)
        world.check(
            end >= floor, "the last stable offset never goes back", "\(name): \(end) in epoch \(epoch), was \(floor)")
        stableEnds[epoch] = max(stableEnds[epoch, default: .zero], end)
    }

    /// A reader of committed records got a batch, and showed its records or passed over them.
    func read(before end: Int64, isVisible: Bool) {
        world.check(
            stable.allows(readBefore: end, isVisible: isVisible),
            "readers show what is committed and pass over what is not",
            "\(name): the batch before \(end), shown: \(isVisible)")
    }
}

extension [LeaderEpoch: Offset] {
    /// A leader that was replaced and does not know it says what it knows, so only its own epoch and those before it bind it
    /// (KIP-207, KIP-320).
    func largest(upTo epoch: LeaderEpoch) -> Offset { filter { $0.key <= epoch }.values.max() ?? .zero }
}
