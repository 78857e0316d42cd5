// SPDX-License-Identifier: Apache-2.0

public import Primitives

/// How fast throttled replicas may copy: `leader.replication.throttled.rate` and its follower twin (KIP-73).
///
/// A bucket that holds one second's bytes. One send may overdraw it, because a batch is not divisible; the debt is waited
/// off before the next.
public struct ReplicationQuota: Sendable {
    /// Nil sets no bound.
    public private(set) var bytesPerSecond: Int64?
    private var balance: Int64
    private var refilledAt: Instant

    public init(bytesPerSecond: Int64?, at now: Instant) {
        precondition(bytesPerSecond ?? 1 > 0, "a rate of \(bytesPerSecond ?? 0) bytes per second")
        self.bytesPerSecond = bytesPerSecond
        balance = bytesPerSecond ?? 0
        refilledAt = now
    }

    /// Changes the rate; what was saved up is kept as far as the new bucket holds it.
    public mutating func change(bytesPerSecond rate: Int64?, at now: Instant) {
        refill(at: now)
        balance = bytesPerSecond == nil ? rate ?? 0 : min(balance, rate ?? 0)
        bytesPerSecond = rate
    }

    /// Bytes that may be sent now; 0 while a debt is waited off.
    public mutating func allowance(at now: Instant) -> Int {
        guard bytesPerSecond != nil else { return .max }
        refill(at: now)
        return Int(max(0, balance))
    }

    /// Takes note that bytes were sent.
    public mutating func spend(_ byteCount: Int, at now: Instant) {
        guard bytesPerSecond != nil else { return }
        refill(at: now)
        balance -= Int64(byteCount)
    }

    /// When bytes may be sent again; now or earlier when they may at once.
    public var nextAllowance: Instant {
        guard let rate = bytesPerSecond, balance <= 0 else { return refilledAt }
        let nanoseconds = (Int128(1 - balance) * 1_000_000_000 + Int128(rate) - 1) / Int128(rate)
        return Instant(nanoseconds: Int64(clamping: Int128(refilledAt.nanoseconds) + nanoseconds))
    }

    private mutating func refill(at now: Instant) {
        guard let rate = bytesPerSecond, now > refilledAt else { return }
        let elapsed = Int128(now.nanoseconds) - Int128(refilledAt.nanoseconds)
        let earned = elapsed * Int128(rate) / 1_000_000_000
        guard earned > 0 else { return }
        balance = Int64(min(Int128(rate), Int128(balance) + earned))
        // Only the time that was paid for, so that frequent questions lose no fraction of a byte.
        let paid = min(elapsed, (earned * 1_000_000_000 + Int128(rate) - 1) / Int128(rate))
        refilledAt = Instant(nanoseconds: refilledAt.nanoseconds + Int64(paid))
    }
}
