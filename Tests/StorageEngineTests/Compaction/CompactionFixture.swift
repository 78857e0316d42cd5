// SPDX-License-Identifier: Apache-2.0

import Primitives
import RecordBatch
import Simulation
import StorageEngine
import Testing

/// A record as readers see it.
struct Seen: Equatable, CustomStringConvertible {
    let offset: Int64
    let key: String?
    let value: String?

    var description: String { "\(offset):\(key ?? "-")=\(value ?? "-")" }
}

/// What a test of compaction does to a log on a simulated disk.
struct CompactionFixture {
    var base: LogFixture
    var limits = CompactionLimits(mapByteCountMax: 1 << 20)

    init(
        segmentByteCountMax: Int64 = 400, on disk: SimulatedDisk = SimulatedDisk(seed: 1),
        _ change: (inout CompactionConfiguration) -> Void = { _ in }
    ) throws {
        var configuration = LogFixture.small(segmentByteCountMax: segmentByteCountMax)
        configuration.retentionMilliseconds = nil
        configuration.fileDeleteDelayMilliseconds = 0
        var compaction = CompactionConfiguration()
        change(&compaction)
        configuration.compaction = compaction
        base = try LogFixture(configuration, on: disk)
    }

    var disk: SimulatedDisk { base.disk }
    var log: PartitionLog { base.log }

    /// One batch of records at the clock's time; a nil value is a tombstone.
    @discardableResult
    mutating func put(
        _ records: [(String?, String?)], codec: Codec = .none, producer: BatchProducer = .none, epoch: Int32 = 0,
        isTransactional: Bool = false
    ) throws -> Appended {
        var builder = BatchBuilder(codec: codec, producer: producer, isTransactional: isTransactional)
        for (key, value) in records {
            builder.append(
                timestamp: base.now, key: key.map { SharedBytes($0) }, value: value.map { SharedBytes($0) })
        }
        return try base.write(builder.build(using: Compressor()), epoch: epoch)
    }

    /// Ends the active segment, as its age does, and lets recovery count on all before.
    mutating func roll(epoch: Int32 = 0) throws {
        let configuration = base.log.configuration
        base.log.configuration.segmentMilliseconds = 0
        base.now = base.now.advanced(byMilliseconds: 1)
        try put([("end of segment", "x")], epoch: epoch)
        base.log.configuration = configuration
        try settle()
    }

    mutating func settle() throws {
        base.synchronize()
        _ = try base.log.writeCheckpoint(on: disk)
    }

    var bound: Offset { base.log.durableOffset }

    /// One pass, whatever the dirty ratio; false when there was nothing to do.
    @discardableResult
    mutating func compact(below bound: Offset? = nil) throws -> Bool {
        guard var pass = try begin(below: bound) else { return false }
        while true {
            switch try pass.step(on: disk) {
            case .working: continue
            case .cleaned(let segment):
                let isDone = try base.log.replace(with: segment, at: base.now, on: disk)
                if !isDone { Issue.record("the segment at \(segment.baseOffset) was refused, and nothing was cut") }
            case .finished:
                try base.log.finish(pass, on: disk)
                return true
            }
        }
    }

    /// A pass as a broker plans it.
    mutating func begin(below bound: Offset? = nil) throws -> LogCompaction? {
        let stable = base.log.lastStableOffset(below: bound ?? self.bound)
        let aborted = try base.log.abortedTransactions(from: .zero, to: stable, on: disk)
        return try base.log.beginCompaction(
            at: base.now, below: stable, aborted: aborted, limits: limits, secret: (1, 2))
    }

    /// Passes until nothing is dirty.
    mutating func compactFully() throws {
        while try compact() {}
    }

    /// All records from `start` on, in order. Fails when a batch does not begin where the one before it ended.
    mutating func records(from start: Offset? = nil) throws -> [Seen] {
        var found: [Seen] = []
        var next = start ?? base.log.logStartOffset
        for batch in try base.batches(from: next) {
            try batch.verifyChecksum()
            guard batch.header.baseOffset <= next, batch.header.nextOffset > next else {
                throw Gap(at: next, found: batch.header.baseOffset)
            }
            next = batch.header.nextOffset
            guard !batch.header.isControl else { continue }
            found += try Seen.all(in: batch).filter { $0.offset >= start?.rawValue ?? 0 }
        }
        return found
    }

    struct Gap: Error {
        let at: Offset
        let found: Offset
    }

    /// Key to last value, without the records that end segments.
    mutating func table() throws -> [String: String] { Self.table(of: try records()) }
}
