// SPDX-License-Identifier: Apache-2.0

import CShims
import Glibc

/// Which mechanism a `FileDisk` is asked to use.
public enum DiskPreference: String, Sendable, CaseIterable {
    /// io_uring, or threads where the system refuses it.
    case automatic = "auto"
    /// io_uring or nothing.
    case ring = "io_uring"
    case threads
}

/// Which mechanism a `FileDisk` uses, for the log line at start.
public enum DiskChoice: Hashable, Sendable, CustomStringConvertible {
    case ring
    /// As asked for.
    case threads
    /// io_uring was refused: EPERM mostly by a container's seccomp profile or `kernel.io_uring_disabled`, ENOSYS by an
    /// old kernel, ENOMEM by a limit on locked memory.
    case threadsBecauseRingRefused(errno: Int32)

    public var description: String {
        switch self {
        case .ring: "io_uring"
        case .threads: "threads, as configured"
        case .threadsBecauseRingRefused(let number): "threads, because io_uring is refused with errno \(number)"
        }
    }
}

extension FileDisk {
    /// Threads of the pool that stands in for io_uring. A device serves a few reads at once; a sync occupies one for long.
    static let threadCountMax = 4

    /// Opens the files below `root`, which is made, with the directories above it, when it is absent.
    ///
    /// - Throws: What the system said of the root, or of io_uring when `preference` allows nothing else.
    public static func open(
        at root: String, preferring preference: DiskPreference = .automatic
    ) throws(DiskFault) -> FileDisk {
        try createDirectories(root)
        let descriptor = unsafe Glibc.open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw DiskFault(.open, target: root, errno: errno) }
        let directory = OpenFile(id: FileID(0), descriptor: descriptor, path: root)
        let signal = try CompletionSignal()
        let (choice, engine) = try chooseEngine(preference, signal)
        return FileDisk(root: directory, choice: choice, engine: engine)
    }

    private static func chooseEngine(
        _ preference: DiskPreference, _ signal: CompletionSignal
    ) throws(DiskFault) -> (DiskChoice, any SubmissionEngine) {
        let threads = { WorkerPool(threadCountMax: threadCountMax, signal: signal) }
        guard preference != .threads else { return (.threads, threads()) }
        do throws(DiskFault) {
            return (.ring, try RingEngine(signal: signal))
        } catch {
            guard preference == .automatic else { throw error }
            return (.threadsBecauseRingRefused(errno: error.errno), threads())
        }
    }

    private static func createDirectories(_ path: String) throws(DiskFault) {
        guard unsafe mkdir(path, 0o700) != 0, errno != EEXIST else { return }
        let number = errno
        guard number == ENOENT, let slash = path.lastIndex(of: "/"), slash > path.startIndex else {
            throw DiskFault(.createDirectory, target: path, errno: number)
        }
        try createDirectories(String(path[..<slash]))
        guard unsafe mkdir(path, 0o700) == 0 || errno == EEXIST else {
            throw DiskFault(.createDirectory, target: path, errno: errno)
        }
    }
}
