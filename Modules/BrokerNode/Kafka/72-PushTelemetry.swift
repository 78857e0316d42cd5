// SPDX-License-Identifier: Apache-2.0

internal import Coordinator
internal import KafkaProtocol
internal import Primitives
internal import RecordBatch
internal import Telemetry

extension BrokerShard {
    /// Takes what a client measured (KIP-714).
    func pushTelemetry(_ request: PushTelemetryRequest, _ context: RequestContext) {
        var response = PushTelemetryResponse()
        response.errorCode = take(request, context).rawValue
        respond(response, to: context)
    }

    private func take(_ request: PushTelemetryRequest, _ context: RequestContext) -> ErrorCode {
        guard request.clientInstanceID != .zero else { return .invalidRequest }
        let id = ClientInstanceID(request.clientInstanceID)
        let subscription = clientSubscription(of: id, context)
        do throws(ClientInstances.Refusal) {
            try node.clientMetrics.withInstances { instances throws(ClientInstances.Refusal) in
                try instances.push(
                    id, clientID: context.clientID ?? "", subscriptionID: request.subscriptionID,
                    isEnding: request.terminating, subscription, at: now)
            }
        } catch {
            return error.kafkaCode
        }
        guard let codec = Codec(rawValue: UInt8(bitPattern: request.compressionType)) else {
            return .unsupportedCompressionType
        }
        guard request.metrics.count <= limits.telemetryByteCountMax else { return .telemetryTooLarge }
        do {
            let expanded = try telemetryDecompressor.decompress(request.metrics, codec: codec)
            let readings = try OTLPMetrics.readings(in: expanded)
            node.clientMetrics.take(readings, of: id, byteCount: request.metrics.count)
            return .none
        } catch {
            node.clientMetrics.countUnreadable()
            return .invalidRecord
        }
    }
}
