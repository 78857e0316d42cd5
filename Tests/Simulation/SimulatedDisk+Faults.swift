// SPDX-License-Identifier: Apache-2.0

import Primitives
public import StorageEngine

/// A fault that waits for its operation.
public struct PlannedFault: Sendable {
    public enum Effect: Sendable, Hashable {
        /// The operation throws. A write leaves its first part, as long as the seed decides; a synchronize of a file drops
        /// what it should have moved, and the next one reports success; anything else does nothing.
        case failure(errno: Int32)
        /// The operation takes place in the page cache, and then the power goes.
        case powerCut
        /// A write lands so many sectors off its place once it is synchronized; reads from the cache do not show it.
        case misdirection(sectors: Int64)
    }

    let effect: Effect
    let kind: DiskFault.Operation?
    var remaining: Int
}

/// One operation under way.
struct Step {
    let ordinal: Int
    let effect: PlannedFault.Effect?

    var fails: Bool { if case .failure? = effect { true } else { false } }
    var sectorShift: Int64 { if case .misdirection(let sectors)? = effect { sectors } else { 0 } }
}

extension SimulatedDisk {
    /// Has the `ordinal`-th operation of a kind from now on, or of any kind, meet a fault.
    ///
    /// To meet it at all n: run once, read `operationCount`, and run again with each n up to it.
    public func plan(_ effect: PlannedFault.Effect, at ordinal: Int = 1, of kind: DiskFault.Operation? = nil) {
        precondition(ordinal >= 1, "operations count from 1, not \(ordinal)")
        if case .misdirection = effect { precondition(kind == .write, "only writes are misdirected") }
        plans.append(PlannedFault(effect: effect, kind: kind, remaining: ordinal))
    }

    /// Plans not reached yet.
    public var plannedFaultCount: Int { plans.count }

    /// Drops the plans not reached yet.
    public func forgetPlans() { plans = [] }

    /// Runs one operation with its number and the faults that meet it.
    func perform<Result>(
        _ kind: DiskFault.Operation, _ target: String, isDirectory: Bool = false, runsWhenFailing: Bool = false,
        _ body: (Step) throws(SystemError) -> Result
    ) throws(DiskFault) -> Result {
        if !isDirectory || !target.isEmpty { DiskPath.check(target) }
        guard !isPoweredOff else { throw DiskFault(kind, target: target, errno: SystemError.noDevice.rawValue) }
        operationCount += 1
        operationCounts[kind, default: 0] += 1
        let step = Step(ordinal: operationCount, effect: takePlan(kind))
        if case .misdirection? = step.effect { faults.misdirectedWrites += 1 }
        defer { if case .powerCut? = step.effect { cutPower() } }
        let result: Result?
        do throws(SystemError) {
            result = step.fails && !runsWhenFailing ? nil : try body(step)
        } catch {
            throw DiskFault(kind, target: target, errno: error.rawValue)
        }
        switch step.effect {
        case .failure(let number):
            faults.plannedFailures += 1
            if kind == .synchronize { faults.failedSynchronizes += 1 }
            throw DiskFault(kind, target: target, errno: number)
        case .powerCut: throw DiskFault(kind, target: target, errno: SystemError.noDevice.rawValue)
        case .misdirection, nil: return result!
        }
    }

    private func takePlan(_ kind: DiskFault.Operation) -> PlannedFault.Effect? {
        var effect: PlannedFault.Effect?
        for index in plans.indices where plans[index].kind == nil || plans[index].kind == kind {
            plans[index].remaining -= 1
            if plans[index].remaining == 0 && effect == nil { effect = plans[index].effect }
        }
        plans.removeAll { $0.remaining <= 0 }
        return effect
    }

    // MARK: Power

    /// Stops everything: until `restart`, operations fail with ENODEV and nothing completes.
    public func cutPower() {
        guard !isPoweredOff else { return }
        isPoweredOff = true
        faults.powerCuts += 1
    }

    /// Comes back with what the power cut left, which the seed decides.
    ///
    /// Of each sector that no synchronize covered, any version that the page cache went through, or a part of one; of each
    /// file's length, any since its last synchronize; of each directory, a prefix of its changes since its last. Files
    /// opened before are no longer open.
    public func restart() {
        var fate = CrashFate.seeded(entropy.split())
        restart(&fate)
    }

    /// Cuts the power and comes back.
    public func crash() {
        cutPower()
        restart()
    }

    /// The process that used the disk ends and the machine goes on: nothing is open, nothing in flight reports, and the
    /// page cache stays as it is.
    public func endProcess() {
        guard !isPoweredOff else { return }
        closeAll()
        dropSubmissions()
    }

    func restart(_ fate: inout CrashFate) {
        let all = files.merging(unlinked) { linked, _ in linked }
        files = [:]
        unlinked = [:]
        for number in names.crash(&fate, counting: &faults).sorted() {
            guard var file = all[number] else { preconditionFailure("no bytes for file \(number)") }
            file.crash(&fate, counting: &faults)
            file.isLinked = true
            files[number] = file
        }
        dropSubmissions()
        isPoweredOff = false
        trace = DiskTrace()
        trace.start = image
    }

    // MARK: Rot

    /// Flips the bits of `mask` in a byte on the platter. A cached page hides it until evicted.
    public func damage(_ path: String, at position: Int64, mask: UInt8 = 1) throws(DiskFault) {
        let file = try number(of: path)
        files[file]!.damage(at: position, mask: mask)
        faults.damagedBytes += 1
    }

    /// Forgets the clean pages of a file, so that reads bring what the platter holds.
    public func evict(_ path: String) throws(DiskFault) {
        let file = try number(of: path)
        files[file]!.evict()
    }

    /// What a crash would leave of a file if nothing unsynchronized survived.
    public func durableBytes(of path: String) throws(DiskFault) -> [UInt8] {
        let file = files[try number(of: path)]!
        return file.platter.read(at: 0, count: Int(file.platterSize))
    }
}
