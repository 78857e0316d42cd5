// SPDX-License-Identifier: Apache-2.0

internal import NIOCore
internal import NIOPosix
internal import WireProtocol

#if canImport(Glibc)
    import Glibc
#endif

extension RPCError {
    /// Why no connection came about, in words that lead somewhere.
    init(connecting error: any Error, to address: NetworkAddress) {
        switch Self.errno(of: error) {
        case ECONNREFUSED:
            self.init(
                .connectionRefused, "nothing listens at \(address)",
                remedy: "Start the node there, or give the address of one that runs.")
        case .some(let number):
            self.init(
                .unreachable, "\(address) cannot be reached: \(Self.text(of: number))",
                remedy: "Check the address and the network.")
        case nil:
            self.init(.unreachable, Self.sentence(error, address), remedy: "Check the address and the network.")
        }
    }

    private static func sentence(_ error: any Error, _ address: NetworkAddress) -> String {
        if case ChannelError.connectTimeout(let time)? = error as? ChannelError {
            return "\(address) did not answer within \(time.nanoseconds / 1_000_000) ms"
        }
        guard let error = error as? NIOConnectionError else { return "\(address) cannot be reached: \(error)" }
        if error.connectionErrors.isEmpty { return "the name \(address.host) does not resolve" }
        return "\(address) did not answer"
    }

    /// Of all addresses that a name resolved to, the refusal of one says most.
    private static func errno(of error: any Error) -> CInt? {
        if let error = error as? IOError { return error.errnoCode }
        guard let error = error as? NIOConnectionError else { return nil }
        let numbers = error.connectionErrors.compactMap { ($0.error as? IOError)?.errnoCode }
        return numbers.contains(ECONNREFUSED) ? ECONNREFUSED : numbers.first
    }

    private static func text(of number: CInt) -> String {
        unsafe strerror(number).map { unsafe String(cString: $0) } ?? "error \(number)"
    }
}
