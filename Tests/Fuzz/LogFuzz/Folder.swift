// SPDX-License-Identifier: Apache-2.0

import Primitives
import RecordBatch
import Simulation
import StorageEngine

let folderName = "payments-0"
let partition = PartitionID(topic: TopicID(high: 1, low: 2), index: PartitionIndex(0))
let now = Timestamp(1_700_000_000_000)

/// Small enough that a few kilobytes fill several segments.
let configuration: LogConfiguration = {
    var configuration = LogConfiguration()
    configuration.segmentByteCountMax = 1024
    configuration.indexIntervalByteCount = 200
    configuration.preallocationByteCountMin = 512
    configuration.preallocationByteCountMax = 1024
    configuration.indexEntryCountMax = 8
    configuration.producerCountMax = 3
    return configuration
}()

/// The files of a partition's folder, in order of their names.
struct Folder {
    var files: [(name: String, bytes: [UInt8])] = []

    init() {}

    init(on disk: SimulatedDisk) throws {
        for name in try disk.list(folderName) {
            let file = try disk.open("\(folderName)/\(name)", .read)
            let bytes = try disk.read(file, at: 0, count: Int(try disk.size(of: file)))
            disk.close(file)
            files.append((name, bytes.array))
        }
    }

    func disk() throws -> SimulatedDisk {
        let disk = SimulatedDisk(seed: 1)
        try disk.createDirectory(folderName)
        for (name, bytes) in files {
            let file = try disk.open("\(folderName)/\(name)", .createNew)
            try disk.write([SharedBytes(bytes)], to: file, at: 0)
            try disk.synchronize(file)
            disk.close(file)
        }
        try disk.synchronizeDirectory(folderName)
        try disk.synchronizeDirectory("")
        return disk
    }

    mutating func put(_ bytes: [UInt8], as name: String) {
        files.removeAll { $0.name == name }
        files.append((name, bytes))
        files.sort { $0.name < $1.name }
    }
}

func batch(_ number: Int, producer: Bool = true) throws -> Batch {
    let identity =
        producer
        ? BatchProducer(
            id: ProducerID(Int64(number % 4)), epoch: ProducerEpoch(0), baseSequence: Int32(number / 4 * 2)) : .none
    var builder = BatchBuilder(codec: .none, producer: identity)
    for index in 0..<2 {
        let time = Timestamp(now.rawValue - 10_000 + Int64(number * 10 + index))
        builder.append(Record(timestamp: time, value: SharedBytes("value \(number)")))
    }
    return builder.build(using: Compressor())
}

/// The folders that inputs start from: empty, written but not synchronized, checkpointed and written on, closed, and
/// closed with its beginning removed.
let folders: [Folder] = {
    do {
        return [Folder()] + (try (0..<4).map { try writtenFolder($0) })
    } catch {
        fatalError("a folder to begin with cannot be made: \(error)")
    }
}()

func writtenFolder(_ kind: Int) throws -> Folder {
    let disk = SimulatedDisk(seed: 1)
    var log = try PartitionLog(opening: folderName, of: partition, configuration: configuration, at: now, on: disk)
    for number in 0..<24 {
        _ = try log.append(batch(number), epoch: LeaderEpoch(Int32(number / 8)), at: now)
        try log.writeStaged(on: disk)
        guard kind == 1, number == 15 else { continue }
        synchronize(&log, on: disk)
        _ = try log.writeCheckpoint(on: disk)
    }
    if kind == 3 {
        synchronize(&log, on: disk)
        try log.advanceLogStart(to: Offset(20), at: now, on: disk)
    }
    if kind >= 2 { try log.close(on: disk) }
    return try Folder(on: disk)
}

/// Synchronizes until nothing is missing, as a node does.
func synchronize(_ log: inout PartitionLog, on disk: SimulatedDisk) {
    var number: UInt64 = 1
    while log.beginSynchronize(on: disk, ticket: DiskTicket(number)) {
        disk.flushSubmissions()
        var completions: [DiskCompletion] = []
        disk.takeCompletions(into: &completions)
        for completion in completions { log.synchronizeCompleted(completion.ticket, fault: nil) }
        number += 1
    }
}
