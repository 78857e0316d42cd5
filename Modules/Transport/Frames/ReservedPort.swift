// SPDX-License-Identifier: Apache-2.0

internal import NIOCore
internal import Synchronization

#if canImport(Glibc)
    import Glibc
#endif

/// A port that is bound and not listened on: nobody else gets it, and who connects is refused at once.
final class ReservedPort: Sendable {
    /// The real port when 0 was asked for.
    let address: NetworkAddress
    /// nil when it was given away.
    private let descriptor: Mutex<Int32?>

    init(_ asked: NetworkAddress) throws(ListenerFault) {
        do {
            let target = try SocketAddress.makeAddressResolvingHost(asked.host, port: asked.port)
            let descriptor = try Self.bind(to: target)
            do {
                address = try NetworkAddress(Self.localAddress(of: descriptor)) ?? asked
            } catch {
                close(descriptor)
                throw error
            }
            self.descriptor = Mutex(descriptor)
        } catch {
            throw ListenerFault(error, at: asked)
        }
    }

    deinit { descriptor.withLock { if let unused = $0 { close(unused) } } }

    /// From now on the kernel takes connections. The descriptor belongs to the caller.
    ///
    /// - Precondition: called once.
    func listen(backlog: Int32) throws -> Int32 {
        let taken = descriptor.withLock { descriptor in
            defer { descriptor = nil }
            return descriptor
        }
        guard let taken else { preconditionFailure("\(address) is listened on twice") }
        guard Glibc.listen(taken, backlog) == 0 else {
            let number = errno
            close(taken)
            throw IOError(errnoCode: number, reason: "listen")
        }
        return taken
    }

    private static func bind(to target: SocketAddress) throws -> Int32 {
        let family = target.protocol == .inet6 ? AF_INET6 : AF_INET
        let descriptor = socket(family, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { throw IOError(errnoCode: errno, reason: "socket") }
        var isOn: Int32 = 1
        // Proof: the option is an Int32, and the kernel reads it during the call.
        let set = unsafe setsockopt(
            descriptor, SOL_SOCKET, SO_REUSEADDR, &isOn, socklen_t(MemoryLayout<Int32>.size))
        // Proof: the pointer and its size come from NIO and are used during the call only.
        let bound = unsafe target.withSockAddr { pointer, size in
            unsafe Glibc.bind(descriptor, pointer, socklen_t(size))
        }
        guard set == 0, bound == 0 else {
            let number = errno
            close(descriptor)
            throw IOError(errnoCode: number, reason: "bind")
        }
        return descriptor
    }

    private static func localAddress(of descriptor: Int32) throws -> SocketAddress {
        var storage = sockaddr_storage()
        var size = socklen_t(MemoryLayout<sockaddr_storage>.size)
        // Proof: `storage` is large enough for every family and outlives the call.
        let result = unsafe withUnsafeMutablePointer(to: &storage) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                unsafe getsockname(descriptor, address, &size)
            }
        }
        guard result == 0 else { throw IOError(errnoCode: errno, reason: "getsockname") }
        let isSix = storage.ss_family == sa_family_t(AF_INET6)
        // Proof: the kernel has written an address of the family that it names.
        return unsafe withUnsafePointer(to: &storage) { pointer in
            isSix
                ? unsafe pointer.withMemoryRebound(to: sockaddr_in6.self, capacity: 1) {
                    SocketAddress(unsafe $0.pointee)
                }
                : unsafe pointer.withMemoryRebound(to: sockaddr_in.self, capacity: 1) {
                    SocketAddress(unsafe $0.pointee)
                }
        }
    }
}
