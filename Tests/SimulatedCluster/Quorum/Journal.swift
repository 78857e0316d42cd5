// SPDX-License-Identifier: Apache-2.0

import Primitives
import Simulation
import StorageEngine

/// A file of checked records, appended to and synchronized in groups: the smallest log that a voter can live on.
///
/// Each record: length u32, CRC-32C u32, bytes. What follows the first record that does not check is a torn tail.
final class Journal {
    private static let path = "journal"
    private let disk: SimulatedDisk
    private let file: FileID
    private var end: Int64 = 0
    private var lastTicket: UInt64 = 0
    private var isSynchronizing = false
    /// Records written, and those that a finished synchronize covers.
    private var writtenCount = 0
    private var coveredCount = 0
    private(set) var durableCount = 0

    /// Opens the journal, made when absent, and cuts a torn tail.
    /// - Returns: The records.
    static func open(on disk: SimulatedDisk) throws(DiskFault) -> (Journal, [[UInt8]]) {
        let file = try disk.open(path, .createOrOpen)
        let journal = Journal(disk: disk, file: file)
        let records = try journal.recover()
        try disk.synchronizeDirectory("")
        return (journal, records)
    }

    private init(disk: SimulatedDisk, file: FileID) {
        self.disk = disk
        self.file = file
    }

    private func recover() throws(DiskFault) -> [[UInt8]] {
        let bytes = try disk.read(file, at: 0, count: Int(try disk.size(of: file)))
        var records: [[UInt8]] = []
        var position = 0
        while bytes.count - position >= 8 {
            let count = Int(bytes.loadBigEndian(at: position, as: UInt32.self))
            guard count > 0, count <= bytes.count - position - 8 else { break }
            let body = bytes.slice(from: position + 8, count: count)
            guard CRC32C.checksum(of: body) == bytes.loadBigEndian(at: position + 4, as: UInt32.self) else { break }
            records.append(body.array)
            position += 8 + count
        }
        end = Int64(position)
        try disk.truncate(file, to: end)
        // What is here may be in the page cache only.
        try disk.synchronize(file)
        (writtenCount, durableCount) = (records.count, records.count)
        return records
    }

    /// - Returns: The number of the record, to be compared with `durableCount`.
    func append(_ record: [UInt8]) throws(DiskFault) -> Int {
        var writer = ByteWriter(capacity: record.count + 8)
        let body = SharedBytes(record)
        writer.writeInteger(UInt32(record.count))
        writer.writeInteger(CRC32C.checksum(of: body))
        writer.writeBytes(body)
        let framed = writer.shared
        try disk.write([framed], to: file, at: end)
        end += Int64(framed.count)
        writtenCount += 1
        return writtenCount
    }

    /// Waits until all that was appended is durable.
    func settle() throws(DiskFault) {
        try disk.synchronize(file)
        durableCount = writtenCount
    }

    /// Begins a synchronize when records wait for one and none is on its way.
    func synchronize() {
        guard !isSynchronizing, durableCount < writtenCount else { return }
        isSynchronizing = true
        coveredCount = writtenCount
        lastTicket += 1
        disk.submitSynchronize(file, ticket: DiskTicket(lastTicket))
        disk.flushSubmissions()
    }

    /// Takes what the disk finished.
    /// - Throws: The fault of a synchronize: what it should have covered may be gone for good.
    func takeCompletions() throws(DiskFault) {
        var completions: [DiskCompletion] = []
        disk.takeCompletions(into: &completions)
        for completion in completions {
            isSynchronizing = false
            if case .failed(let fault) = completion.outcome { throw fault }
            durableCount = max(durableCount, coveredCount)
        }
    }
}
