// SPDX-License-Identifier: Apache-2.0

import Governance
import Primitives
import Testing

@Suite("which quota applies")
struct QuotaPrecedenceTests {
    /// Kafka's order, most specific first, for user `ann` and client id `etl`.
    private let order = [
        QuotaEntity(user: .named("ann"), clientID: .named("etl")),
        QuotaEntity(user: .named("ann"), clientID: .byDefault),
        QuotaEntity(user: .named("ann")),
        QuotaEntity(user: .byDefault, clientID: .named("etl")),
        QuotaEntity(user: .byDefault, clientID: .byDefault),
        QuotaEntity(user: .byDefault),
        QuotaEntity(clientID: .named("etl")),
        QuotaEntity(clientID: .byDefault),
    ]

    private func match(_ limits: [QuotaEntity: Double], user: String = "ann", clientID: String = "etl") -> QuotaMatch? {
        QuotaPrecedence.match(user: user, clientID: clientID) { limits[$0] }
    }

    @Test("of all quotas that could apply, the most specific does")
    func precedence() {
        for place in order.indices {
            let limits = Dictionary(uniqueKeysWithValues: order[place...].enumerated().map { ($1, Double($0 + 1)) })
            #expect(match(limits)?.entity == order[place])
            #expect(match(limits)?.limit == 1)
        }
    }

    @Test("without a quota nothing applies, and quotas of others do not")
    func none() {
        #expect(match([:]) == nil)
        #expect(match([QuotaEntity(user: .named("bob")): 1, QuotaEntity(clientID: .named("web")): 1]) == nil)
    }

    @Test("all clients of a user share the user's quota, whether it is named or the default")
    func sharedByUser() {
        for entity in [QuotaEntity(user: .named("ann")), QuotaEntity(user: .byDefault)] {
            #expect(match([entity: 5], clientID: "etl")?.sharers == QuotaEntity(user: .named("ann")))
            #expect(match([entity: 5], clientID: "web")?.sharers == QuotaEntity(user: .named("ann")))
        }
    }

    @Test("a default gives each client its own share of nothing but itself")
    func defaultsAreNotShared() {
        let limits = [QuotaEntity(clientID: .byDefault): 5.0]
        #expect(match(limits, clientID: "etl")?.sharers == QuotaEntity(clientID: .named("etl")))
        #expect(match(limits, clientID: "web")?.sharers == QuotaEntity(clientID: .named("web")))
    }

    @Test("a client of one user does not draw on the same client id of another")
    func usersApart() {
        let limits = [QuotaEntity(user: .byDefault, clientID: .named("etl")): 5.0]
        #expect(match(limits, user: "ann")?.sharers != match(limits, user: "bob")?.sharers)
    }
}
