// SPDX-License-Identifier: Apache-2.0

public import Primitives
public import StorageEngine

/// A disk in memory that a seed decides and that breaks when told to.
///
/// Like a Linux file system it keeps a page cache apart from the platter: what is written is read back at once and
/// survives a crash only as far as it was synchronized. Every operation has a number, its ordinal, counted from 1.
/// - SeeAlso: docs/decisions/0003-disk-port.md
public final class SimulatedDisk: Disk {
    /// Whether submitted operations finish on `flushSubmissions`, or when the test says so.
    public enum Delivery: Sendable {
        case atOnce
        /// By `releaseCompletions`.
        case released
    }

    var names: SimulatedNames
    var files: [Int: SimulatedFile]
    /// Files that have no name any more, unless a crash undoes the removal.
    var unlinked: [Int: SimulatedFile] = [:]
    private var lastFile: Int
    private var handles: [FileID: Handle] = [:]
    private var lastID: Int32
    private var lastIDBeforeCrash: Int32 = 0

    private var submitted: [Submission] = []
    private var flushed: [Submission] = []
    private var delivered: [DiskCompletion] = []
    private var synchronizing: Set<FileID> = []
    public var delivery = Delivery.atOnce

    var entropy: Entropy
    var plans: [PlannedFault] = []
    public internal(set) var faults = FaultCounts()
    /// Operations begun, by kind. Looking at `exists`, `isCached` and taking completions count as none.
    public internal(set) var operationCounts: [DiskFault.Operation: Int] = [:]
    /// The ordinal of the last operation.
    public internal(set) var operationCount = 0
    /// From a power cut to `restart`, everything fails with ENODEV and nothing completes.
    public internal(set) var isPoweredOff = false
    /// Bytes of the device. Lowering it below what is used refuses every further block.
    public var capacity: Int64
    /// What was done since the last crash, while `records`.
    public internal(set) var trace: DiskTrace
    private let records: Bool

    private struct Handle {
        let file: Int
        let path: String
        let isWritable: Bool
    }

    private enum Submission {
        case synchronize(FileID, file: Int, path: String, through: Int, DiskTicket)
        case read(file: Int, path: String, position: Int64, count: Int, DiskTicket)
        case remove(String, DiskTicket)
    }

    /// - Parameter records: Keeps a trace of every change, for `DiskTrace.disk(after:keeping:)`.
    public init(seed: UInt64, capacity: Int64 = 1 << 40, records: Bool = false) {
        names = SimulatedNames()
        files = [:]
        lastFile = 0
        lastID = 0
        entropy = Entropy(seed: seed)
        self.capacity = capacity
        self.records = records
        trace = DiskTrace()
        trace.start = image
    }

    /// A disk that starts from what `image` holds.
    init(image: DiskImage, seed: UInt64) {
        names = image.names
        files = image.files
        unlinked = image.unlinked
        lastFile = image.lastFile
        lastID = image.lastID
        operationCount = image.operationCount
        capacity = image.capacity
        entropy = Entropy(seed: seed)
        records = false
        trace = DiskTrace()
    }

    var image: DiskImage {
        DiskImage(
            names: names, files: files, unlinked: unlinked, lastFile: lastFile, lastID: lastID,
            operationCount: operationCount,
            capacity: capacity)
    }

    public var mechanism: String { "simulated" }

    // MARK: Names

    public func createDirectory(_ path: String) throws(DiskFault) {
        try perform(.createDirectory, path) { step throws(SystemError) in
            try names.createDirectory(at: names.place(of: path), ordinal: step.ordinal)
            record(.createDirectory(path), step.ordinal)
        }
    }

    public func list(_ directory: String) throws(DiskFault) -> [String] {
        try perform(.list, directory, isDirectory: true) { _ throws(SystemError) in
            names.names(in: try names.directory(directory))
        }
    }

    public func exists(_ path: String) -> Bool {
        DiskPath.check(path)
        guard !isPoweredOff, let place = try? names.place(of: path) else { return false }
        return names.entry(at: place) != nil
    }

