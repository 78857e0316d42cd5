// SPDX-License-Identifier: Apache-2.0

internal import ControllerNode
internal import Coordinator
internal import KafkaProtocol
internal import Primitives

extension BrokerShard {
    /// Raises or lowers levels of features (KIP-584, KIP-778): all of them or none.
    func updateFeatures(_ request: UpdateFeaturesRequest, _ context: RequestContext) {
        var updates: [FeatureUpdate] = []
        for update in request.featureUpdates {
            guard let direction = Self.direction(of: update, context) else {
                let problem = "\(update.upgradeType) is no type of upgrade"
                return respond(request, context, .invalidRequest, problem, outcomes: [])
            }
            updates.append(
                FeatureUpdate(name: update.feature, level: max(0, update.maxVersionLevel), direction: direction))
        }
        // The command takes each update for itself: a rehearsal decides about all.
        command(UpdateFeatures(updates, validateOnly: true)) { [self] rehearsed in
            let isRehearsalOnly = context.version >= 1 && request.validateOnly
            guard case .success(let outcomes) = rehearsed, !isRehearsalOnly, outcomes.allSatisfy({ !$0.isRefused })
            else { return respond(request, context, rehearsed) }
            command(UpdateFeatures(updates)) { [self] in respond(request, context, $0) }
        }
    }

    /// Version 0 says whether to allow going down, later ones which way to go.
    private static func direction(
        of update: UpdateFeaturesRequest.FeatureUpdateKey, _ context: RequestContext
    ) -> FeatureUpdate.Direction? {
        guard context.version >= 1 else { return update.allowDowngrade ? .safeDowngrade : .upgrade }
        switch update.upgradeType {
        case 1: return .upgrade
        case 2: return .safeDowngrade
        case 3: return .unsafeDowngrade
        default: return nil
        }
    }

    private func respond(
        _ request: UpdateFeaturesRequest, _ context: RequestContext,
        _ result: Result<UpdateFeatures.Outcome, SubmitRefusal>
    ) {
        switch result {
        case .failure(let refusal): respond(request, context, refusal.kafkaCode, refusal.description, outcomes: [])
        case .success(let outcomes):
            // Version 2 has no results of single features: the first refusal speaks for all.
            let refusal = context.version >= 2 ? outcomes.lazy.compactMap { $0.refusal }.first : nil
            respond(request, context, refusal?.kafkaCode ?? .none, refusal?.message, outcomes: outcomes)
        }
    }

    private func respond(
        _ request: UpdateFeaturesRequest, _ context: RequestContext, _ code: ErrorCode, _ message: String?,
        outcomes: UpdateFeatures.Outcome
    ) {
        var response = UpdateFeaturesResponse()
        response.errorCode = code.rawValue
        response.errorMessage = message
        if context.version <= 1 {
            response.results = zip(request.featureUpdates, outcomes).map { update, outcome in
                var result = UpdateFeaturesResponse.UpdatableFeatureResult()
                result.feature = update.feature
                result.errorCode = (outcome.refusal?.kafkaCode ?? .none).rawValue
                result.errorMessage = outcome.refusal?.message
                return result
            }
        }
        respond(response, to: context)
    }
}

extension Result {
    fileprivate var refusal: Failure? {
        if case .failure(let refusal) = self { return refusal }
        return nil
    }
    fileprivate var isRefused: Bool { refusal != nil }
}

extension UpdateFeaturesResponse: ErrorCarrying {
    var firstErrorCode: Int16 { errorCode != 0 ? errorCode : results.lazy.map(\.errorCode).first { $0 != 0 } ?? 0 }
}
