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
}

extension BrokerShard {
    /// Encodes `response` and hands it to the connection, which sends it when its turn comes.
    func respond<Response: ProtocolResponse & ErrorCarrying>(_ response: Response, to request: RequestContext) {
        precondition(Response.apiKey == request.api, "\(Response.apiKey) answers \(request.api)")
        writer.reset()
        beginFrame(request)
        response.encode(into: &writer, version: request.version)
        endFrame(recordByteCount: 0)
        finish(request, .bytes(writer.bytes), errorCode: response.firstErrorCode)
    }

    /// As `respond`, for a response whose records are sent from where they are.
    func respond(_ response: FetchResponse, records: [FetchedRecords], to request: RequestContext) {
        writer.reset()
        beginFrame(request)
        var cuts: [RecordsCut] = []
        response.encodeLayout(into: &writer, version: request.version, cuts: &cuts)
        endFrame(recordByteCount: cuts.reduce(0) { $0 + $1.byteCount })
        finish(
            request, .records(writer.bytes, cuts: cuts, records: records), errorCode: response.firstErrorCode)
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
