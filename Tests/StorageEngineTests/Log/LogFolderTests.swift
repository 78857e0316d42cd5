// SPDX-License-Identifier: Apache-2.0

import Primitives
import RecordBatch
import Simulation
import StorageEngine
import Testing

@Suite("the folder of a new partition")
struct LogFolderTests {
    @Test("making and closing one waits for no synchronize")
    func costsNothing() throws {
        let disk = SimulatedDisk(seed: 1)
        disk.plan(.failure(errno: 5), of: .synchronize)
        var fixture = try LogFixture(on: disk)
        try fixture.log.close(on: disk)
        try fixture.reopen()
        #expect(disk.faults.plannedFailures == 0)
        #expect(fixture.log.logEndOffset == .zero && fixture.log.damages.isEmpty)
    }

    @Test("a crash before the first synchronize leaves a folder that opens as new", arguments: UInt64(1)...60)
    func crashBefore(seed: UInt64) throws {
        var fixture = try LogFixture(on: SimulatedDisk(seed: seed))
        try fixture.write(clientBatch(count: 3, producer: 1, sequence: 0))
        fixture.disk.crash()
        let contents = try LogDirectory(on: fixture.disk).scan(on: fixture.disk)
        #expect(contents.faults.isEmpty)
        try fixture.reopen()
        #expect(fixture.log.durableOffset == .zero && fixture.log.damages.isEmpty)
        #expect([Offset.zero, Offset(3)].contains(fixture.log.logEndOffset))
    }

    @Test("nor is what it left taken for another topic's", arguments: UInt64(1)...60)
    func crashBeforeAndAnotherTopic(seed: UInt64) throws {
        var fixture = try LogFixture(on: SimulatedDisk(seed: seed))
        try fixture.write(clientBatch(["of the first topic"]))
        fixture.disk.crash()
        let other = PartitionID(topic: TopicID(high: 7, low: 7), index: PartitionIndex(0))
        do throws(OpenFault) {
            let log = try PartitionLog(
                opening: LogFixture.folder, of: other, configuration: LogConfiguration(), at: fixture.now,
                on: fixture.disk)
            #expect(log.logEndOffset == .zero)
        } catch {
            #expect(error == .foreignPartition(expected: other, found: LogFixture.partition.topic))
        }
    }

    @Test("after the first synchronize records and topic stay", arguments: UInt64(1)...20)
    func crashAfter(seed: UInt64) throws {
        var fixture = try LogFixture(on: SimulatedDisk(seed: seed))
        try fixture.write(clientBatch(count: 3, producer: 1, sequence: 0))
        fixture.synchronize()
        fixture.disk.crash()
        let contents = try LogDirectory(on: fixture.disk).scan(on: fixture.disk)
        #expect(contents.partitions.map(\.partition) == [LogFixture.partition])
        try fixture.reopen()
        #expect(fixture.log.logEndOffset == Offset(3))
    }

    @Test("an unfinished folder keeps what its owner put there")
    func filesOfTheOwner() throws {
        let disk = SimulatedDisk(seed: 1)
        try disk.createDirectory(LogFixture.folder)
        for name in ["quorum-state", "00000000000000000007.log"] {
            disk.close(try disk.open("\(LogFixture.folder)/\(name)", .createNew))
        }
        _ = try LogFixture(on: disk)
        #expect(disk.exists("\(LogFixture.folder)/quorum-state"))
        #expect(!disk.exists("\(LogFixture.folder)/00000000000000000007.log"))
    }

    @Test("metadata that no crash leaves is a fault, and its records stay")
    func foreignBytes() throws {
        var fixture = try LogFixture()
        try fixture.write(clientBatch(["kept"]))
        fixture.synchronize()
        let file = try fixture.disk.open("payments-0/partition.metadata", .readWrite)
        try fixture.disk.write([SharedBytes("no metadata of ours")], to: file, at: 0)
        #expect(throws: OpenFault.self) { try fixture.reopen() }
        #expect(fixture.disk.exists("payments-0/00000000000000000000.log"))
    }
}
