// SPDX-License-Identifier: Apache-2.0

/// What the world does to a cluster. Each run draws which of them it uses, so that one does not hide another.
package enum Fault: String, CaseIterable, Sendable {
    /// The process ends; the page cache stays.
    case kill
    /// The machine loses its power, between two events or in the middle of one; what no synchronize covered may be
    /// gone.
    case powerCut
    case pause
    /// Two groups of nodes do not hear each other.
    case partition
    /// One group does not hear the other.
    case oneWayPartition
    /// Two groups hear only one node that hears both.
    case bridgePartition
    /// One path delivers nothing for a while and then all of it.
    case clog
    case loss
    case duplication
    /// A message that was delivered long ago comes again.
    case replay
    case connectionReset
    /// One end of a connection learns that it is gone and the other does not.
    case halfOpen
    case wallClockJump
    case clockDrift
    case slowDisk
    case synchronizeError
    case inputOutputError
    case fullDisk
    /// Bits of a closed segment on the platter change; the cache forgets what was there.
    case bitRot
    /// A write of something else lands on a sector of a closed segment.
    case misdirectedWrite
    /// A log that nobody runs loses its end.
    case shortenedFile
    case membershipChange
    case leadershipTransfer
    case reassignment
    /// The code itself does what is allowed and rare: see `World.buggify`.
    case buggify
}

/// How often each fault was reached, and what it did. A run that reaches too little proves nothing and fails.
package struct FaultTally: Sendable, Equatable {
    private var reached = [Int](repeating: 0, count: Fault.allCases.count)
    /// Unsynchronized sectors that a power cut took, and those of which it left a part.
    package var lostSectors = 0
    package var tornSectors = 0
    /// Names made, renamed or removed that a power cut undid.
    package var lostNameChanges = 0
    /// Segments that compaction has put in the place of others.
    package var compactedSegments = 0
    /// How many a virtual hour of all scenes must have.
    package static let compactedSegmentsPerHour = 20.0

    package init() {}

    package subscript(fault: Fault) -> Int {
        get { reached[Fault.place(of: fault)] }
        set { reached[Fault.place(of: fault)] = newValue }
    }

    package static func += (left: inout FaultTally, right: FaultTally) {
        for place in left.reached.indices { left.reached[place] += right.reached[place] }
        left.lostSectors += right.lostSectors
        left.tornSectors += right.tornSectors
        left.lostNameChanges += right.lostNameChanges
        left.compactedSegments += right.compactedSegments
    }
}

extension Fault {
    private static let places = Dictionary(uniqueKeysWithValues: zip(allCases, allCases.indices))

    fileprivate static func place(of fault: Fault) -> Int { places[fault, default: 0] }
}

extension Fault {
    /// How often a virtual hour must reach it, over a batch of runs: a third of what batches reach, or less.
    package var floorPerHour: Int {
        switch self {
        case .loss, .duplication, .buggify: 100
        case .halfOpen, .fullDisk, .synchronizeError, .inputOutputError, .bitRot, .misdirectedWrite, .reassignment: 5
        case .shortenedFile: 1
        default: 20
        }
    }
}
