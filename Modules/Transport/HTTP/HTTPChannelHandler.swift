// SPDX-License-Identifier: Apache-2.0

internal import NIOCore
internal import NIOHTTP1

/// Collects one request at a time, has it answered, and keeps the deadlines of a connection.
///
/// NIO's pipelining handler in front of it withholds the next request until this one is answered.
final class HTTPChannelHandler: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    private let limits: HTTPLimits
    private let respond: @Sendable (HTTPRequest) async -> HTTPResponse
    private var head: HTTPRequestHead?
    private var body: [UInt8] = []
    private var deadline: Scheduled<Void>?
    private var answering: Task<Void, Never>?

    init(limits: HTTPLimits, respond: @escaping @Sendable (HTTPRequest) async -> HTTPResponse) {
        self.limits = limits
        self.respond = respond
    }

    func channelActive(context: ChannelHandlerContext) { expectRequest(context) }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let received):
            head = received
            body = []
        case .body(let part):
            guard let head else { return }
            guard body.count + part.readableBytes <= limits.bodyByteCountMax else {
                self.head = nil
                return answer(HTTPResponse(status: 413, text: "body too large\n"), to: head, context, isLast: true)
            }
            body.append(contentsOf: part.readableBytesView)
        case .end:
            guard let head else { return }
            self.head = nil
            startAnswering(head, context)
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }

    func channelInactive(context: ChannelHandlerContext) {
        deadline?.cancel()
        answering?.cancel()
        context.fireChannelInactive()
    }

    private func expectRequest(_ context: ChannelHandlerContext) {
        deadline?.cancel()
        deadline = context.eventLoop.assumeIsolated().scheduleTask(in: .milliseconds(limits.requestMilliseconds)) {
            context.close(promise: nil)
        }
    }

    private func startAnswering(_ head: HTTPRequestHead, _ context: ChannelHandlerContext) {
        deadline?.cancel()
        let loopBound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
        let uri = head.uri.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        let request = HTTPRequest(
            method: head.method.rawValue, path: String(uri.first ?? ""), query: uri.count > 1 ? String(uri[1]) : "",
            body: body)
        body = []
        let respond = respond
        let eventLoop = context.eventLoop
        answering = Task {
            let response = await respond(request)
            eventLoop.execute {
                let (handler, context) = loopBound.value
                handler.finishAnswering(response, to: head, context)
            }
        }
        deadline = eventLoop.assumeIsolated().scheduleTask(in: .milliseconds(limits.handlerMilliseconds)) {
            self.finishAnswering(HTTPResponse(status: 503, text: "took too long\n"), to: head, context)
        }
    }

    /// The first of response and deadline counts.
    private func finishAnswering(_ response: HTTPResponse, to head: HTTPRequestHead, _ context: ChannelHandlerContext) {
        guard let task = answering.take() else { return }
        task.cancel()
        answer(response, to: head, context, isLast: !head.isKeepAlive)
        // Also ends a last connection whose client does not read the answer.
        expectRequest(context)
    }

    private func answer(
        _ response: HTTPResponse, to head: HTTPRequestHead, _ context: ChannelHandlerContext, isLast: Bool
    ) {
        guard context.channel.isActive else { return }
        var headers = HTTPHeaders()
        headers.add(name: "content-type", value: response.contentType)
        headers.add(name: "content-length", value: String(response.body.count))
        if isLast { headers.add(name: "connection", value: "close") }
        let status = HTTPResponseStatus(statusCode: response.status)
        let responseHead = HTTPResponseHead(version: head.version, status: status, headers: headers)
        context.write(wrapOutboundOut(.head(responseHead)), promise: nil)
        if head.method != .HEAD, !response.body.isEmpty {
            context.write(wrapOutboundOut(.body(.byteBuffer(ByteBuffer(bytes: response.body)))), promise: nil)
        }
        let sent = isLast ? context.eventLoop.makePromise(of: Void.self) : nil
        sent?.futureResult.assumeIsolated().whenComplete { _ in context.close(promise: nil) }
        context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: sent)
    }
}
