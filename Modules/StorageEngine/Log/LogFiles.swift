// SPDX-License-Identifier: Apache-2.0

internal import Primitives

/// Names in a partition's folder, and the two ways in which small files are written.
enum LogFiles {
    static let partitionMetadata = "partition.metadata"
    static let leaderEpochs = "leader-epoch-checkpoint"
    static let checkpoint = "checkpoint"
    static let log = ".log"
    static let index = ".index"
    static let timeIndex = ".timeindex"
    static let transactionIndex = ".txnindex"
    static let snapshot = ".snapshot"
    /// Of the files of a segment the one with the records goes last.
    static let ofSegment = [index, timeIndex, transactionIndex, snapshot, log]
    static let deleted = ".deleted"
    static let temporary = ".tmp"
    /// Ends the names of what compaction is still writing.
    static let cleaned = ".cleaned"
    /// Ends the name of a cleaned segment that is about to take the place of its sources.
    static let swap = ".swap"
    /// The files that compaction writes of a segment.
    static let cleanedSuffixes = [log, index, timeIndex, transactionIndex]

    /// Whether a log makes files of such names: the others in its folder are its owner's.
    static func areOfLog(_ name: String) -> Bool {
        [partitionMetadata, leaderEpochs, checkpoint].contains(name)
            || (ofSegment + [deleted, temporary, cleaned, swap]).contains { name.hasSuffix($0) }
    }

    /// Twenty digits, so that names sort as offsets do.
    static func name(_ offset: Offset, _ suffix: String) -> String {
        let digits = String(offset.rawValue)
        return String(repeating: "0", count: 20 - digits.count) + digits + suffix
    }

    /// Of the exchange with this number: `<base>.<number>.swap`.
    static func swapName(_ base: Offset, exchange: Int64) -> String { name(base, ".\(exchange)\(swap)") }

    /// Base offset and number in the name of an exchange; nil for every other name.
    static func exchange(in name: String) -> (base: Offset, number: Int64)? {
        guard name.hasSuffix(swap), name.utf8.count > 21 + swap.utf8.count else { return nil }
        let digits = name.dropFirst(21).dropLast(swap.count)
        guard let base = offset(in: String(name.prefix(21)), "."), let number = Int64(digits), number > 0 else {
            return nil
        }
        return (base, number)
    }

    /// No log gets here: a larger offset in a name or a checkpoint is not one of ours, and there is room to count on.
    static let offsetMax = Offset(1 << 62)

    /// The offset in a name with this suffix; nil for every other name.
    static func offset(in name: String, _ suffix: String) -> Offset? {
        guard name.hasSuffix(suffix) else { return nil }
        let digits = name.dropLast(suffix.count)
        guard digits.utf8.count == 20, digits.utf8.allSatisfy({ $0 >= 0x30 && $0 <= 0x39 }) else { return nil }
        guard let number = Int64(digits), number <= offsetMax.rawValue else { return nil }
        return Offset(number)
    }

    /// The whole file; nil when it is absent.
    static func read(_ path: String, on disk: any Disk) throws(DiskFault) -> SharedBytes? {
        guard disk.exists(path) else { return nil }
        let file = try disk.open(path, .read)
        defer { disk.close(file) }
        return try disk.read(file, at: 0, count: Int(try disk.size(of: file)))
    }

    /// Replaces a file that can be rebuilt: not atomic, not synchronized.
    static func overwrite(_ path: String, with bytes: SharedBytes, on disk: any Disk) throws(DiskFault) {
        let file = try disk.open(path, .createOrOpen)
        defer { disk.close(file) }
        if !bytes.isEmpty { try disk.write([bytes], to: file, at: 0) }
        try disk.truncate(file, to: Int64(bytes.count))
    }

    /// Replaces a file so that after a power cut there is the old one or the new one, whole.
    ///
    /// The new name is durable only when the caller has synchronized the directory.
    static func replace(_ path: String, with bytes: SharedBytes, on disk: any Disk) throws(DiskFault) {
        let temporaryPath = path + temporary
        try writeSynchronized(temporaryPath, bytes, on: disk)
        try disk.rename(temporaryPath, to: path)
    }

    private static func writeSynchronized(_ path: String, _ bytes: SharedBytes, on disk: any Disk) throws(DiskFault) {
        let file = try disk.open(path, .createOrOpen)
        defer { disk.close(file) }
        try disk.truncate(file, to: 0)
        try disk.write([bytes], to: file, at: 0)
        try disk.synchronize(file)
    }
}
