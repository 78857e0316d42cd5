// SPDX-License-Identifier: Apache-2.0

import Primitives
import Simulation
import StorageEngine

/// The disk of a machine, shared by the shards of a broker: each has a view of its own, as each has a disk object of its own
/// over the same folder in production.
final class SharedDisk {
    fileprivate let disk: SimulatedDisk
    fileprivate let shardCount: Int
    private(set) var views: [ShardDisk] = []

    init(_ disk: SimulatedDisk, shardCount: Int) {
        self.disk = disk
        self.shardCount = shardCount
        views = (0..<shardCount).map { ShardDisk(self, index: $0) }
    }

    /// Gives what the disk has finished to those who submitted it; returns the shards among them.
    func distribute() -> [Int] {
        var taken: [DiskCompletion] = []
        disk.takeCompletions(into: &taken)
        for completion in taken {
            let (ticket, shard) = completion.ticket.rawValue.quotientAndRemainder(dividingBy: UInt64(shardCount))
            views[Int(shard)].completions.append(
                DiskCompletion(ticket: DiskTicket(ticket), outcome: completion.outcome))
        }
        return views.indices.filter { !views[$0].completions.isEmpty }
    }
}

/// What one shard sees of it. Everything but tickets goes through.
final class ShardDisk: Disk {
    private unowned let shared: SharedDisk
    private let disk: SimulatedDisk
    private let index: Int
    fileprivate var completions: [DiskCompletion] = []

    fileprivate init(_ shared: SharedDisk, index: Int) {
        self.shared = shared
        self.index = index
        disk = shared.disk
    }

    private func outer(_ ticket: DiskTicket) -> DiskTicket {
        DiskTicket(ticket.rawValue * UInt64(shared.shardCount) + UInt64(index))
    }

    func createDirectory(_ path: String) throws(DiskFault) { try disk.createDirectory(path) }
    func list(_ directory: String) throws(DiskFault) -> [String] { try disk.list(directory) }
    func exists(_ path: String) -> Bool { disk.exists(path) }
    func rename(_ path: String, to target: String) throws(DiskFault) { try disk.rename(path, to: target) }
    func remove(_ path: String) throws(DiskFault) { try disk.remove(path) }
    func synchronizeDirectory(_ path: String) throws(DiskFault) { try disk.synchronizeDirectory(path) }
    func freeByteCount() throws(DiskFault) -> Int64 { try disk.freeByteCount() }

    func open(_ path: String, _ mode: OpenMode) throws(DiskFault) -> FileID { try disk.open(path, mode) }
    func close(_ file: FileID) { disk.close(file) }
    func size(of file: FileID) throws(DiskFault) -> Int64 { try disk.size(of: file) }
    func allocate(_ file: FileID, size: Int64) throws(DiskFault) { try disk.allocate(file, size: size) }
    func truncate(_ file: FileID, to size: Int64) throws(DiskFault) { try disk.truncate(file, to: size) }
    func write(_ pieces: [SharedBytes], to file: FileID, at position: Int64) throws(DiskFault) {
        try disk.write(pieces, to: file, at: position)
    }
    func read(_ file: FileID, at position: Int64, count: Int) throws(DiskFault) -> SharedBytes {
        try disk.read(file, at: position, count: count)
    }
    func readIfCached(_ file: FileID, at position: Int64, count: Int) throws(DiskFault) -> SharedBytes? {
        try disk.readIfCached(file, at: position, count: count)
    }
    func synchronize(_ file: FileID) throws(DiskFault) { try disk.synchronize(file) }

    func submitSynchronize(_ file: FileID, ticket: DiskTicket) {
        disk.submitSynchronize(file, ticket: outer(ticket))
    }
    func submitRead(_ file: FileID, at position: Int64, count: Int, ticket: DiskTicket) {
        disk.submitRead(file, at: position, count: count, ticket: outer(ticket))
    }
    func submitRemove(_ path: String, ticket: DiskTicket) { disk.submitRemove(path, ticket: outer(ticket)) }
    func flushSubmissions() { disk.flushSubmissions() }
    func takeCompletions(into completions: inout [DiskCompletion]) {
        completions.append(contentsOf: self.completions)
        self.completions.removeAll()
    }

    var completionDescriptor: Int32? { nil }
    func descriptor(of file: FileID) -> Int32? { nil }
    func isCached(_ file: FileID, at position: Int64, count: Int) -> Bool {
        disk.isCached(file, at: position, count: count)
    }
    var mechanism: String { disk.mechanism }
}
