// SPDX-License-Identifier: Apache-2.0

import Primitives
import RecordBatch
import Simulation
import StorageEngine

/// A log on a simulated disk, with the few lines that every test needs.
struct LogFixture {
    let disk: SimulatedDisk
    var log: PartitionLog
    var now = Timestamp(1_700_000_000_000)
    private var ticketCount: UInt64 = 0

    static let folder = "payments-0"
    static let partition = PartitionID(topic: TopicID(high: 1, low: 2), index: PartitionIndex(0))

    init(
        _ configuration: LogConfiguration = LogConfiguration(), on disk: SimulatedDisk = SimulatedDisk(seed: 1)
    ) throws {
        self.disk = disk
        log = try PartitionLog(
            opening: Self.folder, of: Self.partition, configuration: configuration, at: now, on: disk)
    }

    static func small(segmentByteCountMax: Int64 = 2048) -> LogConfiguration {
        var configuration = LogConfiguration()
        configuration.segmentByteCountMax = segmentByteCountMax
        configuration.indexIntervalByteCount = 200
        configuration.preallocationByteCountMin = 512
        configuration.preallocationByteCountMax = 1024
        return configuration
    }

    @discardableResult
    mutating func stage(_ batch: Batch, epoch: Int32 = 0) throws -> Appended {
        try log.append(batch, epoch: LeaderEpoch(epoch), at: now)
    }

    @discardableResult
    mutating func write(_ batch: Batch, epoch: Int32 = 0) throws -> Appended {
        let appended = try stage(batch, epoch: epoch)
        try log.writeStaged(on: disk)
        return appended
    }

    /// Synchronizes until nothing is missing, as a node does.
    mutating func synchronize() {
        ticketCount += 1
        while log.beginSynchronize(on: disk, ticket: DiskTicket(ticketCount)) {
            disk.flushSubmissions()
            var completions: [DiskCompletion] = []
            disk.takeCompletions(into: &completions)
            for completion in completions {
                if case .failed(let fault) = completion.outcome {
                    log.synchronizeCompleted(completion.ticket, fault: fault)
                } else {
                    log.synchronizeCompleted(completion.ticket, fault: nil)
                }
            }
            if completions.isEmpty { return }
            ticketCount += 1
        }
    }

    /// Begins one synchronize and lets the disk finish it; the test tells the log.
    mutating func begin(_ ticket: UInt64) -> Bool {
        let began = log.beginSynchronize(on: disk, ticket: DiskTicket(ticket))
        disk.flushSubmissions()
        var completions: [DiskCompletion] = []
        disk.takeCompletions(into: &completions)
        return began
    }

    mutating func reopen() throws {
        log = try PartitionLog(
            opening: Self.folder, of: Self.partition, configuration: log.configuration, at: now, on: disk)
    }

    /// Finds a slice as a node does: what is cold is read, and then the question is asked again.
    mutating func locate(from start: Offset, byteCountMax: Int, below bound: Offset) throws -> LogSlice? {
        while true {
            do throws(ReadRefusal) {
                return try log.locate(
                    from: start, byteCountMax: byteCountMax, below: bound, minOneBatch: true, on: disk)
            } catch {
                guard case .cold(let file, let position, let byteCount) = error else { throw error }
                _ = try disk.read(file, at: position, count: byteCount)
            }
        }
    }

    /// All batches that can be read from `start` on, in order.
    mutating func batches(from start: Offset? = nil, byteCountMax: Int = 700) throws -> [Batch] {
        var next = start ?? log.logStartOffset
        var found: [Batch] = []
        while let slice = try locate(from: next, byteCountMax: byteCountMax, below: log.writtenOffset) {
            let bytes = try disk.read(slice.file, at: slice.position, count: slice.byteCount)
            var batches = Batches(bytes)
            while let batch = try batches.next() { found.append(batch) }
            next = slice.nextOffset
        }
        return found
    }
}

/// A batch as a client sends it: base offset 0, records with the given values.
func clientBatch(
    _ values: [String], codec: Codec = .none, producer: BatchProducer = .none, time: Int64 = 1_700_000_000_000
) throws -> Batch {
    var builder = BatchBuilder(codec: codec, producer: producer)
    for (index, value) in values.enumerated() {
        builder.append(
            Record(timestamp: Timestamp(time + Int64(index)), value: SharedBytes(value)))
    }
    return builder.build(using: Compressor())
}

func clientBatch(
    count: Int, producer id: Int64, epoch: Int16 = 0, sequence: Int32
) throws -> Batch {
    try clientBatch(
        (0..<count).map { "value \($0)" },
        producer: BatchProducer(id: ProducerID(id), epoch: ProducerEpoch(epoch), baseSequence: sequence))
}
