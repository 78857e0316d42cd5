// SPDX-License-Identifier: Apache-2.0

import Coordinator
import Primitives
import Simulation
import StorageEngine

/// What a voter keeps on its disk: a journal of writes, and snapshot files.
final class RaftJournal {
    private enum Tag: UInt8 { case hardState = 1, truncation, entry, restart }

    private let journal: Journal
    private let disk: SimulatedDisk
    /// Writes on their way, with the number of their last record.
    private var waiting: [(record: Int, write: RaftWrite)] = []
    /// The record after which the log begins anew.
    private var restartRecord = 0
    /// What is durable, for the checks.
    private(set) var durableState = HardState()
    private(set) var durableEnd = Offset.zero

    /// - Parameter initial: The quorum that a new log begins with.
    /// - Returns: What a crash left, with the state machine of the newest snapshot.
    static func open(
        on disk: SimulatedDisk, initial: VoterSet
    ) throws(DiskFault) -> (RaftJournal, RaftRecovery, state: [UInt8]) {
        let (journal, records) = try Journal.open(on: disk)
        let raft = RaftJournal(journal: journal, disk: disk)
        let snapshot = try raft.newestSnapshot()
        var recovery = RaftRecovery(voters: initial)
        for record in records { raft.replay(record, into: &recovery) }
        if let snapshot {
            recovery.snapshot = snapshot.descriptor
            // The snapshot was durable and the journal did not yet begin after it.
            let holdsIt =
                recovery.start.end == snapshot.descriptor.position.end
                || recovery.entries.contains { $0.position == snapshot.descriptor.position }
            if !holdsIt {
                (recovery.start, recovery.entries) = (snapshot.descriptor.position, [])
                try raft.restart(at: snapshot.descriptor.position)
            }
        }
        raft.durableState = recovery.hardState
        raft.durableEnd = recovery.entries.last?.end ?? recovery.start.end
        return (raft, recovery, snapshot?.state ?? [])
    }

    private init(journal: Journal, disk: SimulatedDisk) {
        self.journal = journal
        self.disk = disk
    }

    // MARK: Writes

    func persist(_ write: RaftWrite) throws(DiskFault) {
        var last = 0
        if let end = write.truncateTo {
            last = try journal.append(Self.encode(.truncation) { $0.writeInt64(end.rawValue) })
        }
        for entry in write.entries { last = try journal.append(Self.encode(.entry) { $0.write(entry) }) }
        if let state = write.hardState { last = try journal.append(Self.encode(.hardState) { $0.write(state) }) }
        precondition(last > 0, "write \(write.number) writes nothing")
        waiting.append((last, write))
    }

    func synchronize() { journal.synchronize() }

    /// - Returns: The last write that became durable, if any did.
    func takeCompletions() throws(DiskFault) -> RaftWriteNumber? {
        try journal.takeCompletions()
        var last: RaftWriteNumber?
        while let first = waiting.first, first.record <= journal.durableCount {
            if first.record > restartRecord {
                if let end = first.write.truncateTo { durableEnd = min(durableEnd, end) }
                durableEnd = first.write.entries.last?.end ?? durableEnd
            }
            durableState = first.write.hardState ?? durableState
            last = first.write.number
            waiting.removeFirst()
        }
        return last
    }

    /// The log begins after a snapshot now. Waits for the disk.
    func restart(at position: LogPosition) throws(DiskFault) {
        let record = Self.encode(.restart) {
            $0.writeInt64(position.end.rawValue)
            $0.writeInt64(position.term.rawValue)
        }
        restartRecord = try journal.append(record)
        try journal.settle()
        durableEnd = position.end
    }

    private static func encode(_ tag: Tag, _ fill: (inout ByteWriter) -> Void) -> [UInt8] {
        var writer = ByteWriter()
        writer.writeUInt8(tag.rawValue)
        fill(&writer)
        return writer.bytes
    }

