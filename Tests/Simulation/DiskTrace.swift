// SPDX-License-Identifier: Apache-2.0

import Primitives
public import StorageEngine

/// All that a simulated disk holds, without who has what open.
struct DiskImage {
    let names: SimulatedNames
    let files: [Int: SimulatedFile]
    let unlinked: [Int: SimulatedFile]
    let lastFile: Int
    let lastID: Int32
    let operationCount: Int
    let capacity: Int64
}

/// What was done to a disk, so that every state that a crash could have left can be built and recovered from.
///
/// The method is that of ALICE (Pillai et al., OSDI 2014): a prefix of the operations, and of those in it that no
/// synchronize covers, any subset.
public struct DiskTrace {
    enum Change {
        case createDirectory(String)
        case open(String, OpenMode)
        case close(FileID)
        case rename(String, to: String)
        case remove(String)
        case synchronizeDirectory(String)
        case allocate(FileID, size: Int64)
        case truncate(FileID, to: Int64)
        case write(FileID, [UInt8], position: Int64, shift: Int64)
        case synchronize(file: Int, through: Int, fails: Bool)
    }

    var start: DiskImage?
    private var changes: [(ordinal: Int, change: Change)] = []

    init() {}

    mutating func append(_ change: Change, ordinal: Int) { changes.append((ordinal, change)) }

    /// How many changes were recorded: prefixes are of 0 up to this many.
    public var changeCount: Int { changes.count }

    /// Ordinals of the operations among the first `count` changes that no synchronize covers.
    public func unsynchronizedOrdinals(after count: Int) throws(DiskFault) -> [Int] {
        try replayed(count).unsynchronizedOrdinals
    }

    /// The disk after a crash that came behind the first `count` changes and left of what was not synchronized exactly
    /// what the operations with these ordinals did.
    ///
    /// An ordinal whose name or length builds on one that is left out has no effect there: no crash could keep it.
    public func disk(after count: Int, keeping ordinals: Set<Int>) throws(DiskFault) -> SimulatedDisk {
        let disk = try replayed(count)
        disk.cutPower()
        var fate = CrashFate.keeping(ordinals)
        disk.restart(&fate)
        return disk
    }

    private func replayed(_ count: Int) throws(DiskFault) -> SimulatedDisk {
        guard let start else { preconditionFailure("a trace without a start") }
        let disk = SimulatedDisk(image: start, seed: 0)
        disk.capacity = .max
        for (ordinal, change) in changes.prefix(count) {
            disk.operationCount = ordinal - 1
            try disk.replay(change)
        }
        return disk
    }
}

extension SimulatedDisk {
    /// Ordinals of the operations that changed something no synchronize has covered.
    public var unsynchronizedOrdinals: [Int] {
        let ofFiles = files.values.flatMap { $0.pending.map(\.ordinal) }
        return Set(names.unsynchronizedOrdinals + ofFiles).sorted()
    }

    func replay(_ change: DiskTrace.Change) throws(DiskFault) {
        switch change {
        case .createDirectory(let path): try createDirectory(path)
        case .open(let path, let mode): _ = try open(path, mode)
        case .close(let file): close(file)
        case .rename(let path, let target): try rename(path, to: target)
        case .remove(let path): try remove(path)
        case .synchronizeDirectory(let path): try synchronizeDirectory(path)
        case .allocate(let file, let size): try allocate(file, size: size)
        case .truncate(let file, let size): try truncate(file, to: size)
        case .write(let file, let bytes, let position, let shift):
            if shift != 0 { plan(.misdirection(sectors: shift), of: .write) }
            try write([SharedBytes(bytes)], to: file, at: position)
        case .synchronize(let file, let last, let fails):
            replaySynchronize(file, through: last, fails: fails)
        }
    }

    private func replaySynchronize(_ file: Int, through last: Int, fails: Bool) {
        operationCount += 1
        if files[file] != nil { files[file]!.synchronize(through: last, fails: fails) }
        if unlinked[file] != nil { unlinked[file]!.synchronize(through: last, fails: fails) }
    }
}
