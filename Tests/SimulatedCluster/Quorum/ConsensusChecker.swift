// SPDX-License-Identifier: Apache-2.0

import Primitives

/// Holds a quorum to the promises of Raft (Ongaro, 2014, figure 3.2), event by event.
///
/// An entry is known by the offset after it. Each prefix of each log has a hash, so that comparing a prefix costs
/// one look.
final class ConsensusChecker {
    typealias Entry = HashedLog.Entry

    private struct Position: Hashable {
        let end: Int64
        let term: Int64
    }

    private let world: World
    private var logs: [NodeAddress: HashedLog] = [:]
    private var leaders: [Int64: NodeAddress] = [:]
    /// Hash of the prefix that ends at a position; the same wherever the position occurs.
    private var prefixes: [Position: UInt64] = [:]
    /// Changes of voters that leaders have begun in the step under way, each with the one before it, by their ends.
    private var changes: [(before: Int64, change: Int64)] = []
    /// All that any voter has called committed.
    private(set) var committed: [(entry: Entry, hash: UInt64)] = []
    private var committedEnds: [NodeAddress: Int64] = [:]
    private var committedPlaces: [Int64: Int] = [:]
    /// What each leader called committed first, by term: what it knew before it led.
    private var inherited: [Int64: Int64] = [:]

    init(world: World) { self.world = world }

    var committedEnd: Int64 { committed.last?.entry.end ?? 0 }

    // MARK: Logs

    func appended(_ entry: Entry, at node: NodeAddress) {
        var log = logs[node, default: HashedLog()]
        let hash = log.append(entry)
        logs[node] = log
        let known = prefixes.updateValue(hash, forKey: Position(end: entry.end, term: entry.epoch))
        world.check(
            known == nil || known == hash, "log matching",
            "\(node) has another log up to \(entry.end) of term \(entry.epoch)")
        guard entry.isOfVoters, leaders[entry.epoch] == node,
            let before = log.entries.dropLast().last(where: { $0.entry.isOfVoters })
        else { return }
        changes.append((before.entry.end, entry.end))
    }

    /// Majorities of the voters before and after a change meet only if the change before it is committed (Ongaro, 4.1).
    ///
    /// - Parameter isWhole: All that the step of a voter asked for was done; else it may have committed more than is known.
    func stepEnded(isWhole: Bool) {
        for (before, change) in changes where isWhole {
            world.check(
                before <= committedEnd, "voters change one after the other",
                "change before \(change) while that before \(before) is not committed")
        }
        changes = []
    }

    /// The log now ends at `end`; what was behind is gone.
    func truncated(to end: Int64, at node: NodeAddress) {
        var log = logs[node, default: HashedLog()]
        log.truncate(to: end)
        logs[node] = log
        world.check(
            end >= committedEnds[node, default: 0], "committed is never truncated",
            "\(node) cuts to \(end), knowing \(committedEnds[node, default: 0]) committed")
    }

    /// A snapshot took the place of everything up to `end`.
    func installed(snapshotTo end: Int64, at node: NodeAddress) {
        guard let place = committedPlaces[end] else {
            return world.fail("a snapshot holds committed entries only", "\(node) installs one up to \(end)")
        }
        logs[node] = HashedLog(start: end, hash: committed[place].hash)
        committedEnds[node] = end
    }

    /// What a voter found on its disk after a start: each entry, from where its log begins.
    func recovered(from start: Int64, _ entries: [Entry], at node: NodeAddress) {
        logs[node] = HashedLog()
        committedEnds[node] = 0
        if start > 0 { installed(snapshotTo: start, at: node) }
        for entry in entries { appended(entry, at: node) }
    }

    // MARK: Leaders and commitment

    func became(leader node: NodeAddress, of term: Int64) {
        let other = leaders.updateValue(node, forKey: term)
        guard other != node else { return }
        world.check(other == nil, "one leader per term", "\(node) and \(other!) lead term \(term)")
        guard let last = committed.last(where: { $0.entry.epoch < term }) else { return }
        let log = logs[node, default: HashedLog()]
        let holds = last.entry.end <= log.start || log.hash(atEnd: last.entry.end) == last.hash
        world.check(holds, "leader completeness", "\(node) leads term \(term) without committed \(last.entry)")
    }

    /// The leader of `term` says that all before `end` is committed. By counting it commits an entry of its own term, and
    /// with it those before, and never one of an older term alone (Raft paper, 5.4.2).
    func told(commit end: Int64, by node: NodeAddress, in term: Int64) {
        let log = logs[node, default: HashedLog()]
        guard end > inherited[term, default: end], let place = log.place(ofEnd: end) else {
            inherited[term] = inherited[term] ?? end
            return
        }
        let entry = log.entries[place].entry
        world.check(
            entry.epoch == term, "a leader counts entries of its own term",
            "\(node) of \(term) commits \(entry) by itself")
    }

    func committed(upTo end: Int64, at node: NodeAddress) {
        let known = committedEnds[node, default: 0]
        world.check(end >= known, "committed never falls", "\(node) goes from \(known) to \(end)")
        committedEnds[node] = max(end, known)
        let log = logs[node, default: HashedLog()]
        guard let place = log.place(ofEnd: end) else {
            return world.check(
                end <= log.start, "committed entries are in the log", "\(node) commits \(end), which it lacks")
        }
        extend(with: log, through: place)
        let expected = committedPlaces[end].map { committed[$0].hash }
        world.check(
            expected == log.entries[place].hash, "state machine safety", "\(node) commits another entry at \(end)")
    }

    private func extend(with log: HashedLog, through place: Int) {
        for (entry, hash) in log.entries[...place] where entry.end > committedEnd {
            committedPlaces[entry.end] = committed.count
            committed.append((entry, hash))
        }
    }
}

extension HashedLog.Entry {
    /// In the log of a quorum.
    static let votersBit: UInt64 = 1 << 63

    var isOfVoters: Bool { content & Self.votersBit != 0 }
}
