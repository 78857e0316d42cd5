// SPDX-License-Identifier: Apache-2.0

public import Primitives

/// How fast throttled replicas may copy: `leader.replication.throttled.rate` and its follower twin (KIP-73).
///
/// A bucket that holds the bytes of some time. One send may overdraw it, because a batch is not divisible; the debt is
/// waited off before the next.
public struct ReplicationQuota: Sendable {
    /// Nil sets no bound.
    public private(set) var bytesPerSecond: Int64?
    private let bucketMilliseconds: Int64
    private let grainMax: Int64
    private var balance: Int64
    private var refilledAt: Instant

    /// - Parameters:
    ///   - bucketMilliseconds: Of what time the bytes may be saved up.
    ///   - grain: Fewer bytes are not allowed, as each send costs the receiver a synchronize; at most those of a second.
    public init(bytesPerSecond: Int64?, bucketMilliseconds: Int64 = 1000, grain: Int = 1, at now: Instant) {
        precondition(bytesPerSecond ?? 1 > 0, "a rate of \(bytesPerSecond ?? 0) bytes per second")
        precondition(bucketMilliseconds > 0 && grain > 0, "\(bucketMilliseconds) ms of bytes, \(grain) at least")
        self.bytesPerSecond = bytesPerSecond
        self.bucketMilliseconds = bucketMilliseconds
        grainMax = Int64(grain)
        balance = 0
        refilledAt = now
        balance = bytesPerSecond.map(capacity) ?? 0
    }

    /// Changes the rate; what was saved up is kept as far as the new bucket holds it.
    public mutating func change(bytesPerSecond rate: Int64?, at now: Instant) {
        refill(at: now)
        let held = rate.map(capacity) ?? 0
        balance = bytesPerSecond == nil ? held : min(balance, held)
        bytesPerSecond = rate
    }

    /// Bytes that may be sent now; 0 while a debt is waited off.
    public mutating func allowance(at now: Instant) -> Int {
        guard let rate = bytesPerSecond else { return .max }
        refill(at: now)
        return balance >= grain(rate) ? Int(balance) : 0
    }

    /// Takes note that bytes were sent.
    public mutating func spend(_ byteCount: Int, at now: Instant) {
        guard bytesPerSecond != nil else { return }
        refill(at: now)
        balance -= Int64(byteCount)
    }

    /// Gives bytes that come on top of the rate. What cannot be saved up, 4 MiB beside the bucket, is lost.
    public mutating func grant(_ byteCount: Int64, at now: Instant) {
        guard let rate = bytesPerSecond, byteCount > 0 else { return }
        refill(at: now)
        let held = Int128(capacity(rate)) + (4 << 20)
        balance = max(balance, Int64(clamping: min(Int128(balance) + Int128(byteCount), held)))
    }

    /// When bytes may be sent again; now or earlier when they may at once.
    public var nextAllowance: Instant {
        guard let rate = bytesPerSecond, balance < grain(rate) else { return refilledAt }
        let missing = Int128(grain(rate)) - Int128(balance)
        let nanoseconds = (missing * 1_000_000_000 + Int128(rate) - 1) / Int128(rate)
        return Instant(nanoseconds: Int64(clamping: Int128(refilledAt.nanoseconds) + nanoseconds))
    }

    private func grain(_ rate: Int64) -> Int64 { min(grainMax, rate) }

    private func capacity(_ rate: Int64) -> Int64 {
        max(grain(rate), Int64(clamping: Int128(rate) * Int128(bucketMilliseconds) / 1000))
    }

    private mutating func refill(at now: Instant) {
        guard let rate = bytesPerSecond, now > refilledAt else { return }
        let elapsed = Int128(now.nanoseconds) - Int128(refilledAt.nanoseconds)
        let earned = elapsed * Int128(rate) / 1_000_000_000
        guard earned > 0 else { return }
        balance = max(balance, Int64(min(Int128(capacity(rate)), Int128(balance) + earned)))
        // Only the time that was paid for, so that frequent questions lose no fraction of a byte.
        let paid = min(elapsed, (earned * 1_000_000_000 + Int128(rate) - 1) / Int128(rate))
        refilledAt = Instant(nanoseconds: refilledAt.nanoseconds + Int64(paid))
    }
}
