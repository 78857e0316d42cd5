// SPDX-License-Identifier: Apache-2.0

public import Primitives

/// Which client quotas somebody asks for (KIP-546).
public struct QuotaFilter: Hashable, Sendable {
    /// What one part of an entity must be.
    public enum Condition: Hashable, Sendable {
        case equals(QuotaEntity.Part)
        /// A name or the default, but there.
        case present

        fileprivate func holds(for part: QuotaEntity.Part?) -> Bool {
            switch self {
            case .equals(let wanted): part == wanted
            case .present: part != nil
            }
        }
    }

    /// nil: the part may be anything, or, when the filter is strict, must be absent.
    public var user: Condition?
    public var clientID: Condition?
    public var address: Condition?
    /// Entities with parts that the filter does not name are left out.
    public var isStrict: Bool

    /// Without a condition and not strict it matches everything.
    public init(
        user: Condition? = nil, clientID: Condition? = nil, address: Condition? = nil, isStrict: Bool = false
    ) {
        self.user = user
        self.clientID = clientID
        self.address = address
        self.isStrict = isStrict
    }

    public func matches(_ entity: QuotaEntity) -> Bool {
        zip([user, clientID, address], [entity.user, entity.clientID, entity.address]).allSatisfy { condition, part in
            condition?.holds(for: part) ?? (!isStrict || part == nil)
        }
    }
}
