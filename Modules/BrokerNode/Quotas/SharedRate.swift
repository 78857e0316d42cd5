// SPDX-License-Identifier: Apache-2.0

internal import Governance
internal import Primitives
internal import Synchronization

/// What the clients that share one quota have used, on all shards of the broker together.
///
/// One word of memory, moved on by compare and exchange: the only thing that shards share on the data path, and only
/// for clients that have a quota.
final class SharedRate: Sendable {
    let limit: RateLimit
    private let paidUntilNanoseconds: Atomic<Int64>

    init(_ limit: RateLimit, paidUntil: Instant) {
        self.limit = limit
        paidUntilNanoseconds = Atomic(paidUntil.nanoseconds)
    }

    var paidUntil: Instant { Instant(nanoseconds: paidUntilNanoseconds.load(ordering: .relaxed)) }

    /// Charges `amount` and says how long whoever used it has to wait.
    @discardableResult
    func use(_ amount: Double, at now: Instant) -> Int64 {
        var known = paidUntil
        while true {
            let next = limit.paidUntil(known, using: amount, at: now)
            let (exchanged, original) = paidUntilNanoseconds.compareExchange(
                expected: known.nanoseconds, desired: next.nanoseconds, ordering: .relaxed)
            if exchanged { return limit.waitNanoseconds(of: next, at: now) }
            known = Instant(nanoseconds: original)
        }
    }

    func waitNanoseconds(at now: Instant) -> Int64 { limit.waitNanoseconds(of: paidUntil, at: now) }
}

/// The quotas that apply to one client; nil: none of that kind.
final class ClientRates: Sendable {
    let produce: SharedRate?
    let fetch: SharedRate?
    /// In nanoseconds of processor time.
    let request: SharedRate?
    /// In partitions created and deleted.
    let mutation: SharedRate?

    init(produce: SharedRate?, fetch: SharedRate?, request: SharedRate?, mutation: SharedRate?) {
        self.produce = produce
        self.fetch = fetch
        self.request = request
        self.mutation = mutation
    }

    /// How long the client has to wait for what it has used so far.
    func waitNanoseconds(at now: Instant) -> Int64 {
        [produce, fetch, request, mutation].reduce(0) { max($0, $1?.waitNanoseconds(at: now) ?? 0) }
    }
}
