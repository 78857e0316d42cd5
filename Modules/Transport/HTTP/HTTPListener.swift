// SPDX-License-Identifier: Apache-2.0

internal import NIOCore
internal import NIOHTTP1
internal import NIOPosix

/// What a client asked over HTTP.
public struct HTTPRequest: Hashable, Sendable {
    /// In capitals: `GET`, `HEAD`, `POST`.
    public var method: String
    /// Without the query.
    public var path: String
    /// What follows `?`, undecoded; empty without one.
    public var query: String
    public var body: [UInt8]

    public init(method: String, path: String, query: String = "", body: [UInt8] = []) {
        self.method = method
        self.path = path
        self.query = query
        self.body = body
    }
}

/// What is answered over HTTP.
public struct HTTPResponse: Hashable, Sendable {
    public var status: Int
    public var contentType: String
    public var body: [UInt8]

    public init(status: Int, contentType: String = "text/plain; charset=utf-8", body: [UInt8]) {
        self.status = status
        self.contentType = contentType
        self.body = body
    }

    public init(status: Int, text: String) { self.init(status: status, body: Array(text.utf8)) }
}

/// Bounds of an `HTTPListener`.
public struct HTTPLimits: Hashable, Sendable {
    /// A larger body gets 413, larger headers (NIO's bound, 80 KiB) 400.
    public var bodyByteCountMax = 64 << 10
    public var connectionCountMax = 128
    /// Time for a request to arrive whole, and for a connection to be kept open between requests.
    public var requestMilliseconds: Int64 = 10_000
    /// Time for the handler; then 503 is answered.
    public var handlerMilliseconds: Int64 = 30_000
    public init() {}
}

/// A small HTTP/1.1 server for what operators ask a node: metrics, health, readiness.
///
/// It runs on a thread of its own, so that no scrape takes time from a shard.
public final class HTTPListener: Sendable {
    /// Where it listens; the real port when 0 was asked for.
    public let address: NetworkAddress
    private let channel: any Channel
    private let eventLoops: MultiThreadedEventLoopGroup

    private init(address: NetworkAddress, channel: any Channel, eventLoops: MultiThreadedEventLoopGroup) {
        self.address = address
        self.channel = channel
        self.eventLoops = eventLoops
    }

    /// Listens on `host` and `port` (0: any free one); `respond` may be called for several requests at once and is
    /// cancelled when its time is over or the client is gone.
    public static func bind(
        host: String, port: Int, limits: HTTPLimits = HTTPLimits(),
        respond: @escaping @Sendable (HTTPRequest) async -> HTTPResponse
    ) async throws(ListenerFault) -> HTTPListener {
        let asked = NetworkAddress(host: host, port: port)
        let eventLoops = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        var connectionLimits = ConnectionLimits()
        connectionLimits.connectionCountMax = limits.connectionCountMax
        connectionLimits.connectionCountPerAddressMax = limits.connectionCountMax
        let ledger = ConnectionLedger(limits: connectionLimits)
        do {
            let channel = try await ServerBootstrap(group: eventLoops)
                .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
                .childChannelInitializer { channel in
                    channel.eventLoop.makeCompletedFuture {
                        guard case .admitted = ledger.admit("") else { throw ChannelError.inputClosed }
                        channel.closeFuture.whenComplete { _ in ledger.leave("") }
                        try channel.pipeline.syncOperations.configureHTTPServerPipeline(withErrorHandling: true)
                        try channel.pipeline.syncOperations.addHandler(
                            HTTPChannelHandler(limits: limits, respond: respond))
                    }
                }
                .bind(host: host, port: port).get()
            let address = NetworkAddress(channel.localAddress) ?? asked
            return HTTPListener(address: address, channel: channel, eventLoops: eventLoops)
        } catch {
            await withCheckedContinuation { done in eventLoops.shutdownGracefully { _ in done.resume() } }
            throw ListenerFault(error, at: asked)
        }
    }

    /// Stops listening, cuts open connections and ends the thread.
    public func shutDown() async {
        await withCheckedContinuation { done in eventLoops.shutdownGracefully { _ in done.resume() } }
    }
}
