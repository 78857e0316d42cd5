// SPDX-License-Identifier: Apache-2.0

import CShims
import Glibc
public import Primitives

/// Real files below a root directory.
///
/// Names, writes and cached reads are the same calls on every system; only submitted operations differ: through io_uring,
/// or by a few threads where it is refused. `FileDisk.open` chooses.
/// - SeeAlso: docs/decisions/0003-disk-port.md
public final class FileDisk: Disk {
    /// How submitted operations are carried out, and why not through io_uring.
    public let choice: DiskChoice

    private let root: OpenFile
    private let engine: any SubmissionEngine
    /// Unlinking a file of GiBs takes milliseconds and io_uring would hand it to a thread as well.
    private let remover: WorkerPool
    private var files: [FileID: OpenFile] = [:]
    private var lastID: Int32 = 0
    private var synchronizing: Set<FileID> = []
    private var finished: [Finished] = []
    /// Bytes asked for by reads in flight.
    private var readByteCount = 0
    private var cachestatIsMissing = false

    /// Above this many bytes of reads in flight a further one fails with EAGAIN.
    public static let readByteCountMax = 256 << 20

    init(root: OpenFile, choice: DiskChoice, engine: any SubmissionEngine) {
        self.root = root
        self.choice = choice
        self.engine = engine
        remover = WorkerPool(threadCountMax: 1, signal: engine.signal)
    }

    public var mechanism: String { engine.mechanism }

    // MARK: Names

    public func createDirectory(_ path: String) throws(DiskFault) {
        guard unsafe mkdirat(root.descriptor, checked(path), 0o700) == 0 else { throw fault(.createDirectory, path) }
    }

    public func list(_ directory: String) throws(DiskFault) -> [String] {
        try SystemCalls.list(checkedDirectory(directory), below: root.descriptor)
    }

    public func exists(_ path: String) -> Bool { unsafe faccessat(root.descriptor, checked(path), F_OK, 0) == 0 }

    public func rename(_ path: String, to target: String) throws(DiskFault) {
        guard unsafe renameat(root.descriptor, checked(path), root.descriptor, checked(target)) == 0 else {
            throw fault(.rename, path)
        }
    }

    public func remove(_ path: String) throws(DiskFault) {
        if unsafe unlinkat(root.descriptor, checked(path), 0) == 0 { return }
        guard errno == EISDIR else { throw fault(.remove, path) }
        guard unsafe unlinkat(root.descriptor, path, AT_REMOVEDIR) == 0 else { throw fault(.remove, path) }
    }

    public func synchronizeDirectory(_ path: String) throws(DiskFault) {
        let descriptor = unsafe openat(root.descriptor, checkedDirectory(path), O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw fault(.synchronize, path) }
        defer { _ = Glibc.close(descriptor) }
        guard fsync(descriptor) == 0 else { throw fault(.synchronize, path) }
    }

    public func freeByteCount() throws(DiskFault) -> Int64 {
        var status = statvfs()
        guard unsafe fstatvfs(root.descriptor, &status) == 0 else { throw fault(.measureFreeSpace, ".") }
        return Int64(clamping: status.f_bavail) * Int64(clamping: status.f_frsize)
    }

    // MARK: Files

    public func open(_ path: String, _ mode: OpenMode) throws(DiskFault) -> FileID {
        let flags =
            switch mode {
            case .read: O_RDONLY
            case .readWrite: O_RDWR
            case .createNew: O_RDWR | O_CREAT | O_EXCL
            case .createOrOpen: O_RDWR | O_CREAT
            }
        var descriptor: Int32
        repeat {
            descriptor = unsafe openat(root.descriptor, checked(path), flags | O_CLOEXEC, 0o600)
        } while descriptor < 0 && errno == EINTR
        guard descriptor >= 0 else { throw fault(.open, path) }
        precondition(lastID < .max, "file ids have run out")
        lastID += 1
        let id = FileID(lastID)
        let file = OpenFile(id: id, descriptor: descriptor, path: path)
        // The system lets a directory be opened for reading and refuses each read.
        var status = stat()
        guard unsafe fstat(descriptor, &status) == 0 else { throw fault(.open, path) }
        guard status.st_mode & S_IFMT != S_IFDIR else { throw DiskFault(.open, target: path, errno: EISDIR) }
        files[id] = file
        return id
    }

    public func close(_ file: FileID) {
        precondition(files.removeValue(forKey: file) != nil, "file \(file.rawValue) is not open")
    }

    public func size(of file: FileID) throws(DiskFault) -> Int64 {
        let file = opened(file)
        var status = stat()
        guard unsafe fstat(file.descriptor, &status) == 0 else { throw fault(.size, file.path) }
        return Int64(status.st_size)
    }

    public func allocate(_ file: FileID, size target: Int64) throws(DiskFault) {
        let before = try size(of: file)
        let file = opened(file)
        guard target > 0 else { return }
        var result: Int32
        repeat { result = myelin_allocate(file.descriptor, 0, target) } while result == -EINTR
        if result == -EOPNOTSUPP {
            result = target <= before || ftruncate(file.descriptor, off_t(target)) == 0 ? 0 : -errno
        }
        guard result < 0 else { return }
        // A file system that ran out halfway keeps what it had reserved and a longer file: give both back.
        _ = ftruncate(file.descriptor, off_t(before))
        throw DiskFault(.allocate, target: file.path, errno: -result)
    }

