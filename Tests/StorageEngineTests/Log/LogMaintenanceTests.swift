// SPDX-License-Identifier: Apache-2.0

import Primitives
import RecordBatch
import Simulation
import StorageEngine
import Testing

@Suite("maintaining a partition log")
struct LogMaintenanceTests {
    private func filled(_ configuration: LogConfiguration = LogFixture.small()) throws -> LogFixture {
        var fixture = try LogFixture(configuration)
        for number in 0..<60 { try fixture.write(clientBatch(["value \(number)"], time: Int64(1000 * number))) }
        fixture.synchronize()
        return fixture
    }

    @Test("retention by size lets the oldest segments go, and never the active one")
    func bySize() throws {
        var fixture = try filled()
        let segments = fixture.log.segmentByteCounts
        fixture.log.configuration.retentionMilliseconds = nil
        fixture.log.configuration.retentionByteCount = fixture.log.byteCount - segments[0].byteCount
        var decision = fixture.log.retention(at: fixture.now, below: Offset(60))
        #expect(decision.segments == [.zero])
        fixture.log.configuration.retentionByteCount = 0
        decision = fixture.log.retention(at: fixture.now, below: Offset(60))
        #expect(decision.segments == segments.dropLast().map(\.baseOffset))
        try fixture.log.remove(decision, at: fixture.now, on: fixture.disk)
        #expect(fixture.log.logStartOffset == segments[segments.count - 1].baseOffset)
        #expect(fixture.log.segmentByteCounts.count == 1)
    }

    @Test("retention by time takes all that is too old, the active segment as well, but nothing above the bound")
    func byTime() throws {
        var fixture = try filled()
        fixture.log.configuration.retentionMilliseconds = 1000
        #expect(fixture.log.retention(at: Timestamp(0), below: Offset(60)).isEmpty)
        #expect(fixture.log.retention(at: fixture.now, below: Offset(1)).isEmpty)
        let decision = fixture.log.retention(at: fixture.now, below: Offset(60))
        #expect(decision.newLogStart == Offset(60))
        try fixture.log.remove(decision, at: fixture.now, on: fixture.disk)
        #expect(fixture.log.logStartOffset == Offset(60))
        #expect(fixture.log.byteCount == 0)
        try fixture.write(clientBatch(["next"]))
        #expect(try fixture.batches().map(\.header.baseOffset) == [Offset(60)])
        fixture.synchronize()
        try fixture.reopen()
        #expect(fixture.log.logStartOffset == Offset(60))
        #expect(fixture.log.logEndOffset == Offset(61))
    }

    @Test("a removed segment's file stays for readers until its delay is over")
    func delay() throws {
        var fixture = try filled()
        let slice = try #require(try fixture.locate(from: .zero, byteCountMax: 500, below: Offset(60)))
        let before = try fixture.disk.read(slice.file, at: slice.position, count: slice.byteCount)
        try fixture.log.advanceLogStart(to: Offset(50), at: fixture.now, on: fixture.disk)
        #expect(try fixture.disk.read(slice.file, at: slice.position, count: slice.byteCount) == before)
        func deletedCount() throws -> Int {
            try fixture.disk.list(LogFixture.folder).filter { $0.hasSuffix(".deleted") }.count
        }
        fixture.log.purgeRemoved(at: fixture.now.advanced(byMilliseconds: 59_999), on: fixture.disk) { DiskTicket(7) }
        fixture.disk.flushSubmissions()
        #expect(try deletedCount() > 0)
        fixture.log.purgeRemoved(at: fixture.now.advanced(byMilliseconds: 60_000), on: fixture.disk) { DiskTicket(7) }
        fixture.disk.flushSubmissions()
        #expect(try deletedCount() == 0)
    }

