// SPDX-License-Identifier: Apache-2.0

internal import Coordinator
internal import KafkaProtocol
internal import Primitives
internal import RecordBatch
internal import Telemetry

extension BrokerShard {
    /// Tells a client which of its metrics to push, and how often (KIP-714).
    func getTelemetrySubscriptions(_ request: GetTelemetrySubscriptionsRequest, _ context: RequestContext) {
        var response = GetTelemetrySubscriptionsResponse()
        let isNew = request.clientInstanceID == .zero
        let id = isNew ? ClientInstanceID.random(using: &entropy) : ClientInstanceID(request.clientInstanceID)
        response.clientInstanceID = ProtocolUUID(high: id.high, low: id.low)
        let subscription = clientSubscription(of: id, context)
        do throws(ClientInstances.Refusal) {
            try node.clientMetrics.withInstances { instances throws(ClientInstances.Refusal) in
                try instances.get(id, clientID: context.clientID ?? "", subscription, at: now)
            }
            response.subscriptionID = subscription.id
            response.acceptedCompressionTypes = [Codec.zstd, .lz4, .gzip, .snappy].map { Int8($0.rawValue) }
            response.pushIntervalMs = subscription.intervalMilliseconds
            response.telemetryMaxBytes = Int32(clamping: limits.telemetryByteCountMax)
            response.requestedMetrics = subscription.metrics
        } catch {
            response.errorCode = error.kafkaCode.rawValue
        }
        respond(response, to: context)
    }

    /// What the subscriptions come to for one client.
    func clientSubscription(of id: ClientInstanceID, _ context: RequestContext) -> ClientSubscription {
        let connection = context.connection
        let matching = clientSubscriptions.filter { subscription in
            subscription.match.matches { trait in
                switch trait {
                case .clientID: context.clientID ?? ""
                case .instanceID: id.description
                case .softwareName: connection.software.name
                case .softwareVersion: connection.software.version
                case .sourceAddress: connection.stream?.peerHost ?? ""
                case .sourcePort: connection.stream.map { String($0.peerPort) } ?? ""
                }
            }
        }
        return ClientSubscription(matching.map { ($0.metrics, $0.intervalMilliseconds) })
    }
}

extension ClientInstanceID {
    init(_ id: ProtocolUUID) { self.init(high: id.high, low: id.low) }

    fileprivate static func random(using entropy: inout Entropy) -> ClientInstanceID {
        let id = TopicID.random(using: &entropy)
        return ClientInstanceID(high: id.high, low: id.low)
    }
}

extension ClientInstances.Refusal {
    var kafkaCode: ErrorCode {
        switch self {
        case .tooSoon: .throttlingQuotaExceeded
        case .ended: .invalidRequest
        case .unknownSubscription: .unknownSubscriptionID
        }
    }
}
