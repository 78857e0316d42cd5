// SPDX-License-Identifier: Apache-2.0

internal import Coordinator
internal import KafkaProtocol
internal import Primitives
internal import WireProtocol

extension AdminService {
    func featureUpdate(_ request: Admin.FeatureUpdateRequest) async throws -> Admin.FeatureUpdateResponse {
        try requireSome(request.updates, "feature")
        let updates = request.updates.map {
            FeatureUpdate(
                name: $0.name, level: Int16(clamping: $0.level),
                direction: request.allowsDowngrade ? .safeDowngrade : .upgrade)
        }
        // All or none: the command takes each for itself.
        let rehearsed = try await command(UpdateFeatures(updates, validateOnly: true))
        try check(rehearsed, updates)
        if !request.validateOnly { try check(try await command(UpdateFeatures(updates)), updates) }
        let image = await image()
        return .with { $0.features = Features.supported.map { feature($0, image) } }
    }

    private func check(_ outcomes: UpdateFeatures.Outcome, _ updates: [FeatureUpdate]) throws(RPCError) {
        for (update, outcome) in zip(updates, outcomes) {
            guard case .failure(let refusal) = outcome else { continue }
            throw RPCError(
                refusal == .unknownFeature(update.name) ? .notFound : .refused, "\(update.name): \(refusal.message)",
                remedy: "'myelin cluster features' shows the levels.", reason: refusal.kafkaCode.name)
        }
    }

    func brokerUnregister(_ request: Admin.BrokerUnregisterRequest) async throws -> Admin.BrokerUnregisterResponse {
        let unregister = UnregisterBroker(request.brokerID)
        let outcome = request.validateOnly ? await rehearse(unregister) : try await command(unregister)
        if case .failure(let refusal) = outcome {
            throw RPCError(kafka: refusal.kafkaCode, refusal.message, remedy: refusal.remedy)
        }
        return Admin.BrokerUnregisterResponse()
    }

    func brokerStop(_ request: Admin.BrokerStopRequest) async throws -> Admin.BrokerStopResponse {
        guard request.brokerID == identity.id else {
            return try await peers.ask(request.brokerID, in: await image(), Admin.brokerStop, request)
        }
        guard let onStopRequest else {
            throw RPCError(
                .notSupported, "broker \(identity.id) runs inside a process that does not let itself be stopped so",
                remedy: "Stop the process with SIGTERM.")
        }
        if !request.validateOnly { onStopRequest() }
        return Admin.BrokerStopResponse()
    }
}
