// SPDX-License-Identifier: Apache-2.0

import CShims
import Glibc
import Primitives

/// Blocking calls on descriptors, each complete: repeated after a signal and after a short count.
enum SystemCalls {
    /// The kernel's IOV_MAX: more pieces than this in one call are refused.
    static let pieceCountMax = 1024

    static func write(_ pieces: [SharedBytes], to file: OpenFile, at start: Int64) throws(DiskFault) {
        if pieces.count == 1 { return try write(pieces[0], to: file, at: start) }
        var position = start
        var next = 0
        while next < pieces.count {
            let end = min(pieces.count, next + pieceCountMax)
            try write(pieces[next..<end], to: file, at: &position)
            next = end
        }
    }

    private static func write(_ bytes: SharedBytes, to file: OpenFile, at start: Int64) throws(DiskFault) {
        var done = 0
        while done < bytes.count {
            let result = unsafe bytes.withUnsafeBytes { all in
                unsafe pwrite(file.descriptor, all.baseAddress! + done, all.count - done, off_t(start) + done)
            }
            done += try progress(result, .write, file)
        }
    }

    /// At most `pieceCountMax` pieces in one call; the rest of a piece that was cut is written on its own.
    private static func write(
        _ pieces: ArraySlice<SharedBytes>, to file: OpenFile, at position: inout Int64
    ) throws(DiskFault) {
        let total = pieces.reduce(0) { $0 + $1.count }
        guard total > 0 else { return }
        var written = 0
        repeat {
            let result = unsafe withUnsafeTemporaryAllocation(of: iovec.self, capacity: pieces.count) { vectors in
                let count = unsafe fill(vectors, from: pieces)
                // Safe: `pieces` owns what the vectors point at and outlives the call.
                return withExtendedLifetime(pieces) {
                    unsafe pwritev(file.descriptor, vectors.baseAddress, Int32(count), off_t(position))
                }
            }
            written = try progress(result, .write, file)
        } while written == 0
        position += Int64(written)
        var skipped = written
        for piece in pieces {
            let cut = min(skipped, piece.count)
            skipped -= cut
            guard cut < piece.count else { continue }
            try write(piece.slice(from: cut, count: piece.count - cut), to: file, at: position)
            position += Int64(piece.count - cut)
        }
    }

    private static func fill(_ vectors: UnsafeMutableBufferPointer<iovec>, from pieces: ArraySlice<SharedBytes>) -> Int
    {
        var count = 0
        for piece in pieces where !piece.isEmpty {
            unsafe piece.withUnsafeBytes { bytes in
                unsafe vectors.initializeElement(
                    at: count,
                    to: iovec(iov_base: UnsafeMutableRawPointer(mutating: bytes.baseAddress), iov_len: bytes.count))
            }
            count += 1
        }
        return count
    }

    /// Fills `buffer` from `position` on; fewer bytes only at the end of the file.
    static func read(_ file: OpenFile, at position: Int64, into buffer: ReadBuffer) throws(DiskFault) -> SharedBytes {
        var done = 0
        while done < buffer.count {
            let result = unsafe pread(file.descriptor, buffer.base + done, buffer.count - done, off_t(position) + done)
            if result == 0 { break }
            done += try progress(result, .read, file)
        }
        return buffer.shared(count: done)
    }

    /// A failed synchronize is never repeated, whatever the reason: the kernel may have dropped the bytes.
    static func synchronize(_ file: OpenFile) throws(DiskFault) {
        guard fdatasync(file.descriptor) == 0 else {
            throw DiskFault(.synchronize, target: file.path, errno: errno)
        }
    }

    /// Removes a file, or a directory with all that is in it.
    static func removeTree(_ path: String, below root: Int32) throws(DiskFault) {
        if unsafe unlinkat(root, path, 0) == 0 { return }
        guard errno == EISDIR else { throw DiskFault(.remove, target: path, errno: errno) }
        for name in try list(path, below: root) { try removeTree(path + "/" + name, below: root) }
        guard unsafe unlinkat(root, path, AT_REMOVEDIR) == 0 else {
            throw DiskFault(.remove, target: path, errno: errno)
        }
    }

    /// Names in a directory, sorted.
    static func list(_ path: String, below root: Int32) throws(DiskFault) -> [String] {
        let descriptor = unsafe openat(root, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0, let stream = unsafe fdopendir(descriptor) else {
            let fault = DiskFault(.list, target: path, errno: errno)
            if descriptor >= 0 { _ = close(descriptor) }
            throw fault
        }
        defer { _ = unsafe closedir(stream) }
        var names: [String] = []
        errno = 0
        while let entry = unsafe readdir(stream) {
            let name = unsafe withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
                unsafe String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            if name != "." && name != ".." { names.append(name) }
        }
        guard errno == 0 else { throw DiskFault(.list, target: path, errno: errno) }
        return names.sorted()
    }

    /// How many bytes a call moved; 0 when it must be repeated.
    private static func progress(
        _ result: Int, _ operation: DiskFault.Operation, _ file: OpenFile
    ) throws(DiskFault) -> Int {
        if result > 0 { return result }
        if result < 0 && errno == EINTR { return 0 }
        // A write that moves nothing and names no reason would be repeated for ever.
        throw DiskFault(operation, target: file.path, errno: result == 0 ? EIO : errno)
    }
}
