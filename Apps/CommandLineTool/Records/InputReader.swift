// SPDX-License-Identifier: Apache-2.0

import Foundation

/// Reads a file or standard input without holding up other tasks.
struct InputReader: Sendable {
    enum Chunk: Sendable {
        case bytes([UInt8])
        /// Nothing came for a while: a good time to look whether somebody wants to end.
        case idle
        case end
    }

    private static let chunkByteCount = 256 << 10
    /// After how long without input `idle` comes.
    private static let idleMilliseconds: Int32 = 50
    private static let queue = DispatchQueue(label: "myelin.input")

    private let handle: FileHandle
    /// nil where the end is not known: a pipe, a terminal.
    let byteCount: Int64?

    init(_ handle: FileHandle) {
        self.handle = handle
        var status = stat()
        let isFile = fstat(handle.fileDescriptor, &status) == 0 && status.st_mode & S_IFMT == S_IFREG
        byteCount = isFile ? Int64(status.st_size) : nil
    }

    init(path: String) throws {
        guard let handle = FileHandle(forReadingAtPath: path) else {
            throw Failure("\(path) cannot be read: \(systemText(errno))")
        }
        self.init(handle)
    }

    func next() async throws -> Chunk {
        let handle = handle
        return try await withCheckedThrowingContinuation { continuation in
            Self.queue.async { continuation.resume(with: Result { try Self.read(handle.fileDescriptor) }) }
        }
    }

    private static func read(_ descriptor: Int32) throws -> Chunk {
        var waiting = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        if poll(&waiting, 1, idleMilliseconds) == 0 { return .idle }
        var count = 0
        let bytes = [UInt8](unsafeUninitializedCapacity: chunkByteCount) { buffer, filled in
            repeat {
                count = Foundation.read(descriptor, buffer.baseAddress, chunkByteCount)
            } while count < 0 && errno == EINTR
            filled = max(count, 0)
        }
        guard count >= 0 else { throw Failure("the input cannot be read: \(systemText(errno))") }
        return count == 0 ? .end : .bytes(bytes)
    }
}
