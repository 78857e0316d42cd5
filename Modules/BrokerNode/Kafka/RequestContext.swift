// SPDX-License-Identifier: Apache-2.0

internal import KafkaProtocol
internal import Primitives

/// One request on its way: who asked, in which version, and where the answer goes.
struct RequestContext {
    let connection: KafkaConnection
    let slot: UInt64
    let api: APIKey
    let version: Int16
    let correlationID: Int32
    let clientID: String?
    let arrival: Instant
    /// Of the frame, without its size prefix.
    let byteCount: Int
    /// The client's quotas; nil when it has none.
    let rates: ClientRates?
}

extension BrokerShard {
    /// Encodes `response` and hands it to the connection, which sends it when its turn comes.
    ///
    /// - Parameter wait: How long the client must wait for what it used; its time is looked at here.
    func respond<Response: ProtocolResponse & ErrorCarrying>(
        _ response: Response, to request: RequestContext, waitNanoseconds wait: Int64 = 0, for key: QuotaKey? = nil
    ) {
        guard let rates = request.rates else { return encode(response, to: request) }
        let throttle = Throttle(rates, wait, for: key, at: now)
        guard throttle.nanoseconds > 0 else { return encode(response, to: request) }
        var told = response
        if var throttled = response as? any Throttled {
            throttled.throttleTimeMs = throttle.milliseconds
            if let same = throttled as? Response { told = same }
        }
        encode(told, to: request)
        mute(request, throttle)
    }

    /// Stops reading from the client after its answer (KIP-219).
    func mute(_ request: RequestContext, _ throttle: Throttle) {
        guard throttle.nanoseconds > 0 else { return }
        metrics.throttled(throttle.key, byNanoseconds: throttle.nanoseconds)
        request.connection.mute(forNanoseconds: throttle.nanoseconds)
    }

    private func encode<Response: ProtocolResponse & ErrorCarrying>(
        _ response: Response, to request: RequestContext
    ) {
        precondition(Response.apiKey == request.api, "\(Response.apiKey) answers \(request.api)")
        writer.reset()
        beginFrame(request)
        response.encode(into: &writer, version: request.version)
        endFrame(recordByteCount: 0)
        finish(request, .bytes(writer.bytes), errorCode: response.firstErrorCode)
    }

    /// As `respond`, for a response whose records are sent from where they are.
    func respond(_ response: FetchResponse, records: [FetchedRecords], to request: RequestContext) {
        guard let rates = request.rates else {
            return finish(request, layOut(response, records, request), errorCode: response.firstErrorCode)
        }
        var answer = layOut(response, records, request)
        let wait = rates.fetch?.use(Double(answer.byteCount), at: now) ?? 0
        let throttle = Throttle(rates, wait, for: .consumerByteRate, at: now)
        if throttle.nanoseconds > 0 {
            var told = response
            told.throttleTimeMs = throttle.milliseconds
            answer = layOut(told, records, request)
        }
        finish(request, answer, errorCode: response.firstErrorCode)
        mute(request, throttle)
    }

    private func layOut(
        _ response: FetchResponse, _ records: [FetchedRecords], _ request: RequestContext
    ) -> KafkaConnection.Answer {
        writer.reset()
        beginFrame(request)
        var cuts: [RecordsCut] = []
        response.encodeLayout(into: &writer, version: request.version, cuts: &cuts)
        endFrame(recordByteCount: cuts.reduce(0) { $0 + $1.byteCount })
        return .records(writer.bytes, cuts: cuts, records: records)
    }

    /// Takes note that the client wants no answer, and of the error that it is not told.
    func respondNothing(to request: RequestContext, errorCode: Int16) {
        finish(request, .none, errorCode: errorCode)
    }

    private func beginFrame(_ request: RequestContext) {
        writer.writeInt32(0)
        ResponseHeader(correlationID: request.correlationID).encode(
            into: &writer, headerVersion: request.api.responseHeaderVersion(for: request.version))
    }

    private func endFrame(recordByteCount: Int) {
        let payload = writer.count - 4 + recordByteCount
        precondition(payload <= Int(Int32.max), "a response of \(payload) bytes")
        writer.overwriteInteger(Int32(payload), at: 0)
    }

    private func finish(_ request: RequestContext, _ answer: KafkaConnection.Answer, errorCode: Int16) {
        metrics.answered(
            request.api, errorCode, afterNanoseconds: now.nanoseconds - request.arrival.nanoseconds)
        request.connection.complete(request.slot, answer)
    }
}

/// How long a client is not served, and which quota makes it wait.
struct Throttle {
    let key: QuotaKey
    let nanoseconds: Int64

    /// - Parameter wait: For `key`; processor time can make it longer.
    init(_ rates: ClientRates, _ wait: Int64, for key: QuotaKey?, at now: Instant) {
        let requestWait = rates.request?.waitNanoseconds(at: now) ?? 0
        self.key = wait >= requestWait ? key ?? .requestPercentage : .requestPercentage
        nanoseconds = max(wait, requestWait)
    }

    /// As clients are told, rounded up.
    var milliseconds: Int32 { Int32(clamping: (nanoseconds - 1) / 1_000_000 + 1) }
}
