// SPDX-License-Identifier: Apache-2.0

import Dispatch
import Glibc

/// A TCP client on loopback that knows nothing of what it tests. Waits at most ten seconds for anything.
///
/// Its blocking calls run on threads of their own: the tests' few are also those that servers answer on.
final class TestClient: Sendable {
    let descriptor: Int32

    init(port: Int, receiveBufferByteCount: Int32? = nil) throws {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        if var size = receiveBufferByteCount {
            setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &size, socklen_t(MemoryLayout<Int32>.size))
        }
        var timeout = timeval(tv_sec: 10, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &timeout, socklen_t(MemoryLayout<timeval>.size))
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(UInt16(port)).bigEndian
        address.sin_addr.s_addr = in_addr_t(0x7f00_0001).bigEndian
        let status = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard status == 0 else { throw TestClientError.connectFailed(errno) }
    }

    deinit { Glibc.close(descriptor) }

    func send(_ bytes: [UInt8]) async { await onThread { self.sendBlocking(bytes) } }
    func sendFrame(_ payload: [UInt8]) async { await send(Self.prefix(payload.count) + payload) }
    /// Exactly `count` bytes; fewer when the connection ended or ten seconds passed.
    func receive(_ count: Int) async -> [UInt8] { await onThread { self.receiveBlocking(count) } }

    func receiveFrame() async -> [UInt8] {
        let prefix = await receive(4)
        guard prefix.count == 4 else { return [] }
        return await receive(prefix.reduce(0) { $0 << 8 | Int($1) })
    }

    /// Whether the peer ended the connection (in order or not) within ten seconds, whatever came before.
    func isEnded() async -> Bool {
        await onThread {
            var byte: UInt8 = 0
            while true {
                let count = recv(self.descriptor, &byte, 1, 0)
                if count == 0 { return true }
                if count < 0, errno != EINTR { return errno == ECONNRESET }
            }
        }
    }

    private func onThread<Value: Sendable>(_ body: @escaping @Sendable () -> Value) async -> Value {
        await withCheckedContinuation { done in
            // A queue per call, because a global one starts few threads while others wait.
            DispatchQueue(label: "test client").async { done.resume(returning: body()) }
        }
    }

    private func sendBlocking(_ bytes: [UInt8]) {
        var sent = 0
        while sent < bytes.count {
            let count = bytes.withUnsafeBytes {
                Glibc.send(descriptor, $0.baseAddress! + sent, bytes.count - sent, Int32(MSG_NOSIGNAL))
            }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return }
            sent += count
        }
    }

    private func receiveBlocking(_ count: Int) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: count)
        var received = 0
        while received < count {
            let chunk = bytes.withUnsafeMutableBytes {
                recv(descriptor, $0.baseAddress! + received, count - received, 0)
            }
            if chunk < 0, errno == EINTR { continue }
            guard chunk > 0 else { break }
            received += chunk
        }
        return Array(bytes[..<received])
    }

    static func prefix(_ count: Int) -> [UInt8] {
        (0..<4).map { UInt8(truncatingIfNeeded: count >> (24 - 8 * $0)) }
    }
}

enum TestClientError: Error, Equatable { case connectFailed(Int32) }

/// Bytes that tell their position, so that a lost or moved one shows.
func pattern(_ count: Int, seed: Int = 0) -> [UInt8] { Array(patternTable[seed * 97..<seed * 97 + count]) }

/// From a generator of long period (xorshift), made once because debug builds are slow at it.
private let patternTable: [UInt8] = {
    var state: UInt32 = 2_463_534_242
    return (0..<1_600_000).map { _ in
        state ^= state << 13
        state ^= state >> 17
        state ^= state << 5
        return UInt8(truncatingIfNeeded: state >> 8)
    }
}()

/// Bytes that only have to be many.
func flood(_ count: Int) -> [UInt8] { [UInt8](repeating: 7, count: count) }
