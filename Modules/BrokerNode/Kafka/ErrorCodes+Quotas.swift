// SPDX-License-Identifier: Apache-2.0

internal import Coordinator
internal import KafkaProtocol

extension AlterQuotaRefusal {
    var kafkaCode: ErrorCode {
        switch self {
        case .emptyEntity, .emptyName, .mixedEntity, .notAnAddress, .unknownKey, .keyNotOfEntity, .invalidLimit,
            .duplicateKey:
            .invalidRequest
        case .tooManyEntities: .policyViolation
        case .levelTooLow: .unsupportedVersion
        }
    }
}

extension QuotaFilterRefusal {
    var kafkaCode: ErrorCode {
        switch self {
        case .unknownType: .unsupportedVersion
        case .duplicateType, .mixedTypes, .invalidMatch, .missingName: .invalidRequest
        }
    }

    var message: String {
        switch self {
        case .unknownType(let type): "there is no entity type '\(type)'; there are user, client-id and ip"
        case .duplicateType(let type): "\(type.rawValue) is given more than once"
        case .mixedTypes: "an ip stands alone: it cannot be combined with a user or a client-id"
        case .invalidMatch(let number): "match type \(number) is none of 0 (exact), 1 (default) and 2 (any)"
        case .missingName(let type): "an exact match of \(type.rawValue) needs a name"
        }
    }
}
