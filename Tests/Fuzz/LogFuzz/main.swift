// SPDX-License-Identifier: Apache-2.0

import Harness
import Primitives
import RecordBatch
import Simulation
import StorageEngine

// Opens partition logs whose files are not what was written: the first byte chooses a folder to begin with, the second
// what is done to the open log, the rest edits the files. Opening either fails with its typed error or gives a log that can
// be read, searched, written, closed and opened again, and that has then lost nothing.

func open(on disk: SimulatedDisk) -> PartitionLog? {
    do throws(OpenFault) {
        return try PartitionLog(opening: folderName, of: partition, configuration: configuration, at: now, on: disk)
    } catch {
        return nil
    }
}

func checkOffsets(_ log: PartitionLog) {
    require(log.logStartOffset <= log.durableOffset, "durable \(log.durableOffset) before \(log.logStartOffset)")
    require(log.durableOffset <= log.writtenOffset, "durable \(log.durableOffset), written \(log.writtenOffset)")
    require(log.writtenOffset == log.logEndOffset, "written \(log.writtenOffset), end \(log.logEndOffset)")
}

/// Asks again after each read of what is cold, as a node does; nil when the question is refused.
func warm<Answer>(on disk: SimulatedDisk, _ ask: () throws(ReadRefusal) -> Answer?) -> Answer? {
    for _ in 0..<10_000 {
        do throws(ReadRefusal) { return try ask() } catch {
            guard case .cold(let file, let position, let byteCount) = error else { return nil }
            do { _ = try disk.read(file, at: position, count: byteCount) } catch { return nil }
        }
    }
    fatalError("10,000 reads did not make a place warm")
}

/// Reads from the first offset to the last, around damage: every step goes forward.
func readAll(_ log: inout PartitionLog, on disk: SimulatedDisk) {
    var next = log.logStartOffset
    while next < log.writtenOffset {
        let start = next
        let slice = warm(on: disk) { () throws(ReadRefusal) in
            try log.locate(from: start, byteCountMax: 700, below: log.writtenOffset, minOneBatch: true, on: disk)
        }
        if let slice {
            require(
                slice.byteCount > 0 && slice.nextOffset > next, "a slice at \(next) leads to \(slice.nextOffset)")
            next = slice.nextOffset
        } else if let damage = log.damages.first(where: { $0.offsets.contains(start) }) {
            next = damage.offsets.upperBound
        } else {
            return
        }
    }
}

func search(_ log: inout PartitionLog, on disk: SimulatedDisk) {
    for time in [Timestamp(0), Timestamp(now.rawValue - 9_900), Timestamp(.max)] {
        _ = warm(on: disk) { () throws(ReadRefusal) in
            try log.offset(atOrAfter: time, below: log.writtenOffset, on: disk)
        }
    }
    _ = warm(on: disk) { () throws(ReadRefusal) in try log.maxTimestamp(below: log.writtenOffset, on: disk) }
    _ = log.describeProducers()
    for epoch in [Int32.min, 0, 1, .max] { _ = log.endOffset(of: LeaderEpoch(epoch)) }
    _ = log.epoch(of: log.logStartOffset)
    _ = log.byteCountBeyondCheckpoint
}

/// What a node may do with any open log, by the bits of `choice`.
func exercise(_ log: inout PartitionLog, _ choice: UInt8, on disk: SimulatedDisk) throws {
    if choice & 1 != 0 { log.expireProducers(at: now) }
    if choice & 2 != 0 {
        let middle = Offset(log.logStartOffset.rawValue + log.logEndOffset.distance(from: log.logStartOffset) / 2)
        try log.truncateDiscarding(from: middle, on: disk)
        checkOffsets(log)
    }
    if choice & 4 != 0 {
        try log.advanceLogStart(to: min(log.logStartOffset + 9, log.logEndOffset), at: now, on: disk)
        checkOffsets(log)
    }
    if choice & 8 != 0 {
        let later = Timestamp(now.rawValue + 30 * 86_400_000)
        try log.remove(log.retention(at: later, below: log.logEndOffset), at: now, on: disk)
        checkOffsets(log)
    }
    if choice & 16 != 0 { log.closeColdFiles(on: disk) }
}

/// Writes three batches, synchronizes, and gives back the first one's offset.
func append(to log: inout PartitionLog, on disk: SimulatedDisk) throws -> Offset {
    let start = log.logEndOffset
    let epoch = max(log.latestEpoch, LeaderEpoch(0))
    for number in 0..<3 {
        let appended = try log.append(batch(number, producer: false), epoch: epoch, at: now)
        require(appended.baseOffset == start + Int64(2 * number), "\(appended) after \(start)")
        try log.writeStaged(on: disk)
    }
    synchronize(&log, on: disk)
    _ = try log.writeCheckpoint(on: disk)
    checkOffsets(log)
    require(log.durableOffset == start + 6, "durable \(log.durableOffset) after \(start + 6) was written")
    return start
}

/// After the log was closed or left as it is: the same records are there.
func reopen(_ log: inout PartitionLog, closing: Bool, expecting start: Offset, on disk: SimulatedDisk) throws {
    let (logStart, end) = (log.logStartOffset, log.logEndOffset)
    if closing { try log.close(on: disk) } else { disk.crash() }
    guard var again = open(on: disk) else { fatalError("a log that was open does not open again") }
    require(again.logEndOffset == end, "ends at \(again.logEndOffset), ended at \(end)")
    require(again.logStartOffset == logStart, "begins at \(again.logStartOffset), began at \(logStart)")
    checkOffsets(again)
    let slice = warm(on: disk) { () throws(ReadRefusal) in
        try again.locate(from: start, byteCountMax: 700, below: end, minOneBatch: true, on: disk)
    }
    require(slice?.baseOffset == start, "the batch at \(start) is at \(slice as Any); damage: \(again.damages)")
    readAll(&again, on: disk)
}

fuzz { bytes in
    var reader = ByteReader(bytes)
    guard let kind = try? reader.readUInt8(), let choice = try? reader.readUInt8() else { return }
    var folder = folders[Int(kind) % folders.count]
    while (try? folder.edit(by: &reader)) != nil {}
    do {
        let disk = try folder.disk()
        guard var log = open(on: disk) else { return }
        checkOffsets(log)
        readAll(&log, on: disk)
        search(&log, on: disk)
        try exercise(&log, choice, on: disk)
        let start = try append(to: &log, on: disk)
        readAll(&log, on: disk)
        try reopen(&log, closing: choice & 32 != 0, expecting: start, on: disk)
    } catch {
        fatalError("an open log does not do its work: \(error)")
    }
}
