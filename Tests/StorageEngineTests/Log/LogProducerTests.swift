// SPDX-License-Identifier: Apache-2.0

import Primitives
import RecordBatch
import Simulation
import StorageEngine
import Testing

@Suite("idempotent producers in a partition log")
struct LogProducerTests {
    private func refusal(_ fixture: inout LogFixture, _ batch: Batch) -> AppendRefusal? {
        do throws(AppendRefusal) {
            _ = try fixture.log.append(batch, epoch: .zero, at: fixture.now)
            return nil
        } catch { return error }
    }

    @Test("each of the last five batches is recognized and answered with its first offset")
    func duplicates() throws {
        var fixture = try LogFixture()
        for number in 0..<6 { try fixture.write(clientBatch(count: 2, producer: 1, sequence: Int32(2 * number))) }
        for number in 1..<6 {
            let again = try fixture.stage(clientBatch(count: 2, producer: 1, sequence: Int32(2 * number)))
            let base = Offset(Int64(2 * number))
            #expect(again == Appended(baseOffset: base, lastOffset: base.next, isDuplicate: true))
        }
        #expect(!fixture.log.hasStaged)
        let oldest = try clientBatch(count: 2, producer: 1, sequence: 0)
        #expect(refusal(&fixture, oldest) == .outOfOrderSequence(ProducerID(1), expected: 12, received: 0))
    }

    @Test("a batch staged in the same round is recognized too")
    func duplicateInOneRound() throws {
        var fixture = try LogFixture()
        try fixture.stage(clientBatch(count: 1, producer: 1, sequence: 0))
        let again = try fixture.stage(clientBatch(count: 1, producer: 1, sequence: 0))
        #expect(again.isDuplicate)
    }

    @Test("a gap, and a batch that is only partly in the log, are out of order")
    func outOfOrder() throws {
        var fixture = try LogFixture()
        try fixture.write(clientBatch(count: 3, producer: 1, sequence: 0))
        for (count, sequence) in [(1, Int32(4)), (3, 1), (4, 0), (2, 0)] {
            let batch = try clientBatch(count: count, producer: 1, sequence: sequence)
            #expect(refusal(&fixture, batch) == .outOfOrderSequence(ProducerID(1), expected: 3, received: sequence))
        }
    }

    @Test("an older incarnation is fenced, a newer one begins at 0")
    func epochs() throws {
        var fixture = try LogFixture()
        try fixture.write(clientBatch(count: 1, producer: 1, epoch: 4, sequence: 0))
        let older = try clientBatch(count: 1, producer: 1, epoch: 3, sequence: 1)
        #expect(
            refusal(&fixture, older)
                == .invalidProducerEpoch(ProducerID(1), current: ProducerEpoch(4), received: ProducerEpoch(3)))
        let gap = try clientBatch(count: 1, producer: 1, epoch: 5, sequence: 1)
        #expect(refusal(&fixture, gap) == .outOfOrderSequence(ProducerID(1), expected: 0, received: 1))
        try fixture.write(clientBatch(count: 1, producer: 1, epoch: 5, sequence: 0))
        #expect(fixture.log.describeProducers().map(\.producerEpoch) == [ProducerEpoch(5)])
    }

    @Test("an unknown producer begins at 0, unless the log may have forgotten it")
    func unknown() throws {
        var fixture = try LogFixture()
        let later = try clientBatch(count: 1, producer: 8, sequence: 10)
        #expect(refusal(&fixture, later) == .outOfOrderSequence(ProducerID(8), expected: 0, received: 10))
        try fixture.write(clientBatch(count: 1, producer: 1, sequence: 0))
        fixture.now = fixture.now.advanced(byMilliseconds: 86_400_001)
        fixture.log.expireProducers(at: fixture.now)
        #expect(fixture.log.describeProducers().isEmpty)
        #expect(refusal(&fixture, later) == nil)
    }

    @Test("sequences go on at 0 after 2^31-1, inside a batch and between batches")
    func wrap() throws {
        var fixture = try LogFixture()
        try fixture.write(clientBatch(count: 1, producer: 1, sequence: 0))
        fixture.now = fixture.now.advanced(byMilliseconds: 86_400_001)
        fixture.log.expireProducers(at: fixture.now)
        try fixture.write(clientBatch(count: 2, producer: 1, sequence: .max - 2))
        try fixture.write(clientBatch(count: 3, producer: 1, sequence: .max))
        let again = try fixture.stage(clientBatch(count: 3, producer: 1, sequence: .max))
        #expect(again.isDuplicate)
        #expect(try !fixture.write(clientBatch(count: 1, producer: 1, sequence: 2)).isDuplicate)
    }

    @Test("beyond the bound the producer that wrote longest ago is forgotten first")
    func eviction() throws {
        var configuration = LogConfiguration()
        configuration.producerCountMax = 3
        var fixture = try LogFixture(configuration)
        for producer in [Int64(1), 2, 3] { try fixture.write(clientBatch(count: 1, producer: producer, sequence: 0)) }
        try fixture.write(clientBatch(count: 1, producer: 1, sequence: 1))
        try fixture.write(clientBatch(count: 1, producer: 4, sequence: 0))
        #expect(fixture.log.describeProducers().map(\.producerID.rawValue) == [1, 3, 4])
    }

    @Test("a restart, clean or not, remembers all five batches", arguments: [true, false])
    func restart(isClean: Bool) throws {
        var fixture = try LogFixture(LogFixture.small())
        for number in 0..<40 { try fixture.write(clientBatch(count: 1, producer: 1, sequence: Int32(number))) }
        fixture.synchronize()
        if isClean {
            try fixture.log.close(on: fixture.disk)
        } else {
            try fixture.log.writeCheckpoint(on: fixture.disk)
        }
        try fixture.reopen()
        for number in 35..<40 {
            let again = try fixture.stage(clientBatch(count: 1, producer: 1, sequence: Int32(number)))
            #expect(
                again
                    == Appended(baseOffset: Offset(Int64(number)), lastOffset: Offset(Int64(number)), isDuplicate: true)
            )
        }
    }

    @Test("a failed write forgets the sequences it took")
    func undo() throws {
        var fixture = try LogFixture()
        try fixture.write(clientBatch(count: 1, producer: 1, sequence: 0))
        let batch = try clientBatch(count: 1, producer: 1, sequence: 1)
        fixture.disk.plan(.failure(errno: 28), of: .write)
        try fixture.stage(batch)
        #expect(throws: LogFault.self) { try fixture.log.writeStaged(on: fixture.disk) }
        #expect(try fixture.write(batch) == Appended(baseOffset: Offset(1), lastOffset: Offset(1), isDuplicate: false))
    }
}