    public func rename(_ path: String, to target: String) throws(DiskFault) {
        DiskPath.check(target)
        try perform(.rename, path) { step throws(SystemError) in
            let replaced = try names.rename(names.place(of: path), to: names.place(of: target), ordinal: step.ordinal)
            if case .file(let file)? = replaced { unlink(file) }
            record(.rename(path, to: target), step.ordinal)
        }
    }

    public func remove(_ path: String) throws(DiskFault) {
        try perform(.remove, path) { step throws(SystemError) in
            if case .file(let file) = try names.remove(at: names.place(of: path), ordinal: step.ordinal) {
                unlink(file)
            }
            record(.remove(path), step.ordinal)
        }
    }

    public func synchronizeDirectory(_ path: String) throws(DiskFault) {
        try perform(.synchronize, path, isDirectory: true) { step throws(SystemError) in
            names.synchronize(try names.directory(path))
            forgetUnreachable()
            record(.synchronizeDirectory(path), step.ordinal)
        }
    }

    public func freeByteCount() throws(DiskFault) -> Int64 {
        try perform(.measureFreeSpace, "", isDirectory: true) { _ throws(SystemError) in max(0, freeBytes) }
    }

    /// May be negative after `capacity` was lowered.
    private var freeBytes: Int64 { capacity - files.values.reduce(0) { $0 + $1.usedByteCount } }

    private func unlink(_ file: Int) {
        files[file]?.isLinked = false
        forgetIfUnused(file)
    }

    private func forgetIfUnused(_ file: Int) {
        guard let found = files[file], !found.isLinked, found.openCount == 0 else { return }
        // A name that a crash brings back still finds its bytes; only the room is given back at once.
        files[file] = nil
        unlinked[file] = found
    }

    private func forgetUnreachable() {
        guard !unlinked.isEmpty else { return }
        let reachable = names.filesAfterAnyCrash
        unlinked = unlinked.filter { reachable.contains($0.key) }
    }

    // MARK: Files

    public func open(_ path: String, _ mode: OpenMode) throws(DiskFault) -> FileID {
        try perform(.open, path) { step throws(SystemError) in
            let place = try names.place(of: path)
            let file = try existingOrNewFile(at: place, mode, ordinal: step.ordinal)
            files[file]?.openCount += 1
            lastID += 1
            let isWritable = if case .read = mode { false } else { true }
            handles[FileID(lastID)] = Handle(file: file, path: path, isWritable: isWritable)
            record(.open(path, mode), step.ordinal)
            return FileID(lastID)
        }
    }

    private func existingOrNewFile(
        at place: SimulatedNames.Place, _ mode: OpenMode, ordinal: Int
    ) throws(SystemError) -> Int {
        switch (names.entry(at: place), mode) {
        case (_?, .createNew): throw .exists
        case (.directory, _): throw .isDirectory
        case (.file(let file), _): return file
        case (nil, .read), (nil, .readWrite): throw .absent
        case (nil, .createNew), (nil, .createOrOpen):
            lastFile += 1
            files[lastFile] = SimulatedFile()
            names.link(lastFile, at: place, ordinal: ordinal)
            return lastFile
        }
    }

    /// Ids from before a crash are let pass: what held them is being dropped.
    public func close(_ file: FileID) {
        guard let handle = handles.removeValue(forKey: file) else {
            precondition(file.rawValue <= lastIDBeforeCrash, "file \(file.rawValue) is not open")
            return
        }
        files[handle.file]?.openCount -= 1
        forgetIfUnused(handle.file)
        if records { trace.append(.close(file), ordinal: operationCount) }
    }

    func closeAll() {
        for file in handles.keys.sorted() { close(file) }
    }

    public func size(of file: FileID) throws(DiskFault) -> Int64 {
        let handle = opened(file)
        return try perform(.size, handle.path) { _ throws(SystemError) in files[handle.file]!.size }
    }

    public func allocate(_ file: FileID, size: Int64) throws(DiskFault) {
        let handle = opened(file)
        try perform(.allocate, handle.path) { step throws(SystemError) in
            guard handle.isWritable else { throw .badDescriptor }
            let needed = files[handle.file]!.neededByteCount(reserving: size)
            guard needed == 0 || needed <= freeBytes else { throw refuseAsFull() }
            files[handle.file]!.reserve(size, ordinal: step.ordinal)
            record(.allocate(file, size: size), step.ordinal)
        }
    }

