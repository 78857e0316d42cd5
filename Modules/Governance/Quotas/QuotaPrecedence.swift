// SPDX-License-Identifier: Apache-2.0

public import Primitives

/// A quota that applies to a client, and with whom the client shares it.
public struct QuotaMatch: Hashable, Sendable {
    /// What the quota is set on.
    public let entity: QuotaEntity
    /// Who draws on it together: the entity with the client's own names in place of defaults.
    public let sharers: QuotaEntity
    public let limit: Double
}

/// Which of the quotas that could apply to a client does (KIP-55). Each kind of quota is looked up for itself.
public enum QuotaPrecedence {
    /// What the quota of a user's client can be set on, the most specific first.
    public static func entities(user: String, clientID: String) -> [QuotaEntity] {
        [.named(user), .byDefault].flatMap { user in
            [.named(clientID), .byDefault, nil].map { QuotaEntity(user: user, clientID: $0) }
        } + [QuotaEntity(clientID: .named(clientID)), QuotaEntity(clientID: .byDefault)]
    }

    /// The quota that applies to a user's client; nil: none does.
    ///
    /// - Parameter limit: What is set on an entity itself.
    public static func match(
        user: String, clientID: String, limit: (QuotaEntity) -> Double?
    ) -> QuotaMatch? {
        for entity in entities(user: user, clientID: clientID) {
            guard let limit = limit(entity) else { continue }
            let sharers = QuotaEntity(
                user: entity.user.map { _ in .named(user) }, clientID: entity.clientID.map { _ in .named(clientID) })
            return QuotaMatch(entity: entity, sharers: sharers, limit: limit)
        }
        return nil
    }
}
