// SPDX-License-Identifier: Apache-2.0

public import WireProtocol

extension AdminClient {
    /// All client quotas that are set, by user, then client id, then address.
    public func quotas() async throws(RPCError) -> [Admin.QuotaInfo] {
        try await call(Admin.quotaList, Admin.QuotaListRequest()).quotas
    }

    /// Changes quotas of one entity: all that is asked, or nothing.
    ///
    /// - Parameter changes: A limit of nil takes the quota away, which is no error where there is none.
    public func alterQuotas(
        of entity: [Admin.QuotaEntityPart], _ changes: [Admin.QuotaLimit], validateOnly: Bool = false
    ) async throws(RPCError) {
        _ = try await call(
            Admin.quotaAlter,
            .with { ($0.entity, $0.changes, $0.validateOnly) = (entity, changes, validateOnly) })
    }
}