    public func truncate(_ file: FileID, to size: Int64) throws(DiskFault) {
        let handle = opened(file)
        try perform(.truncate, handle.path) { step throws(SystemError) in
            guard handle.isWritable, size >= 0 else { throw .invalid }
            files[handle.file]!.truncate(to: size, ordinal: step.ordinal)
            record(.truncate(file, to: size), step.ordinal)
        }
    }

    public func write(_ pieces: [SharedBytes], to file: FileID, at position: Int64) throws(DiskFault) {
        let handle = opened(file)
        let bytes = pieces.count == 1 ? pieces[0].array : pieces.flatMap(\.array)
        try perform(.write, handle.path, runsWhenFailing: true) { step throws(SystemError) in
            guard handle.isWritable || bytes.isEmpty else { throw .badDescriptor }
            guard position >= 0 else { throw .invalid }
            let accepted = acceptedCount(of: bytes.count, at: position, in: handle.file, step)
            let kept = accepted == bytes.count ? bytes : Array(bytes.prefix(accepted))
            files[handle.file]!.write(kept, at: position, shift: step.sectorShift, ordinal: step.ordinal)
            record(.write(file, kept, position: position, shift: step.sectorShift), step.ordinal)
            if accepted < bytes.count && !step.fails { throw refuseAsFull() }
        }
    }

    /// A write that fails leaves its first part, as the kernel does: what fits, or what a planned failure lets pass.
    private func acceptedCount(of count: Int, at position: Int64, in file: Int, _ step: Step) -> Int {
        if step.fails { return count == 0 ? 0 : entropy.index(below: count) }
        let needed = files[file]!.neededByteCount(at: position, count: count)
        guard needed > 0 && needed > freeBytes else { return count }
        var accepted = 0
        while accepted < count {
            let end = min(count, accepted + 4096 - Int((position + Int64(accepted)) % 4096))
            guard files[file]!.neededByteCount(at: position, count: end) <= max(0, freeBytes) else { break }
            accepted = end
        }
        return accepted
    }

    public func read(_ file: FileID, at position: Int64, count: Int) throws(DiskFault) -> SharedBytes {
        let handle = opened(file)
        return try perform(.read, handle.path) { _ throws(SystemError) in
            SharedBytes(files[handle.file]!.read(at: position, count: count))
        }
    }

    public func readIfCached(_ file: FileID, at position: Int64, count: Int) throws(DiskFault) -> SharedBytes? {
        let handle = opened(file)
        guard isPoweredOff || files[handle.file]!.cachedCount(at: position, count: count) != nil else { return nil }
        return try perform(.read, handle.path) { _ throws(SystemError) in
            let length = files[handle.file]!.cachedCount(at: position, count: count) ?? 0
            return SharedBytes(files[handle.file]!.read(at: position, count: length))
        }
    }

    public func synchronize(_ file: FileID) throws(DiskFault) {
        let handle = opened(file)
        try synchronize(file: handle.file, handle.path, through: operationCount)
    }

    /// Moves what operations up to `last` wrote, and nothing written since.
    func synchronize(file: Int, _ path: String, through last: Int) throws(DiskFault) {
        try perform(.synchronize, path, runsWhenFailing: true) { step throws(SystemError) in
            withFile(file) { $0.synchronize(through: last, fails: step.fails) }
            record(.synchronize(file: file, through: last, fails: step.fails), step.ordinal)
        }
    }

    /// A file in flight may have lost its name and its handle since.
    private func withFile(_ number: Int, _ body: (inout SimulatedFile) -> Void) {
        if files[number] != nil { body(&files[number]!) } else if unlinked[number] != nil { body(&unlinked[number]!) }
    }

    // MARK: Submitted operations

    public func submitSynchronize(_ file: FileID, ticket: DiskTicket) {
        let handle = opened(file)
        precondition(synchronizing.insert(file).inserted, "two synchronizes of file \(file.rawValue) in flight")
        submitted.append(.synchronize(file, file: handle.file, path: handle.path, through: operationCount, ticket))
    }

