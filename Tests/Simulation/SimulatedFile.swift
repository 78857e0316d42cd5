// SPDX-License-Identifier: Apache-2.0

import Primitives

/// One file: what the page cache shows, what the platter holds, and what has not yet gone from one to the other.
struct SimulatedFile {
    /// A change that no synchronize has covered, with the number of the operation that made it.
    struct Pending {
        enum Change {
            /// `shift` sectors off its place when it reaches the platter: 0 on an honest device.
            case write([UInt8], position: Int64, shift: Int64)
            case resize(Int64)
        }

        let ordinal: Int
        let change: Change
        /// The file's length afterwards, where the change altered it.
        let length: Int64?
    }

    private(set) var cached = SparseBytes()
    private(set) var size: Int64 = 0
    /// The page cache as it was before `pending`.
    private var settled = SparseBytes()
    private(set) var platter = SparseBytes()
    private(set) var platterSize: Int64 = 0
    private(set) var pending: [Pending] = []
    private var residentPages: Set<Int64> = []
    private var reservedThrough: Int64 = 0
    /// Blocks beyond `reservedThrough` that writes have taken.
    private var writtenBlocks: Set<Int64> = []

    var openCount = 0
    var isLinked = true

    // MARK: Space

    var usedByteCount: Int64 { reservedThrough + Int64(writtenBlocks.count) * SparseBytes.pageByteCount }

    /// How many more bytes of the device a write would take.
    func neededByteCount(at position: Int64, count: Int) -> Int64 {
        let missing = units(of: SparseBytes.pageByteCount, at: position, count: count).count { isMissing($0) }
        return Int64(missing) * SparseBytes.pageByteCount
    }

    /// How many more bytes of the device reserving up to `size` would take.
    func neededByteCount(reserving size: Int64) -> Int64 {
        let target = Self.roundedUp(size)
        let within = writtenBlocks.count { ($0 + 1) * SparseBytes.pageByteCount <= target }
        return max(0, target - reservedThrough - Int64(within) * SparseBytes.pageByteCount)
    }

    private func isMissing(_ block: Int64) -> Bool {
        block * SparseBytes.pageByteCount >= reservedThrough && !writtenBlocks.contains(block)
    }

    private static func roundedUp(_ size: Int64) -> Int64 {
        (size + SparseBytes.pageByteCount - 1) / SparseBytes.pageByteCount * SparseBytes.pageByteCount
    }

    // MARK: What the running system does

    mutating func write(_ bytes: [UInt8], at position: Int64, shift: Int64, ordinal: Int) {
        guard !bytes.isEmpty else { return }
        let end = position + Int64(bytes.count)
        let length = end > size ? end : nil
        cached.write(bytes, at: position)
        size = max(size, end)
        for page in units(of: SparseBytes.pageByteCount, at: position, count: bytes.count) {
            residentPages.insert(page)
            if isMissing(page) { writtenBlocks.insert(page) }
        }
        let change = Pending.Change.write(bytes, position: position, shift: shift)
        pending.append(Pending(ordinal: ordinal, change: change, length: length))
    }

    mutating func reserve(_ target: Int64, ordinal: Int) {
        reservedThrough = max(reservedThrough, Self.roundedUp(target))
        writtenBlocks = writtenBlocks.filter { $0 * SparseBytes.pageByteCount >= reservedThrough }
        guard target > size else { return }
        size = target
        pending.append(Pending(ordinal: ordinal, change: .resize(target), length: target))
    }

    mutating func truncate(to target: Int64, ordinal: Int) {
        cached.clear(from: target)
        size = target
        giveBack(beyond: target)
        pending.append(Pending(ordinal: ordinal, change: .resize(target), length: target))
    }

    private mutating func giveBack(beyond target: Int64) {
        reservedThrough = min(reservedThrough, Self.roundedUp(target))
        writtenBlocks = writtenBlocks.filter { $0 * SparseBytes.pageByteCount < target }
        residentPages = residentPages.filter { $0 * SparseBytes.pageByteCount < target }
    }

    mutating func read(at position: Int64, count: Int) -> [UInt8] {
        let length = Int(max(0, min(Int64(count), size - position)))
        residentPages.formUnion(units(of: SparseBytes.pageByteCount, at: position, count: length))
        return cached.read(at: position, count: length)
    }

