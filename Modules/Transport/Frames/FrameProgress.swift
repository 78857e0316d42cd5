// SPDX-License-Identifier: Apache-2.0

package import Primitives

/// Whether a peer sends what it has begun, and how much of it lies in memory.
package struct FrameProgress {
    private let openedAt: Instant
    /// When the begun frame began, or reading went on after it was held up from here.
    private var beganAt: Instant
    private var arrivedByteCount = 0
    private var isFirst = true

    package init(openedAt now: Instant) {
        openedAt = now
        beganAt = now
    }

    /// Bytes of the begun frame that are here.
    package var heldByteCount: Int { arrivedByteCount }

    /// A read ended, with `byteCount` bytes of a frame that is not complete; 0: none has begun.
    ///
    /// - Parameter completedSome: Whether the read completed frames, so that a begun one is new.
    package mutating func noteRead(begunByteCount byteCount: Int, completedSome: Bool, at now: Instant) {
        if completedSome { isFirst = false }
        if completedSome || arrivedByteCount == 0 { beganAt = now }
        arrivedByteCount = byteCount
    }

    /// True when the first frame, or the one that has begun, is overdue or comes too slowly.
    package func isTooSlow(at now: Instant, _ limits: ConnectionLimits) -> Bool {
        if isFirst, now.milliseconds(since: openedAt) >= limits.firstFrameMilliseconds { return true }
        guard arrivedByteCount > 0 else { return false }
        let age = now.milliseconds(since: beganAt)
        if age >= limits.frameMilliseconds { return true }
        return age >= limits.frameGraceMilliseconds
            && Int64(arrivedByteCount) < Int64(limits.frameRateMin) * age / 1_000
    }

    /// Reading was held up from here, so the peer begins anew to be slow.
    package mutating func restart(at now: Instant) { beganAt = now }
}
