// SPDX-License-Identifier: Apache-2.0

public import Primitives

/// A rate with a burst, and how long somebody who exceeded it has to wait.
///
/// The whole memory is one instant, `paidUntil`: each use moves it on by the time that the use takes at the rate, and it
/// never lags behind the present by more than the burst (the generic cell rate algorithm of ITU-T I.371). Who has it in
/// the future waits for it. A burst of W seconds gives Kafka's throttle time, (observed − limit) / limit × W, without
/// the samples: after a total of N the wait is N / limit − W in both.
/// - SeeAlso: docs/decisions/0021-limits.md
public struct RateLimit: Hashable, Sendable {
    public let perSecond: Double
    /// How much unused time counts: what `perSecond` allows in it may be used at once.
    public let burstNanoseconds: Int64
    /// Longest single wait; what is owed beyond it stays owed.
    public let waitNanosecondsMax: Int64

    /// - Precondition: the rate is above 0, the burst and the wait are not negative.
    public init(perSecond: Double, burstNanoseconds: Int64, waitNanosecondsMax: Int64 = .max) {
        precondition(perSecond > 0, "a rate of \(perSecond)")
        precondition(burstNanoseconds >= 0, "a burst of \(burstNanoseconds) ns")
        precondition(waitNanosecondsMax >= 0, "a wait of \(waitNanosecondsMax) ns")
        self.perSecond = perSecond
        self.burstNanoseconds = burstNanoseconds
        self.waitNanosecondsMax = waitNanosecondsMax
    }

    /// What can be used at once after a pause.
    public var burst: Double { perSecond * Double(burstNanoseconds) / 1_000_000_000 }

    /// `paidUntil` of who has used nothing lately.
    public func unused(at now: Instant) -> Instant {
        Instant(nanoseconds: now.nanoseconds.minus(burstNanoseconds))
    }

    /// `paidUntil` after a use of `amount`, which is not negative.
    public func paidUntil(_ paidUntil: Instant, using amount: Double, at now: Instant) -> Instant {
        precondition(amount >= 0, "a use of \(amount)")
        let cost = Int64(exactly: (amount / perSecond * 1_000_000_000).rounded(.up)) ?? .max
        let start = max(paidUntil, unused(at: now)).nanoseconds
        return Instant(nanoseconds: start.minus(-cost))
    }

    /// How long who has `paidUntil` is to wait, at most `waitNanosecondsMax`; 0 when within the limit.
    public func waitNanoseconds(of paidUntil: Instant, at now: Instant) -> Int64 {
        min(debtNanoseconds(of: paidUntil, at: now), waitNanosecondsMax)
    }

    /// The same debt under another limit: what was used and not paid for yet is paid for at the new rate.
    public func paidUntil(_ paidUntil: Instant, under old: RateLimit, at now: Instant) -> Instant {
        let owed = Double(old.debtNanoseconds(of: paidUntil, at: now)) / 1_000_000_000 * old.perSecond
        guard owed > 0 else { return max(paidUntil, unused(at: now)) }
        return self.paidUntil(now, using: owed, at: now)
    }
}

extension RateLimit {
    fileprivate func debtNanoseconds(of paidUntil: Instant, at now: Instant) -> Int64 {
        paidUntil > now ? paidUntil.nanoseconds.minus(now.nanoseconds) : 0
    }
}

extension Int64 {
    /// The difference, or the nearest number there is.
    fileprivate func minus(_ other: Int64) -> Int64 {
        let (difference, overflow) = subtractingReportingOverflow(other)
        return overflow ? (other < 0 ? .max : .min) : difference
    }
}