    /// How many of the bytes up to the end of the file can be read without the device; nil when the first cannot.
    func cachedCount(at position: Int64, count: Int) -> Int? {
        let length = Int(max(0, min(Int64(count), size - position)))
        let pages = units(of: SparseBytes.pageByteCount, at: position, count: length)
        guard let absent = pages.first(where: { !residentPages.contains($0) }) else { return length }
        return absent == pages.lowerBound ? nil : Int(absent * SparseBytes.pageByteCount - position)
    }

    // MARK: Between cache and platter

    /// Moves what operations up to `ordinal` changed to the platter; where `fails`, forgets it as the kernel does.
    mutating func synchronize(through ordinal: Int, fails: Bool) {
        let covered = pending.prefix { $0.ordinal <= ordinal }
        for one in covered {
            applyToSettled(one.change)
            switch one.change {
            case .write(let bytes, let position, let shift) where !fails:
                for sector in units(of: SparseBytes.sectorByteCount, at: position, count: bytes.count) {
                    platter.copySector(sector, from: settled, to: sector + shift)
                }
                platterSize = max(platterSize, position + Int64(bytes.count))
            case .write: break
            case .resize(let target): resizePlatter(to: target)
            }
        }
        pending.removeFirst(covered.count)
    }

    private mutating func applyToSettled(_ change: Pending.Change) {
        switch change {
        case .write(let bytes, let position, _): settled.write(bytes, at: position)
        case .resize(let target): settled.clear(from: target)
        }
    }

    private mutating func resizePlatter(to target: Int64) {
        platter.clear(from: target)
        platterSize = target
    }

    /// Forgets clean pages: the next read brings what the platter holds.
    mutating func evict() {
        settled = platter
        cached = platter
        residentPages = []
        for one in pending {
            switch one.change {
            case .write(let bytes, let position, _):
                cached.write(bytes, at: position)
                residentPages.formUnion(units(of: SparseBytes.pageByteCount, at: position, count: bytes.count))
            case .resize(let target): cached.clear(from: target)
            }
        }
    }

    /// Changes bits of a byte on the platter; a page in the cache hides it until evicted.
    mutating func damage(at position: Int64, mask: UInt8) {
        let byte = platter.read(at: position, count: 1)[0]
        platter.write([byte ^ mask], at: position)
    }

    // MARK: Losing power

    /// Leaves what a crash left: of each sector any version that the cache went through, of the length any since the
    /// last synchronize.
    mutating func crash(_ fate: inout CrashFate, counting counts: inout FaultCounts) {
        fate.beginFile()
        // The journal commits lengths in their order, so a prefix of the changes survives.
        let lengths = pending.filter { $0.length != nil }
        let keptCount = fate.keptPrefix(of: lengths.map(\.ordinal))
        counts.lostResizes += lengths.count - keptCount
        let lastKept = keptCount == 0 ? 0 : lengths[keptCount - 1].ordinal
        for one in pending {
            applyToSettled(one.change)
            switch one.change {
            case .write(let bytes, let position, let shift):
                for sector in units(of: SparseBytes.sectorByteCount, at: position, count: bytes.count) {
                    crashSector(sector, shift: shift, ordinal: one.ordinal, &fate, &counts)
                }
            case .resize(let target):
                if one.ordinal <= lastKept { platter.clear(from: target) }
            }
        }
        restart(length: keptCount == 0 ? platterSize : lengths[keptCount - 1].length!)
    }

    private mutating func crashSector(
        _ sector: Int64, shift: Int64, ordinal: Int, _ fate: inout CrashFate, _ counts: inout FaultCounts
    ) {
        switch fate.ofSector(writtenBy: ordinal) {
        case .kept:
            counts.keptSectors += 1
            platter.copySector(sector, from: settled, to: sector + shift)
        case .lost:
            counts.lostSectors += 1
        case .torn(let count):
            counts.tornSectors += 1
            platter.copySector(sector, from: settled, to: sector + shift, count: count)
        }
    }

    private mutating func restart(length: Int64) {
        resizePlatter(to: length)
        settled = platter
        cached = platter
        size = length
        pending = []
        openCount = 0
        giveBack(beyond: length)
        residentPages = []
    }
}