    @Test("an advanced log start survives a power cut, inside a segment too")
    func logStart() throws {
        var fixture = try filled()
        try fixture.log.advanceLogStart(to: Offset(33), at: fixture.now, on: fixture.disk)
        fixture.disk.crash()
        try fixture.reopen()
        #expect(fixture.log.logStartOffset == Offset(33))
        #expect(throws: ReadRefusal.offsetOutOfRange(logStart: Offset(33), logEnd: Offset(60))) {
            try fixture.batches(from: Offset(32))
        }
        #expect(try fixture.batches().first?.header.baseOffset == Offset(33))
        try fixture.log.advanceLogStart(to: Offset(20), at: fixture.now, on: fixture.disk)
        #expect(fixture.log.logStartOffset == Offset(33))
    }

    @Test("a truncation is durable and takes producers and epochs along", arguments: [Int64(0), 1, 25, 40, 59])
    func truncation(cut: Int64) throws {
        var fixture = try LogFixture(LogFixture.small())
        for number in 0..<60 {
            try fixture.write(clientBatch(count: 1, producer: 3, sequence: Int32(number)), epoch: Int32(number / 10))
        }
        fixture.synchronize()
        try fixture.log.truncateDiscarding(from: Offset(cut), on: fixture.disk)
        for isReopened in [false, true] {
            if isReopened {
                fixture.disk.crash()
                try fixture.reopen()
            }
            #expect(fixture.log.logEndOffset == Offset(cut))
            #expect(fixture.log.durableOffset == Offset(cut))
            #expect(try fixture.batches().count == Int(cut))
            #expect(fixture.log.describeProducers().map(\.lastSequence) == (cut == 0 ? [] : [Int32(cut) - 1]))
            #expect(fixture.log.latestEpoch == LeaderEpoch(cut == 0 ? -1 : Int32(cut - 1) / 10))
        }
        try fixture.write(clientBatch(count: 1, producer: 3, sequence: Int32(cut)), epoch: 9)
        #expect(fixture.log.logEndOffset == Offset(cut + 1))
    }

    @Test("a deleted partition's folder is set aside and found as a leftover")
    func deletion() throws {
        var fixture = try filled()
        let name = try fixture.log.markDeleted(on: fixture.disk)
        #expect(name == "payments-0.\(LogFixture.partition.topic)-delete")
        let directory = try LogDirectory(on: fixture.disk)
        let contents = try directory.scan(on: fixture.disk)
        #expect(contents.leftovers == [name])
        #expect(contents.partitions.isEmpty)
        #expect(throws: AppendRefusal.closed) { try fixture.stage(clientBatch(["x"])) }
        try fixture.reopen()
        #expect(fixture.log.logEndOffset == .zero)
    }

    @Test("a random life of a log is that of an array", arguments: UInt64(1)...6)
    func model(seed: UInt64) throws {
        var entropy = Entropy(seed: seed)
        var fixture = try LogFixture(LogFixture.small(), on: SimulatedDisk(seed: seed))
        var model: [Offset: SharedBytes] = [:]
        for step in 0..<150 {
            switch entropy.index(below: 20) {
            case 0: fixture.synchronize()
            case 1: try fixture.log.writeCheckpoint(on: fixture.disk)
            case 2:
                try fixture.log.close(on: fixture.disk)
                try fixture.reopen()
            case 3: try fixture.reopen()
            case 4:
                let start = fixture.log.logStartOffset
                let cut = start + Int64(entropy.index(below: Int(fixture.log.logEndOffset.distance(from: start)) + 1))
                try fixture.log.truncateDiscarding(from: cut, on: fixture.disk)
                model = model.filter { $0.key < fixture.log.logEndOffset }
            case 5:
                let end = fixture.log.logStartOffset + Int64(entropy.index(below: 6))
                try fixture.log.advanceLogStart(to: end, at: fixture.now, on: fixture.disk)
            default:
                let batch = try clientBatch(
                    (0...entropy.index(below: 3)).map { "step \(step) record \($0)" },
                    codec: Codec.allCases[entropy.index(below: 5)])
                model[fixture.log.logEndOffset] = batch.payload
                try fixture.write(batch, epoch: Int32(step / 10))
            }
            let expected = model.keys.filter { $0 >= fixture.log.logStartOffset }.sorted()
            let found = try fixture.batches(byteCountMax: 1 + entropy.index(below: 2000))
                .filter { $0.header.baseOffset >= fixture.log.logStartOffset }
            #expect(found.map(\.header.baseOffset) == expected, "seed \(seed), step \(step)")
            #expect(found.map(\.payload) == expected.compactMap { model[$0] }, "seed \(seed), step \(step)")
        }
        #expect(fixture.log.damages.isEmpty)
    }
}

@Suite("the data folder")
struct LogDirectoryTests {
    @Test("partition folders are found by name and metadata, faulty ones reported, others left alone")
    func scan() throws {
        let disk = SimulatedDisk(seed: 1)
        let directory = try LogDirectory(on: disk)
        for (folder, low) in [("orders-eu-12", UInt64(1)), ("orders-0", 2)] {
            let partition = PartitionID(
                topic: TopicID(high: 0, low: low), index: LogDirectory.partition(ofFolder: folder)?.index ?? .init(-1))
            var log = try PartitionLog(
                opening: folder, of: partition, configuration: LogConfiguration(), at: .none, on: disk)
            try log.close(on: disk)
        }
        try disk.createDirectory("broken-3")
        let metadata = try disk.open("broken-3/partition.metadata", .createNew)
        try disk.write([SharedBytes("broken")], to: metadata, at: 0)
        try disk.createDirectory("empty-1")
        try disk.createDirectory("notes")
        let contents = try directory.scan(on: disk)
        #expect(contents.partitions.map(\.folder) == ["orders-0", "orders-eu-12"])
        #expect(contents.partitions.map(\.topicName) == ["orders", "orders-eu"])
        #expect(contents.partitions[1].partition.index == PartitionIndex(12))
        #expect(contents.faults.map(\.folder) == ["broken-3"])
    }

    @Test("folder names that are no partition's", arguments: ["a", "-1", "a-", "a-x", "a-01", "a-+1", "a--1x"])
    func names(folder: String) { #expect(LogDirectory.partition(ofFolder: folder) == nil) }

    @Test("a full disk gives up the reserve for metadata and heals when there is room for two")
    func full() throws {
        let disk = SimulatedDisk(seed: 1, capacity: 4 << 20)
        var directory = try LogDirectory(reserveByteCount: 1 << 20, on: disk)
        let before = try disk.freeByteCount()
        let fault = DiskFault(.write, target: "x", errno: 28)
        try directory.note(fault, on: disk)
        #expect(directory.health == .full(fault))
        #expect(try disk.freeByteCount() >= before + 1 << 20)
        disk.capacity = 3 << 19
        let isHealthyTooEarly = try directory.checkSpace(on: disk)
        #expect(!isHealthyTooEarly)
        disk.capacity = 4 << 20
        let isHealthy = try directory.checkSpace(on: disk)
        #expect(isHealthy)
        #expect(directory.health == .healthy)
        #expect(try disk.freeByteCount() <= before)
    }

    @Test("a failed synchronize is final, whatever its number")
    func failed() throws {
        let disk = SimulatedDisk(seed: 1)
        var directory = try LogDirectory(on: disk)
        let fault = DiskFault(.synchronize, target: "x", errno: 28)
        try directory.note(fault, on: disk)
        try directory.note(DiskFault(.write, target: "x", errno: 28), on: disk)
        let isHealthy = try directory.checkSpace(on: disk)
        #expect(!isHealthy)
        #expect(directory.health == .failed(fault))
    }
}