    public func truncate(_ file: FileID, to size: Int64) throws(DiskFault) {
        let file = opened(file)
        var result: Int32
        repeat { result = ftruncate(file.descriptor, off_t(size)) } while result < 0 && errno == EINTR
        guard result == 0 else { throw fault(.truncate, file.path) }
    }

    public func write(_ pieces: [SharedBytes], to file: FileID, at position: Int64) throws(DiskFault) {
        try SystemCalls.write(pieces, to: opened(file), at: position)
    }

    public func read(_ file: FileID, at position: Int64, count: Int) throws(DiskFault) -> SharedBytes {
        try SystemCalls.read(opened(file), at: position, into: ReadBuffer(count: count))
    }

    public func readIfCached(_ file: FileID, at position: Int64, count: Int) throws(DiskFault) -> SharedBytes? {
        let file = opened(file)
        let buffer = ReadBuffer(count: count)
        let result = unsafe myelin_read_nowait(file.descriptor, buffer.base, count, position)
        switch Int32(clamping: -result) {
        case ...0: return buffer.shared(count: Int(result))
        // Not there, or the file system cannot say: the caller submits a read.
        case EAGAIN, EOPNOTSUPP, EINTR: return nil
        case let number: throw DiskFault(.read, target: file.path, errno: number)
        }
    }

    public func synchronize(_ file: FileID) throws(DiskFault) { try SystemCalls.synchronize(opened(file)) }

    // MARK: Submitted operations

    public func submitSynchronize(_ file: FileID, ticket: DiskTicket) {
        precondition(synchronizing.insert(file).inserted, "two synchronizes of file \(file.rawValue) in flight")
        engine.submit(Submission(ticket: ticket, work: .synchronize(opened(file))))
    }

    public func submitRead(_ file: FileID, at position: Int64, count: Int, ticket: DiskTicket) {
        let file = opened(file)
        let isRefused = readByteCount > 0 && count > Self.readByteCountMax - readByteCount
        let buffer = ReadBuffer(count: isRefused ? 0 : count)
        let submission = Submission(ticket: ticket, work: .read(file, position: position, buffer: buffer))
        guard !isRefused else {
            let fault = DiskFault(.read, target: file.path, errno: EAGAIN)
            finished.append(Finished(submission: submission, outcome: .failed(fault)))
            return engine.signal.set()
        }
        readByteCount += count
        engine.submit(submission)
    }

    public func submitRemove(_ path: String, ticket: DiskTicket) {
        remover.submit(Submission(ticket: ticket, work: .remove(checked(path), root: root)))
    }

    public func flushSubmissions() { engine.flush() }

    public func takeCompletions(into completions: inout [DiskCompletion]) {
        // Cleared first: what finishes from here on sets it again.
        engine.signal.clear()
        engine.takeFinished(into: &finished)
        remover.takeFinished(into: &finished)
        for one in finished {
            switch one.submission.work {
            case .synchronize(let file): synchronizing.remove(file.id)
            case .read(_, _, let buffer): readByteCount -= buffer.count
            case .remove: break
            }
            completions.append(DiskCompletion(ticket: one.submission.ticket, outcome: one.outcome))
        }
        finished.removeAll(keepingCapacity: true)
    }

    // MARK: For the edge

    public var completionDescriptor: Int32? { engine.signal.descriptor }

    public func descriptor(of file: FileID) -> Int32? { opened(file).descriptor }

    public func isCached(_ file: FileID, at position: Int64, count: Int) -> Bool {
        guard count > 0 else { return true }
        let file = opened(file)
        if !cachestatIsMissing {
            let cached = myelin_cached_page_count(file.descriptor, UInt64(position), UInt64(count))
            if cached >= 0 { return cached >= Self.pageCount(position, count) }
            cachestatIsMissing = cached == -Int64(ENOSYS)
        }
        return hasCachedByte(file, at: position) && hasCachedByte(file, at: position + Int64(count) - 1)
    }

    /// The second best where cachestat is missing: what was read or written in one go is mostly cached at both ends.
    private func hasCachedByte(_ file: OpenFile, at position: Int64) -> Bool {
        var byte: UInt8 = 0
        return unsafe myelin_read_nowait(file.descriptor, &byte, 1, position) == 1
    }

    private static func pageCount(_ position: Int64, _ count: Int) -> Int64 {
        let pageSize = Int64(sysconf(Int32(_SC_PAGESIZE)))
        return (position + Int64(count) - 1) / pageSize - position / pageSize + 1
    }

    // MARK: Checks

    private func opened(_ file: FileID) -> OpenFile {
        guard let found = files[file] else { preconditionFailure("file \(file.rawValue) is not open") }
        return found
    }

    private func fault(_ operation: DiskFault.Operation, _ path: String) -> DiskFault {
        DiskFault(operation, target: path, errno: errno)
    }

    /// The system's form of a directory's path: the root itself is the empty path.
    private func checkedDirectory(_ path: String) -> String { path.isEmpty ? "." : checked(path) }

    private func checked(_ path: String) -> String {
        DiskPath.check(path)
        return path
    }
}
