// SPDX-License-Identifier: Apache-2.0

public import Primitives

/// A file that a `Disk` has open. Ids are never reused within one disk object.
public struct FileID: Hashable, Sendable, Comparable {
    public let rawValue: Int32
    public init(_ rawValue: Int32) { self.rawValue = rawValue }
    public static func < (left: FileID, right: FileID) -> Bool { left.rawValue < right.rawValue }
}

/// Names a submitted operation; comes back in its completion. Chosen by the caller.
public struct DiskTicket: Hashable, Sendable {
    public let rawValue: UInt64
    public init(_ rawValue: UInt64) { self.rawValue = rawValue }
}

/// The world failing: an operation on a path or file did not work.
public struct DiskFault: Error, Hashable, Sendable {
    public enum Operation: Hashable, Sendable {
        case createDirectory, list, open, size, allocate, truncate, write, read, synchronize, rename, remove, lock
        case measureFreeSpace
    }

    public let operation: Operation
    /// Path, for people. Relative to the disk's root.
    public let target: String
    /// The system's number; `ENOSPC` and `EDQUOT` mean full.
    public let errno: Int32

    public init(_ operation: Operation, target: String, errno: Int32) {
        self.operation = operation
        self.target = target
        self.errno = errno
    }

    /// No room is left: nothing is damaged, freeing space heals it.
    public var isOutOfSpace: Bool { errno == 28 || errno == 122 }
}

/// What a finished operation brought.
public struct DiskCompletion: Sendable {
    public enum Outcome: Sendable {
        /// Everything written to the file before the call is on stable storage.
        case synchronized
        /// Fewer bytes than asked for only at the end of the file.
        case read(SharedBytes)
        case removed
        case failed(DiskFault)
    }

    public let ticket: DiskTicket
    public let outcome: Outcome

    public init(ticket: DiskTicket, outcome: Outcome) {
        self.ticket = ticket
        self.outcome = outcome
    }
}

public enum OpenMode: Sendable {
    /// Fails when the file is absent.
    case read
    /// Fails when the file is absent.
    case readWrite
    /// Makes the file when it is absent; fails when it exists.
    case createNew
    /// Makes the file when it is absent.
    case createOrOpen
}

/// Everything the storage engine asks of the world below it.
///
/// One object serves one thread. Paths are relative to the disk's root, with `/` between names; the root itself is the
/// empty path, where a directory is asked for; a name that is empty, `.` or `..` traps. Calls on names and the
/// blocking `read` are for opening, rolling, recovery and control files; the data path uses `write` (page cache, inline),
/// `readIfCached`, `submitRead` and `submitSynchronize`. Completions are collected with `takeCompletions`; when some are
/// waiting, `completionDescriptor` (an eventfd) is readable.
///
/// A new or renamed name is durable only after `synchronizeDirectory`, the bytes of a file only after a synchronize of it
/// that started after the write. After one failed synchronize the file's unsynchronized bytes may be gone although a
/// second call reports success: callers must never retry it.
/// - SeeAlso: docs/decisions/0003-disk-port.md
public protocol Disk: AnyObject {
    // Names.
    /// Makes one directory. Throws EEXIST when the name is taken, ENOENT when the directory above is absent.
    func createDirectory(_ path: String) throws(DiskFault)
    /// Names in a directory, sorted. Throws ENOENT when it is absent.
    func list(_ directory: String) throws(DiskFault) -> [String]
    func exists(_ path: String) -> Bool
    /// Atomically replaces `target`, which may exist.
    func rename(_ path: String, to target: String) throws(DiskFault)
    /// Removes a file or an empty directory.
    func remove(_ path: String) throws(DiskFault)
    func synchronizeDirectory(_ path: String) throws(DiskFault)
    /// Free bytes of the file system, as an unprivileged writer sees them.
    func freeByteCount() throws(DiskFault) -> Int64

    // Files.
    func open(_ path: String, _ mode: OpenMode) throws(DiskFault) -> FileID
    /// Gives up the id at once; operations in flight on the file still finish.
    func close(_ file: FileID)
    func size(of file: FileID) throws(DiskFault) -> Int64
    /// Reserves space so that the file is at least `size` bytes long; the new bytes read as zeros.
    func allocate(_ file: FileID, size: Int64) throws(DiskFault)
    /// Cuts or extends (with zeros) the file to `size` bytes and gives back what was reserved beyond.
    func truncate(_ file: FileID, to size: Int64) throws(DiskFault)

    /// Writes all `pieces`, one after the other from `position` on, in one call to the system where it allows.
    ///
    /// A fault leaves the bytes from `position` on undefined; nothing before `position` is touched.
    func write(_ pieces: [SharedBytes], to file: FileID, at position: Int64) throws(DiskFault)
    /// Up to `count` bytes, blocking; fewer only at the end of the file.
    func read(_ file: FileID, at position: Int64, count: Int) throws(DiskFault) -> SharedBytes
    /// As `read`, but nil when it would have to wait for the device. May return fewer bytes than asked for.
    func readIfCached(_ file: FileID, at position: Int64, count: Int) throws(DiskFault) -> SharedBytes?
    /// Waits until all that was written is on stable storage. For control files; the data path submits.
    func synchronize(_ file: FileID) throws(DiskFault)

    // Submitted operations.
    /// - Precondition: at most one synchronize of a file is in flight.
    func submitSynchronize(_ file: FileID, ticket: DiskTicket)
    /// As `read`. Fails with EAGAIN when reads in flight already ask for as much memory as the disk allows.
    func submitRead(_ file: FileID, at position: Int64, count: Int, ticket: DiskTicket)
    /// Removes a file, or a directory with all that is in it, off this thread. Fails with ENOENT when it is absent.
    func submitRemove(_ path: String, ticket: DiskTicket)
    /// Hands submissions to the system; called once at the end of a round of work.
    func flushSubmissions()
    func takeCompletions(into completions: inout [DiskCompletion])

    // For the edge.
    /// Readable when completions wait; nil on a disk without descriptors.
    var completionDescriptor: Int32? { get }
    /// For `sendfile`; nil on a disk without descriptors. Valid until `close`.
    func descriptor(of file: FileID) -> Int32?
    /// Whether all of the range is in the page cache, as far as the disk can tell; false when it cannot.
    func isCached(_ file: FileID, at position: Int64, count: Int) -> Bool
    /// Which mechanism this is, for logs and metrics: `io_uring`, `threads`, `simulated`.
    var mechanism: String { get }
}
