// SPDX-License-Identifier: Apache-2.0

import CShims
import Glibc

/// Why a directory could not be locked.
public enum DirectoryLockRefusal: Error, Hashable, Sendable {
    /// Another holder has it: its process id as it wrote it itself, nil while it has not yet.
    case held(processID: Int32?)
    case failed(DiskFault)
}

/// The promise that no second process works in a data folder. Held until dropped; the system frees it when a process dies.
///
/// A flock(2) on the file `.lock`, which stays behind: removing it would let two processes lock two files of one name.
public final class DirectoryLock: Sendable {
    /// The file's name within the locked directory.
    public static let fileName = ".lock"

    private let file: OpenFile

    /// Locks `directory`, a path of the system, and writes this process's id into the file.
    public init(_ directory: String) throws(DirectoryLockRefusal) {
        let path = directory + "/" + Self.fileName
        let descriptor = unsafe open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw .failed(DiskFault(.lock, target: path, errno: errno)) }
        file = OpenFile(id: FileID(0), descriptor: descriptor, path: path)
        let result = myelin_lock_exclusively(descriptor)
        guard result != -EWOULDBLOCK else { throw .held(processID: Self.processID(in: descriptor)) }
        guard result == 0 else { throw .failed(DiskFault(.lock, target: path, errno: -result)) }
        let text = Array("\(getpid())\n".utf8)
        guard ftruncate(descriptor, 0) == 0, unsafe pwrite(descriptor, text, text.count, 0) == text.count else {
            throw .failed(DiskFault(.lock, target: path, errno: errno))
        }
    }

    private static func processID(in descriptor: Int32) -> Int32? {
        var digits = [UInt8](repeating: 0, count: 16)
        let count = unsafe pread(descriptor, &digits, digits.count, 0)
        guard count > 0 else { return nil }
        return Int32(String(decoding: digits[..<count].prefix { $0 != UInt8(ascii: "\n") }, as: UTF8.self))
    }
}
