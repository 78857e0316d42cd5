// SPDX-License-Identifier: Apache-2.0

internal import Coordinator
internal import KafkaProtocol
internal import Primitives
internal import WireProtocol

extension AdminService {
    func quotaList(_ request: Admin.QuotaListRequest) async -> Admin.QuotaListResponse {
        let image = await image()
        return .with {
            $0.quotas = image.quotas().map { entity, limits in
                .with {
                    $0.entity = entity.kafkaParts.map { type, name in
                        .with { ($0.type, $0.name) = (type.rawValue, name) }
                    }
                    $0.limits = limits.map { limit in .with { ($0.key, $0.limit) = (limit.key.rawValue, limit.limit) } }
                }
            }
        }
    }

    func quotaAlter(_ request: Admin.QuotaAlterRequest) async throws -> Admin.QuotaAlterResponse {
        try requireSome(request.changes, "quota")
        let entity: QuotaEntity
        do throws(QuotaFilterRefusal) {
            entity = try QuotaEntity(kafkaParts: request.entity.map { ($0.type, $0.name) })
        } catch {
            throw RPCError(kafka: .invalidRequest, error.message)
        }
        let changes = request.changes.map { AlterClientQuotas.Change($0.key, limit: $0.limit) }
        let alteration = AlterClientQuotas.Alteration(entity, changes)
        let outcomes = try await command(AlterClientQuotas([alteration], validateOnly: request.validateOnly))
        if case .failure(let refusal)? = outcomes.first {
            throw RPCError(kafka: refusal.kafkaCode, refusal.description)
        }
        return Admin.QuotaAlterResponse()
    }
}
