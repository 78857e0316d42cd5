// SPDX-License-Identifier: Apache-2.0

import Primitives
import WireProtocol

/// Two ends and the bytes between them, delivered when a test says so.
struct Pair {
    static let unary = UnaryMethod<BytesSample, BytesSample>.declared(0x7001, "Unary")
    static let download = ServerStreamingMethod<BytesSample, BytesSample, BytesSample>.declared(0x7002, "Download")
    static let upload = ClientStreamingMethod<BytesSample, BytesSample, BytesSample>.declared(0x7003, "Upload")
    static let chat = Method<BytesSample, BytesSample, BytesSample, BytesSample>.declared(0x7004, "Chat")
    static let newer = UnaryMethod<BytesSample, BytesSample>.declared(0x7005, "Newer", since: FeatureLevel(2))
    static let methods = [unary.descriptor, download.descriptor, upload.descriptor, chat.descriptor, newer.descriptor]

    var client: RPCConnection
    var server: RPCConnection
    var now = Instant(nanoseconds: 1_000_000_000)
    var clientEvents: [RPCConnection.Event] = []
    var serverEvents: [RPCConnection.Event] = []

    init(
        clientHello: Hello = .client(), serverHello: Hello? = nil, roles: [NodeRole] = [],
        clientLimits: RPCLimits = RPCLimits(), serverLimits: RPCLimits = RPCLimits()
    ) {
        client = RPCConnection(.client, hello: clientHello, methods: Self.methods, limits: clientLimits, at: now)
        let hello = serverHello ?? .node(NodeID(1), role: .broker, clusterID: Samples.clusterID)
        server = RPCConnection(
            .server, hello: hello, roles: roles, methods: Self.methods, limits: serverLimits, at: now)
    }

    /// A pair whose hellos are exchanged.
    static func open(clientLimits: RPCLimits = RPCLimits(), serverLimits: RPCLimits = RPCLimits()) -> Pair {
        var pair = Pair(clientLimits: clientLimits, serverLimits: serverLimits)
        pair.exchange()
        precondition(pair.client.isOpen && pair.server.isOpen)
        pair.clientEvents = []
        pair.serverEvents = []
        return pair
    }

    /// Delivers until neither end has anything to say, and collects events.
    mutating func exchange() {
        while true {
            let isQuiet = !deliverToServer() && !deliverToClient()
            collect()
            if isQuiet { return }
        }
    }

    @discardableResult
    mutating func deliverToServer() -> Bool {
        let output = client.takeOutput()
        for piece in output {
            client.flushed(piece.count)
            server.receive(piece, at: now)
        }
        return !output.isEmpty
    }

    @discardableResult
    mutating func deliverToClient() -> Bool {
        let output = server.takeOutput()
        for piece in output {
            server.flushed(piece.count)
            client.receive(piece, at: now)
        }
        return !output.isEmpty
    }

    mutating func collect() {
        clientEvents += client.takeEvents()
        serverEvents += server.takeEvents()
    }

    mutating func advance(milliseconds: Int64) {
        now = now.advanced(byMilliseconds: milliseconds)
        client.advance(to: now)
        server.advance(to: now)
        exchange()
    }

    mutating func takeClientEvents() -> [RPCConnection.Event] {
        defer { clientEvents = [] }
        return clientEvents
    }

    mutating func takeServerEvents() -> [RPCConnection.Event] {
        defer { serverEvents = [] }
        return serverEvents
    }
}

extension Payload {
    static func text(_ text: String) -> Payload {
        Payload(BytesSample.with { $0.bytes = SharedBytes(text) })
    }

    static func zeros(_ count: Int) -> Payload {
        Payload(attachments: [SharedBytes([UInt8](repeating: 0, count: count))])
    }
}

extension RPCConnection.Event {
    /// The code with which a call or a connection ended.
    var code: RPCErrorCode? {
        switch self {
        case .streamFailed(_, let error): error.code
        case .closed(let error): error?.code
        default: nil
        }
    }
}
