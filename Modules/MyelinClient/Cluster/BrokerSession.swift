// SPDX-License-Identifier: Apache-2.0

internal import DequeModule
internal import KafkaProtocol
internal import Primitives
internal import Transport
internal import WireProtocol

/// The Kafka protocol with one broker, inside a `Clients.session` call: requests leave in order, each has a deadline.
///
/// A session that failed stays failed; whoever holds it asks the cluster for a new one.
final class BrokerSession: @unchecked Sendable {
    // Proof of @unchecked: the `let`s are immutable; the rest is touched on `loop` only, where every public method hops
    // first and where the call's events come.

    /// Largest answer that is believed.
    private static let answerByteCountMax = 128 << 20
    /// Requests that may be unanswered: as many as the broker takes from one connection.
    private static let unansweredCountMax = 256

    private typealias Answer = Result<SharedBytes, ClientError>

    private struct Waiting {
        let correlationID: Int32
        let timer: ShardTimer
        /// nil once the deadline has passed; the answer is then dropped.
        var reply: ((Answer) -> Void)?
    }

    private let clientID: String
    private let loop: ShardLoop
    private let client: RPCClient
    private var address: NetworkAddress { client.address }
    private var stream: RPCRawStream?
    private var failure: ClientError?
    private var joiner = FrameJoiner(frameByteCountMax: answerByteCountMax)
    private var waiting: Deque<Waiting> = []
    /// What waits to leave, and who waits for that.
    private var unsent: Deque<(item: Payload, left: ((ClientError?) -> Void)?)> = []
    private var isSending = false
    private var nextCorrelationID: Int32 = 0
    private var versions: [Int16: ClosedRange<Int16>] = [:]

    /// - Parameters:
    ///   - client: Whose connection carries the session, with others.
    ///   - loop: That of `client`.
    init(_ client: RPCClient, clientID: String, loop: ShardLoop) {
        self.client = client
        self.clientID = clientID
        self.loop = loop
    }

    /// Asks the broker for what it speaks; everything else is called after it.
    func open(withinMilliseconds milliseconds: Int64) async throws(ClientError) {
        var request = ApiVersionsRequest()
        request.clientSoftwareName = "myelin-client"
        request.clientSoftwareVersion = "0.1"
        let response = try await exchange(request, version: 3, withinMilliseconds: milliseconds)
        guard response.errorCode == 0 else { throw ClientError(code: response.errorCode, "broker \(address)") }
        let known = Dictionary(
            response.apiKeys.compactMap { api in
                api.minVersion <= api.maxVersion ? (api.apiKey, api.minVersion...api.maxVersion) : nil
            }, uniquingKeysWith: { first, _ in first })
        await onLoop { $0.versions = known }
    }

    /// Sends a request in the newest version that both ends know, at most `newest`, and waits for the answer.
    ///
    /// - Throws: `.timedOut` when the deadline passes, else why the session failed.
    func call<Request: ProtocolRequest>(
        _ request: Request, newest: Int16, withinMilliseconds milliseconds: Int64
    ) async throws(ClientError) -> Request.Response {
        let range: ClosedRange<Int16>? = await onLoop { $0.versions[Request.apiKey.rawValue] }
        guard let range, range.lowerBound <= newest else {
            throw ClientError(
                .refused("UNSUPPORTED_VERSION"), "broker \(address) does not serve \(Request.apiKey.name) here")
        }
        return try await exchange(
            request, version: min(newest, range.upperBound), withinMilliseconds: milliseconds)
    }

    /// Sends a request that is not answered, and returns when it has left: the broker had room for it.
    func post<Request: ProtocolRequest>(_ request: Request, newest: Int16) async throws(ClientError) {
        let refusal: ClientError? = await withCheckedContinuation { done in
            loop.execute { [self] in
                if let failure { return done.resume(returning: failure) }
                let version = min(newest, versions[Request.apiKey.rawValue]?.upperBound ?? newest)
                enqueue(request, version: version) { done.resume(returning: $0) }
            }
        }
        if let refusal { throw refusal }
    }

    var isUsable: Bool { get async { await onLoop { $0.failure == nil } } }

    func close() async {
        await onLoop { session in
            session.stream?.cancel()
            session.fail(.closed)
        }
    }

    // MARK: On the loop

