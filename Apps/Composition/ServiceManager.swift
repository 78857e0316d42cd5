// SPDX-License-Identifier: Apache-2.0

import Foundation

/// Tells whoever started the process how far it is: scripts by a line on stdout, systemd by a datagram.
package enum ServiceManager {
    /// Every listener answers. Call it once.
    package static func tellReady() {
        print("ready")
        fflush(nil)
        notify("READY=1")
    }

    /// An orderly stop has begun.
    package static func tellStopping() { notify("STOPPING=1") }

    /// Sends to the socket that `NOTIFY_SOCKET` names; nothing where there is none, as sd_notify(3) does.
    private static func notify(_ state: String) {
        guard let path = ProcessInfo.processInfo.environment["NOTIFY_SOCKET"], let address = SocketAddress(path) else {
            return
        }
        let descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { return }
        defer { close(descriptor) }
        address.withPointer { pointer, length in
            _ = sendto(descriptor, state, state.utf8.count, Int32(MSG_NOSIGNAL), pointer, length)
        }
    }
}

/// The address of a Unix socket: a path, or a name of the abstract namespace written with `@` (unix(7)).
private struct SocketAddress {
    private var address = sockaddr_un()
    private let length: socklen_t

    init?(_ path: String) {
        guard path.hasPrefix("/") || path.hasPrefix("@") else { return nil }
        guard path.utf8.count < MemoryLayout.size(ofValue: address.sun_path) else { return nil }
        length = socklen_t(MemoryLayout<sa_family_t>.size + path.utf8.count)
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { field in
            field.copyBytes(from: path.utf8)
            if path.hasPrefix("@") { field[0] = 0 }
        }
    }

    func withPointer(_ body: (UnsafePointer<sockaddr>, socklen_t) -> Void) {
        withUnsafePointer(to: address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0, length) }
        }
    }
}
