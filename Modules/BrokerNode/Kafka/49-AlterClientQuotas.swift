// SPDX-License-Identifier: Apache-2.0

internal import ControllerNode
internal import Coordinator
internal import KafkaProtocol
internal import Primitives

extension BrokerShard {
    func alterClientQuotas(_ request: AlterClientQuotasRequest, _ context: RequestContext) {
        let read = request.entries.map { entry in
            Result { () throws(QuotaFilterRefusal) in
                let entity = try QuotaEntity(kafkaParts: entry.entity.map { ($0.entityType, $0.entityName) })
                return AlterClientQuotas.Alteration(
                    entity, entry.ops.map { AlterClientQuotas.Change($0.key, limit: $0.remove ? nil : $0.value) })
            }
        }
        let alterations = read.compactMap { try? $0.get() }
        command(AlterClientQuotas(alterations, validateOnly: request.validateOnly)) { [self] result in
            var response = AlterClientQuotasResponse()
            var rest = (try? result.get())?[...] ?? []
            response.entries = zip(request.entries, read).map { entry, read in
                var answer = AlterClientQuotasResponse.EntryData()
                answer.errorMessage = nil
                answer.entity = entry.entity.map { part in
                    var same = AlterClientQuotasResponse.EntityData()
                    (same.entityType, same.entityName) = (part.entityType, part.entityName)
                    return same
                }
                switch (read, result) {
                case (.failure(let refusal), _):
                    (answer.errorCode, answer.errorMessage) = (refusal.kafkaCode.rawValue, refusal.message)
                case (.success, .failure(let failure)):
                    (answer.errorCode, answer.errorMessage) = (failure.kafkaCode.rawValue, failure.description)
                case (.success, .success):
                    guard case .failure(let refusal) = rest.removeFirst() else { break }
                    (answer.errorCode, answer.errorMessage) = (refusal.kafkaCode.rawValue, refusal.description)
                }
                return answer
            }
            respond(response, to: context)
        }
    }
}
