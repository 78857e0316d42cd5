// SPDX-License-Identifier: Apache-2.0

import Dispatch
import Foundation
import Glibc

/// A TCP connection to this machine that waits, for at most ten seconds, for each thing it does.
final class BlockingSocket {
    struct Fault: Error {
        let operation: String
        let errno: Int32
    }

    private let descriptor: Int32
    private(set) var sentByteCount = 0
    private(set) var receivedByteCount = 0

    init(port: Int) throws {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        guard descriptor >= 0 else { throw Fault(operation: "socket", errno: errno) }
        var timeout = timeval(tv_sec: 10, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &timeout, socklen_t(MemoryLayout<timeval>.size))
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(port).bigEndian
        address.sin_addr.s_addr = in_addr_t(0x7f00_0001).bigEndian
        let status = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard status == 0 else { throw Fault(operation: "connect", errno: errno) }
    }

    deinit { close(descriptor) }

    func send(_ bytes: [UInt8]) throws {
        var sent = 0
        while sent < bytes.count {
            let count = bytes[sent...].withUnsafeBytes { Glibc.send(descriptor, $0.baseAddress, $0.count, 0) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw Fault(operation: "send", errno: errno) }
            sent += count
        }
        sentByteCount += sent
    }

    /// Exactly `count` bytes; nil when the peer closed first.
    func receive(_ count: Int) throws -> [UInt8]? {
        var bytes = [UInt8](repeating: 0, count: count)
        var received = 0
        while received < count {
            let some = bytes[received...].withUnsafeMutableBytes { recv(descriptor, $0.baseAddress, $0.count, 0) }
            // A socket with a time-out is not restarted after a signal, and io_uring wakes threads by one.
            if some < 0, errno == EINTR { continue }
            guard some >= 0 else { throw Fault(operation: "recv", errno: errno) }
            if some == 0 { return nil }
            received += some
        }
        receivedByteCount += received
        return bytes
    }

    /// All until the peer closes.
    func receiveAll() throws -> [UInt8] {
        var bytes: [UInt8] = []
        while let byte = try receive(1) { bytes += byte }
        return bytes
    }
}

/// The status, headers and body of one HTTP answer.
struct HTTPAnswer {
    let status: Int
    let head: String
    let body: String

    /// Asks on a connection of its own, from a thread that may wait.
    static func of(_ method: String, _ path: String, port: Int) async throws -> HTTPAnswer {
        try await withCheckedThrowingContinuation { done in
            DispatchQueue.global().async { done.resume(with: Result { try ask(method, path, port) }) }
        }
    }

    private static func ask(_ method: String, _ path: String, _ port: Int) throws -> HTTPAnswer {
        let socket = try BlockingSocket(port: port)
        try socket.send(Array("\(method) \(path) HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n".utf8))
        let text = String(decoding: try socket.receiveAll(), as: UTF8.self)
        let parts = text.components(separatedBy: "\r\n\r\n")
        let status = text.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0
        return HTTPAnswer(status: status, head: parts[0], body: parts.dropFirst().joined(separator: "\r\n\r\n"))
    }
}
