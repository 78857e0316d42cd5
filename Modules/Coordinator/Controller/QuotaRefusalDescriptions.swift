// SPDX-License-Identifier: Apache-2.0

internal import Primitives

extension AlterQuotaRefusal: CustomStringConvertible {
    public var description: String {
        switch self {
        case .emptyEntity: "a quota is for a user, a client-id, both, or an ip: none is given"
        case .emptyName:
            "a name of a quota's entity has 1 to \(AlterClientQuotas.nameByteCountMax) bytes; the default has no name"
        case .mixedEntity: "an ip stands alone: it cannot be combined with a user or a client-id"
        case .notAnAddress(let text): "'\(text)' is no numeric address such as 192.0.2.7 or 2001:db8::7"
        case .unknownKey(let key):
            "there is no quota '\(key)'; there are \(QuotaKey.allCases.map(\.rawValue).joined(separator: ", "))"
        case .keyNotOfEntity(.connectionCreationRate):
            "\(QuotaKey.connectionCreationRate.rawValue) is a quota of an ip, not of users and client-ids"
        case .keyNotOfEntity(let key): "\(key.rawValue) is a quota of users and client-ids, not of an ip"
        case .invalidLimit(let key):
            switch key {
            case .producerByteRate, .consumerByteRate, .connectionCreationRate:
                "\(key.rawValue) must be a whole number above 0"
            case .requestPercentage, .controllerMutationRate: "\(key.rawValue) must be a number above 0"
            }
        case .duplicateKey(let key): "\(key.rawValue) is changed more than once"
        case .tooManyEntities(let countMax):
            "there are \(countMax) entities with quotas, the most there can be: use defaults, or remove some"
        case .levelTooLow(let level, let needed):
            "the cluster has \(Features.metadata.name) level \(level), quotas need \(needed): run "
                + "'myelin cluster upgrade --finalize' when every node runs the new version"
        }
    }
}
