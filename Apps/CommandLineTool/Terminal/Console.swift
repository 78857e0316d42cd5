// SPDX-License-Identifier: Apache-2.0

import Foundation
import Synchronization

/// Nobody reads the output any more: `myelin … | head` got what it wanted.
package struct OutputClosed: Error {
    package init() {}
}

/// Standard output and standard error, in order, buffered where nobody watches.
package final class Console: Sendable {
    package enum Stream: Sendable { case output, error }

    private static let bufferBytesMax = 64 << 10

    /// Bytes of standard output that are not written yet.
    private let buffer = Mutex<[UInt8]>([])
    private let sink: @Sendable (Stream, [UInt8]) throws -> Void

    /// - Parameter sink: Takes all bytes it is given, or throws `OutputClosed`.
    package init(sink: @escaping @Sendable (Stream, [UInt8]) throws -> Void) { self.sink = sink }

    /// The streams of this process.
    static func ofProcess() -> Console {
        Console { stream, bytes in try writeAll(bytes, to: stream == .output ? STDOUT_FILENO : STDERR_FILENO) }
    }

    /// Adds bytes to standard output.
    package func write(_ bytes: [UInt8]) throws {
        let full: [UInt8]? = buffer.withLock { buffer in
            buffer += bytes
            guard buffer.count >= Self.bufferBytesMax else { return nil }
            defer { buffer.removeAll(keepingCapacity: true) }
            return buffer
        }
        if let full { try sink(.output, full) }
    }

    /// Adds a line to standard output.
    package func print(_ line: String = "") throws { try write(Array((line + "\n").utf8)) }

    /// Writes what is buffered.
    package func flush() throws {
        let rest = buffer.withLock { buffer in
            defer { buffer.removeAll(keepingCapacity: true) }
            return buffer
        }
        if !rest.isEmpty { try sink(.output, rest) }
    }

    /// Writes to standard error, at once, after all output before it. That nobody reads it is no reason to stop.
    package func note(_ text: String, terminator: String = "\n") {
        try? flush()
        try? sink(.error, Array((text + terminator).utf8))
    }

    private static func writeAll(_ bytes: [UInt8], to descriptor: Int32) throws {
        var rest = bytes[...]
        while !rest.isEmpty {
            let written = rest.withUnsafeBytes { Foundation.write(descriptor, $0.baseAddress, $0.count) }
            if written >= 0 {
                rest = rest.dropFirst(written)
            } else if errno == EPIPE {
                throw OutputClosed()
            } else if errno == EAGAIN {
                var waiting = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
                poll(&waiting, 1, -1)
            } else if errno != EINTR {
                throw Failure("the output cannot be written: \(systemText(errno))")
            }
        }
    }
}

/// What the system says about an error number.
func systemText(_ number: Int32) -> String { String(cString: strerror(number)) }
