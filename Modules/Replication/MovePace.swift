// SPDX-License-Identifier: Apache-2.0

/// How fast a broker copies for moves: as fast as nobody who waits for this broker feels it.
///
/// The driver tells what happened window by window, and copies in the next one no faster than `bytesPerSecond`. Waits are
/// compared with what is usual here while nothing is copied; at the least rate, which is held whatever it costs, they are
/// what is usual.
/// - SeeAlso: docs/decisions/0023-moves-give-way.md
public struct MovePace: Sendable {
    /// One second, more or less: the rate changes once in it.
    public struct Window: Sendable {
        /// Of producers for this broker's answers.
        public var producers: Waits
        /// Of leaders for this broker, as a follower that is in sync.
        public var leaders: Waits
        /// For moves, sent and received.
        public var copiedByteCount: Int64
        /// Whether there was more to copy than the rate allowed.
        public var isHeldBack: Bool

        public init(
            producers: Waits = Waits(), leaders: Waits = Waits(), copiedByteCount: Int64 = 0, isHeldBack: Bool = false
        ) {
            (self.producers, self.leaders) = (producers, leaders)
            (self.copiedByteCount, self.isHeldBack) = (copiedByteCount, isHeldBack)
        }

        /// A large batch can take more than a window to be paid for.
        public var isCopying: Bool { copiedByteCount > 0 || isHeldBack }

        /// The same time, of two shards.
        public static func + (left: Window, right: Window) -> Window {
            Window(
                producers: left.producers + right.producers, leaders: left.leaders + right.leaders,
                copiedByteCount: left.copiedByteCount + right.copiedByteCount,
                isHeldBack: left.isHeldBack || right.isHeldBack)
        }
    }

    /// Fewer say too little: they are counted to those of the next window.
    static let sampleCountMin: Int64 = 16
    /// Windows with fewer samples after which nobody is there to be disturbed.
    static let quietCountMax = 3
    /// Windows at the least rate after which what is felt is not the copying's doing.
    static let flooredCountMax = 3

    /// Between the least and the greatest rate.
    public private(set) var bytesPerSecond: Int64
    /// How often the rate was lowered because somebody waited longer than usual.
    public private(set) var slowdownCount: UInt64 = 0
    private var least: Int64
    private var greatest: Int64
    private var producers = UsualWait()
    private var leaders = UsualWait()
    /// The rate doubles until somebody feels it.
    private var isStarting = true
    /// What was felt in the window after a slowdown began before it.
    private var isSettling = false
    private var quietCount = 0
    private var flooredCount = 0

    /// - Precondition: `least` is positive.
    public init(least: Int64, greatest: Int64) {
        precondition(least > 0 && greatest > 0, "copying at \(least) to \(greatest) bytes a second")
        self.least = min(least, greatest)
        self.greatest = greatest
        bytesPerSecond = self.least
    }

    /// Changes the bounds; where they contradict each other the greatest rate counts.
    public mutating func change(least: Int64, greatest: Int64) {
        precondition(least > 0 && greatest > 0, "copying at \(least) to \(greatest) bytes a second")
        self.least = min(least, greatest)
        self.greatest = greatest
        bytesPerSecond = min(max(bytesPerSecond, self.least), greatest)
    }

    /// Takes a window that has ended, and sets the rate of the next.
    public mutating func ended(_ window: Window) {
        let feeling = max(producers.judge(window.producers), leaders.judge(window.leaders))
        guard window.isCopying else { return rest() }
        guard !isSettling else { return isSettling = false }
        quietCount = feeling == .nothing ? quietCount + 1 : 0
        switch feeling {
        case .nothing:
            if quietCount >= Self.quietCountMax, window.isHeldBack { raise(to: 2 * bytesPerSecond) }
        case .usual:
            learn(isLonger: bytesPerSecond == least)
            guard window.isHeldBack else { return }
            raise(to: isStarting ? 2 * bytesPerSecond : bytesPerSecond + max(1, greatest / 64))
        case .longer: lower(to: bytesPerSecond / 2)
        case .muchLonger: lower(to: least)
        }
    }

    /// Nothing is copied: what is felt now is usual, and the next move begins slowly.
    private mutating func rest() {
        learn(isLonger: true)
        bytesPerSecond = least
        (isStarting, isSettling) = (true, false)
        (quietCount, flooredCount) = (0, 0)
    }

    private mutating func raise(to rate: Int64) {
        bytesPerSecond = min(rate, greatest)
        flooredCount = 0
    }

    private mutating func lower(to rate: Int64) {
        isStarting = false
        guard bytesPerSecond > least else {
            flooredCount += 1
            if flooredCount > Self.flooredCountMax { learn(isLonger: true) }
            return
        }
        bytesPerSecond = max(rate, least)
        slowdownCount += 1
        isSettling = true
        flooredCount = 0
    }

    private mutating func learn(isLonger: Bool) {
        producers.learn(isLonger: isLonger)
        leaders.learn(isLonger: isLonger)
    }
}

/// What a wait says beside what is usual.
private enum Feeling: Int, Comparable {
    /// Too few waited.
    case nothing
    case usual
    case longer
    case muchLonger

    static func < (left: Feeling, right: Feeling) -> Bool { left.rawValue < right.rawValue }
}

/// The mean wait of those who wait for one thing, smoothed over about eight windows.
private struct UsualWait: Sendable {
    private var nanoseconds: Int64?
    /// Too few to say anything yet.
    private var gathered = Waits()
    private var latest: Int64?

    /// By an eighth longer than usual is longer; the double is much longer.
    mutating func judge(_ waits: Waits) -> Feeling {
        gathered = gathered + waits
        latest = nil
        guard gathered.count >= MovePace.sampleCountMin, let mean = gathered.mean else { return .nothing }
        gathered = Waits()
        latest = mean
        guard let usual = nanoseconds else { return .usual }
        if mean > 2 * usual { return .muchLonger }
        return mean > usual + usual / 8 ? .longer : .usual
    }

    /// Takes the last window for usual: its mean counts an eighth, and no more than twice the usual.
    mutating func learn(isLonger: Bool) {
        guard let latest else { return }
        guard let usual = nanoseconds else { return nanoseconds = latest }
        guard isLonger || latest < usual else { return }
        nanoseconds = usual + (min(latest, 2 * usual + 8) - usual) / 8
    }
}
