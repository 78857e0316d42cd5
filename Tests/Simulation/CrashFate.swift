// SPDX-License-Identifier: Apache-2.0

import Primitives

/// Decides what of the changes that nobody synchronized is there after a crash.
enum CrashFate {
    enum Sector {
        case kept, lost
        /// The first bytes are new, the rest old.
        case torn(Int)
    }

    /// By chance, each sector for itself. `keptOf8` is drawn per file, so that all, nothing and mixtures are all met.
    case seeded(Entropy, keptOf8: Int)
    /// Exactly what these operations wrote.
    case keeping(Set<Int>)

    static func seeded(_ entropy: Entropy) -> CrashFate { .seeded(entropy, keptOf8: 4) }

    mutating func beginFile() {
        guard case .seeded(var entropy, _) = self else { return }
        let kept = entropy.index(below: 9)
        self = .seeded(entropy, keptOf8: kept)
    }

    mutating func ofSector(writtenBy ordinal: Int) -> Sector {
        switch self {
        case .keeping(let ordinals): return ordinals.contains(ordinal) ? .kept : .lost
        case .seeded(var entropy, let keptOf8):
            defer { self = .seeded(entropy, keptOf8: keptOf8) }
            if keptOf8 > 0 && entropy.chance(1, in: 16) { return .torn(1 + entropy.index(below: 511)) }
            return entropy.chance(keptOf8, in: 8) ? .kept : .lost
        }
    }

    /// How many of ordered changes survive, from the first on.
    mutating func keptPrefix(of ordinals: [Int]) -> Int {
        switch self {
        case .keeping(let kept): return ordinals.prefix { kept.contains($0) }.count
        case .seeded(var entropy, let keptOf8):
            defer { self = .seeded(entropy, keptOf8: keptOf8) }
            return entropy.index(below: ordinals.count + 1)
        }
    }
}

/// How often each fault was reached: a test that wants one checks that it got it.
public struct FaultCounts: Equatable, Sendable {
    /// Operations that failed because a plan said so.
    public var plannedFailures = 0
    /// Of those, synchronizes: the cache shows what the platter lacks until the power is cut.
    public var failedSynchronizes = 0
    /// Operations refused for want of room.
    public var fullRefusals = 0
    public var powerCuts = 0
    public var keptSectors = 0
    public var lostSectors = 0
    public var tornSectors = 0
    /// Changes of a file's length that a crash undid.
    public var lostResizes = 0
    /// Names made, renamed or removed that a crash undid.
    public var lostNameChanges = 0
    public var damagedBytes = 0
    public var misdirectedWrites = 0
    /// Submitted operations that a crash swallowed.
    public var lostSubmissions = 0

    public init() {}
}