    private func replay(_ record: [UInt8], into recovery: inout RaftRecovery) {
        var reader = RecordReader(record)
        switch Tag(rawValue: reader.byte()) {
        case .hardState: recovery.hardState = reader.hardState()
        case .truncation:
            let end = Offset(reader.number())
            recovery.entries.removeAll { $0.end > end }
        case .entry: recovery.entries.append(reader.entry())
        case .restart:
            recovery.start = LogPosition(end: Offset(reader.number()), term: Term(reader.number()))
            recovery.entries = []
        case nil: preconditionFailure("a checked record of no kind")
        }
    }

    // MARK: Snapshots

    /// A snapshot of the state machine: `state` as of `descriptor`.
    struct Snapshot {
        let descriptor: RaftSnapshot
        let state: [UInt8]

        /// As it is stored and sent: descriptor and state behind their checksum.
        var bytes: SharedBytes {
            var body = ByteWriter()
            body.writeInt64(descriptor.position.end.rawValue)
            body.writeInt64(descriptor.position.term.rawValue)
            body.write(descriptor.voters)
            body.writeBytes(state)
            var framed = ByteWriter()
            framed.writeInteger(CRC32C.checksum(of: body.bytes))
            framed.writeBytes(body.bytes)
            return framed.shared
        }

        init(descriptor: RaftSnapshot, state: [UInt8]) {
            self.descriptor = descriptor
            self.state = state
        }

        init?(_ bytes: SharedBytes) {
            guard bytes.count > 4 else { return nil }
            let body = bytes.slice(from: 4, count: bytes.count - 4)
            guard CRC32C.checksum(of: body) == bytes.loadBigEndian(at: 0, as: UInt32.self) else { return nil }
            var reader = RecordReader(body.array)
            let position = LogPosition(end: Offset(reader.number()), term: Term(reader.number()))
            descriptor = RaftSnapshot(position: position, voters: reader.voters())
            state = reader.rest()
        }
    }

    private static let partial = "snapshot.partial"

    private static func name(_ end: Offset) -> String { "snapshot-\(end)" }

    func store(_ snapshot: Snapshot) throws(DiskFault) {
        let file = try disk.open(Self.partial, .createOrOpen)
        defer { disk.close(file) }
        try disk.truncate(file, to: 0)
        try disk.write([snapshot.bytes], to: file, at: 0)
        try disk.synchronize(file)
        try publish(snapshot.descriptor.position.end)
    }

    private func publish(_ end: Offset) throws(DiskFault) {
        try disk.rename(Self.partial, to: Self.name(end))
        try disk.synchronizeDirectory("")
        for name in try snapshotNames() where name != Self.name(end) { try disk.remove(name) }
    }

    private func snapshotNames() throws(DiskFault) -> [String] {
        try disk.list("").filter { $0.hasPrefix("snapshot-") }
    }

    func newestSnapshot() throws(DiskFault) -> Snapshot? {
        var newest: Snapshot?
        for name in try snapshotNames() {
            let file = try disk.open(name, .read)
            defer { disk.close(file) }
            let bytes = try disk.read(file, at: 0, count: Int(try disk.size(of: file)))
            guard let found = Snapshot(bytes) else { continue }
            if found.descriptor.position.end > newest?.descriptor.position.end ?? Offset(-1) { newest = found }
        }
        return newest
    }

    /// Takes a chunk of a snapshot from a leader.
    /// - Returns: The whole after the last chunk; nil when it does not check.
    func write(_ chunk: SnapshotChunk) throws(DiskFault) -> Snapshot? {
        let file = try disk.open(Self.partial, .createOrOpen)
        defer { disk.close(file) }
        if chunk.position == 0 { try disk.truncate(file, to: 0) }
        try disk.write([chunk.bytes], to: file, at: chunk.position)
        guard chunk.isLast else { return nil }
        try disk.synchronize(file)
        let bytes = try disk.read(file, at: 0, count: Int(chunk.nextPosition))
        guard let snapshot = Snapshot(bytes), snapshot.descriptor == chunk.snapshot else { return nil }
        try publish(snapshot.descriptor.position.end)
        try restart(at: snapshot.descriptor.position)
        return snapshot
    }
}