    private func onLoop<Value: Sendable>(_ body: @escaping @Sendable (BrokerSession) -> Value) async -> Value {
        await withCheckedContinuation { done in loop.execute { done.resume(returning: body(self)) } }
    }

    private func exchange<Request: ProtocolRequest>(
        _ request: Request, version: Int16, withinMilliseconds milliseconds: Int64
    ) async throws(ClientError) -> Request.Response {
        let answer: Answer = await withCheckedContinuation { done in
            loop.execute { [self] in
                submit(request, version: version, withinMilliseconds: milliseconds) { done.resume(returning: $0) }
            }
        }
        let frame = try answer.get()
        do throws(DecodeError) {
            var reader = ByteReader(frame)
            _ = try ResponseHeader(
                decoding: &reader, headerVersion: Request.apiKey.responseHeaderVersion(for: version))
            return try Request.Response(decoding: &reader, version: version)
        } catch {
            throw ClientError(.malformedAnswer, "the answer to \(Request.apiKey.name) does not decode: \(error)")
        }
    }

    private func submit<Request: ProtocolRequest>(
        _ request: Request, version: Int16, withinMilliseconds milliseconds: Int64,
        reply: @escaping (Answer) -> Void
    ) {
        if let failure { return reply(.failure(failure)) }
        guard waiting.count < Self.unansweredCountMax else {
            let message = "\(Self.unansweredCountMax) requests to \(address) are unanswered"
            return reply(.failure(ClientError(.rpc(.overloaded), message, isRetriable: true)))
        }
        let correlationID = nextCorrelationID &+ 1
        let timer = loop.schedule(afterMilliseconds: milliseconds) { [weak self] in
            self?.expire(correlationID, Request.apiKey)
        }
        waiting.append(Waiting(correlationID: correlationID, timer: timer, reply: reply))
        enqueue(request, version: version)
    }

    private func enqueue<Request: ProtocolRequest>(
        _ request: Request, version: Int16, left: ((ClientError?) -> Void)? = nil
    ) {
        nextCorrelationID &+= 1
        let header = RequestHeader(
            apiKey: Request.apiKey.rawValue, apiVersion: version, correlationID: nextCorrelationID, clientID: clientID)
        var writer = ByteWriter()
        header.encode(into: &writer, headerVersion: Request.apiKey.requestHeaderVersion(for: version))
        request.encode(into: &writer, version: version)
        unsent.append((Payload(Clients.SessionItem(), attachments: [writer.shared]), left))
        sendNext()
    }

    private func sendNext() {
        guard !isSending, let (item, left) = unsent.popFirst() else { return }
        isSending = true
        let stream = stream ?? begin()
        stream.send(item) { [weak self] error in
            guard let self else { return }
            isSending = false
            left?(error.map { ClientError($0) })
            if error == nil { sendNext() }
        }
    }

    private func begin() -> RPCRawStream {
        let stream = client.openRaw(Clients.session, Payload(Clients.SessionRequest())) { [weak self] event in
            self?.receive(event)
        }
        self.stream = stream
        return stream
    }

    private func receive(_ event: RPCRawStream.Event) {
        switch event {
        case .item(let item, let cost):
            do throws(DecodeError) {
                try joiner.append(item.attachment) { answered($0) }
            } catch {
                stream?.cancel()
                fail(ClientError(.malformedAnswer, "broker \(address) sent an impossible size: \(error)"))
            }
            stream?.taken(cost)
        case .ended(.success):
            fail(ClientError(.rpc(.unavailable), "broker \(address) ended the session", isRetriable: true))
        case .ended(.failure(let error)): fail(ClientError(error))
        }
    }

    private func answered(_ frame: SharedBytes) {
        guard let first = waiting.popFirst() else { return }
        first.timer.cancel()
        first.reply?(.success(frame))
    }

    private func expire(_ correlationID: Int32, _ api: APIKey) {
        guard let place = waiting.firstIndex(where: { $0.correlationID == correlationID }) else { return }
        let reply = waiting[place].reply
        waiting[place].reply = nil
        reply?(.failure(.timedOut("\(api.name) at \(address)")))
    }

    private func fail(_ error: ClientError) {
        guard failure == nil else { return }
        failure = error
        stream = nil
        let (all, stranded) = (waiting, unsent)
        waiting = []
        unsent = []
        for one in stranded { one.left?(error) }
        for one in all {
            one.timer.cancel()
            one.reply?(.failure(error))
        }
    }
}