    public func submitRead(_ file: FileID, at position: Int64, count: Int, ticket: DiskTicket) {
        let handle = opened(file)
        submitted.append(.read(file: handle.file, path: handle.path, position: position, count: count, ticket))
    }

    public func submitRemove(_ path: String, ticket: DiskTicket) {
        DiskPath.check(path)
        submitted.append(.remove(path, ticket))
    }

    public func flushSubmissions() {
        guard !isPoweredOff else { return }
        flushed += submitted
        submitted = []
        if case .atOnce = delivery { releaseCompletions() }
    }

    /// Submitted operations that the system has and has not finished.
    public var inFlightCount: Int { flushed.count }

    /// Finishes up to `count` flushed operations, in an order that the seed decides.
    public func releaseCompletions(atMost count: Int = .max) {
        var left = count
        while left > 0 && !flushed.isEmpty && !isPoweredOff {
            left -= 1
            let completion = finish(flushed.remove(at: entropy.index(below: flushed.count)))
            if isPoweredOff { faults.lostSubmissions += 1 } else { delivered.append(completion) }
        }
    }

    private func finish(_ submission: Submission) -> DiskCompletion {
        switch submission {
        case .synchronize(let id, let file, let path, let through, let ticket):
            synchronizing.remove(id)
            return complete(ticket) { () throws(DiskFault) in
                try synchronize(file: file, path, through: through)
                return .synchronized
            }
        case .read(let file, let path, let position, let count, let ticket):
            return complete(ticket) { () throws(DiskFault) in
                try perform(.read, path) { _ throws(SystemError) in
                    var bytes: [UInt8] = []
                    withFile(file) { bytes = $0.read(at: position, count: count) }
                    return .read(SharedBytes(bytes))
                }
            }
        case .remove(let path, let ticket):
            return complete(ticket) { () throws(DiskFault) in
                try removeTree(path)
                return .removed
            }
        }
    }

    private func complete(
        _ ticket: DiskTicket, _ work: () throws(DiskFault) -> DiskCompletion.Outcome
    ) -> DiskCompletion {
        do throws(DiskFault) {
            return DiskCompletion(ticket: ticket, outcome: try work())
        } catch {
            return DiskCompletion(ticket: ticket, outcome: .failed(error))
        }
    }

    /// Each name is an operation of its own, so that a crash can fall between any two.
    private func removeTree(_ path: String) throws(DiskFault) {
        if let directory = try? names.directory(path) {
            for name in names.names(in: directory) { try removeTree(path + "/" + name) }
        }
        try remove(path)
    }

    public func takeCompletions(into completions: inout [DiskCompletion]) {
        completions += delivered
        delivered = []
    }

    func dropSubmissions() {
        faults.lostSubmissions += submitted.count + flushed.count
        (submitted, flushed, delivered) = ([], [], [])
        synchronizing = []
        handles = [:]
        lastIDBeforeCrash = lastID
    }

    // MARK: For the edge

    public var completionDescriptor: Int32? { nil }
    public func descriptor(of file: FileID) -> Int32? { nil }

    public func isCached(_ file: FileID, at position: Int64, count: Int) -> Bool {
        guard count > 0 else { return true }
        return !isPoweredOff && files[opened(file).file]!.cachedCount(at: position, count: count) == count
    }

    // MARK: Bookkeeping

    func number(of path: String) throws(DiskFault) -> Int {
        guard let place = try? names.place(of: path), case .file(let file)? = names.entry(at: place) else {
            throw DiskFault(.open, target: path, errno: SystemError.absent.rawValue)
        }
        return file
    }

    private func opened(_ file: FileID) -> Handle {
        if let handle = handles[file] { return handle }
        precondition(file.rawValue <= lastIDBeforeCrash, "file \(file.rawValue) is not open")
        preconditionFailure("file \(file.rawValue) was opened before the crash")
    }

    private func refuseAsFull() -> SystemError {
        faults.fullRefusals += 1
        return .noSpace
    }

    private func record(_ change: DiskTrace.Change, _ ordinal: Int) {
        if records { trace.append(change, ordinal: ordinal) }
    }
}
