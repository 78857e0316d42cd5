// SPDX-License-Identifier: Apache-2.0

import Glibc
import Primitives
import Simulation
import StorageEngine
import Testing

@Suite("the simulated disk")
struct SimulatedDiskTests {
    /// A disk with one file of `count` times `byte`, durable, and its handle.
    private func prepared(seed: UInt64 = 1, count: Int = 4096, byte: UInt8 = 1) throws -> (SimulatedDisk, FileID) {
        let disk = SimulatedDisk(seed: seed)
        let file = try disk.open("f", .createNew)
        try fill(disk, file, 0..<count, byte)
        try disk.synchronize(file)
        try disk.synchronizeDirectory("")
        return (disk, file)
    }

    private func fill(_ disk: SimulatedDisk, _ file: FileID, _ range: Range<Int>, _ byte: UInt8) throws {
        try disk.write(
            [SharedBytes([UInt8](repeating: byte, count: range.count))], to: file, at: Int64(range.lowerBound))
    }

    private func bytesAfterCrash(_ disk: SimulatedDisk) throws -> [UInt8] {
        disk.crash()
        let file = try disk.open("f", .readWrite)
        return try disk.read(file, at: 0, count: 1 << 20).array
    }

    // MARK: Crashes

    @Test("a crash keeps what was synchronized", arguments: 0..<50 as Range<UInt64>)
    func keepsSynchronized(seed: UInt64) throws {
        let (disk, file) = try prepared(seed: seed)
        try fill(disk, file, 4096..<20_000, 2)
        let bytes = try bytesAfterCrash(disk)
        #expect(bytes.prefix(4096).allSatisfy { $0 == 1 })
        #expect(bytes.dropFirst(4096).allSatisfy { $0 == 2 || $0 == 0 })
    }

    @Test("over seeds a crash keeps, loses and tears sectors, and undoes lengths and names")
    func reachesAllFates() throws {
        var total = FaultCounts()
        var lengths: Set<Int> = []
        for seed in 0..<100 as Range<UInt64> {
            let (disk, file) = try prepared(seed: seed)
            for round in 0..<4 { try fill(disk, file, (round * 4096)..<(round * 4096 + 6000), 2) }
            disk.close(try disk.open("g", .createNew))
            lengths.insert(try bytesAfterCrash(disk).count)
            total.keptSectors += disk.faults.keptSectors
            total.lostSectors += disk.faults.lostSectors
            total.tornSectors += disk.faults.tornSectors
            total.lostResizes += disk.faults.lostResizes
            total.lostNameChanges += disk.faults.lostNameChanges
        }
        #expect(lengths == [4096, 6000, 10_096, 14_192, 18_288])
        #expect(total.keptSectors > 100 && total.lostSectors > 100 && total.tornSectors > 10)
        #expect(total.lostResizes > 10 && total.lostNameChanges > 10 && total.lostNameChanges < 100)
    }

    @Test("one seed replays one crash")
    func isDeterministic() throws {
        func run() throws -> [UInt8] {
            let (disk, file) = try prepared(seed: 7)
            for byte in 2..<9 as Range<UInt8> { try fill(disk, file, Int(byte) * 700..<Int(byte) * 1900, byte) }
            return try bytesAfterCrash(disk)
        }
        #expect(try run() == run())
    }

    @Test(
        "a sector rewritten since the last synchronize comes back as any of its versions, never as a mixture of writes")
    func keepsVersions() throws {
        var met: Set<[UInt8]> = []
        for seed in 0..<200 as Range<UInt64> {
            let (disk, file) = try prepared(seed: seed, count: 512)
            try fill(disk, file, 0..<256, 2)
            try fill(disk, file, 256..<512, 3)
            let bytes = try bytesAfterCrash(disk)
            if disk.faults.tornSectors == 0 { met.insert([bytes[0], bytes[511]]) }
        }
        #expect(met == [[1, 1], [2, 1], [2, 3]])
    }

    @Test("a synchronize covers exactly what was written before it was submitted")
    func coversWhatCameBefore() throws {
        let (disk, file) = try prepared(count: 512)
        disk.delivery = .released
        try fill(disk, file, 0..<512, 2)
        disk.submitSynchronize(file, ticket: DiskTicket(1))
        disk.flushSubmissions()
        try fill(disk, file, 0..<512, 3)
        #expect(try disk.durableBytes(of: "f").allSatisfy { $0 == 1 })
        disk.releaseCompletions()
        #expect(try disk.durableBytes(of: "f").allSatisfy { $0 == 2 })
        #expect(try disk.read(file, at: 0, count: 512).array.allSatisfy { $0 == 3 })
    }

    @Test(
        "a new name is lost unless its directory was synchronized, whatever became of the file",
        arguments: [false, true])
    func losesNames(isSynchronized: Bool) throws {
        var survivals = 0
        for seed in 0..<40 as Range<UInt64> {
            let disk = SimulatedDisk(seed: seed)
            try disk.createDirectory("d")
            try disk.synchronizeDirectory("")
            let file = try disk.open("d/f", .createNew)
            try disk.synchronize(file)
            if isSynchronized { try disk.synchronizeDirectory("d") }
            disk.crash()
            survivals += disk.exists("d/f") ? 1 : 0
        }
        #expect(isSynchronized ? survivals == 40 : (1..<40).contains(survivals))
    }

    @Test("after a crash during a replacing rename the name has the old bytes or the new, and always one of them")
    func renamesAtomically() throws {
        var met: Set<String> = []
        for seed in 0..<60 as Range<UInt64> {
            let disk = SimulatedDisk(seed: seed)
            for (name, text) in [("f", "old"), ("f.tmp", "new")] {
                let file = try disk.open(name, .createNew)
                try disk.writeText(text, to: file)
                try disk.synchronize(file)
            }
            try disk.synchronizeDirectory("")
            try disk.rename("f.tmp", to: "f")
            disk.crash()
            met.insert(try disk.text(of: disk.open("f", .read)))
        }
        #expect(met == ["old", "new"])
    }

    @Test("a removal that was not made durable may be undone, with the bytes")
    func undoesRemovals() throws {
        var returned = 0
        for seed in 0..<40 as Range<UInt64> {
            let (disk, file) = try prepared(seed: seed)
            disk.close(file)
            try disk.remove("f")
            disk.crash()
            guard disk.exists("f") else { continue }
            returned += 1
            #expect(try disk.durableBytes(of: "f") == [UInt8](repeating: 1, count: 4096))
        }
        #expect((1..<40).contains(returned))
    }

    @Test("power can go at every single operation, and nothing works until it is back")
    func cutsPowerEverywhere() throws {
        func work(_ disk: SimulatedDisk) throws {
            try disk.createDirectory("d")
            let file = try disk.open("d/f", .createNew)
            try disk.allocate(file, size: 8192)
            try disk.writeText("hello", to: file)
            try disk.synchronize(file)
            try disk.rename("d/f", to: "d/g")
            try disk.synchronizeDirectory("d")
            try disk.truncate(file, to: 5)
            try disk.remove("d/g")
        }
        let whole = SimulatedDisk(seed: 1)
        try work(whole)
        #expect(whole.operationCount == 9)
        for ordinal in 1...whole.operationCount {
            let disk = SimulatedDisk(seed: 1)
            disk.plan(.powerCut, at: ordinal)
            #expect(throws: DiskFault.self) { try work(disk) }
            #expect(disk.operationCount == ordinal && disk.isPoweredOff)
            #expect(throws: DiskFault(.list, target: "", errno: ENODEV)) { try disk.list("") }
            disk.restart()
            #expect(disk.faults.powerCuts == 1)
            _ = try disk.list("")
        }
    }

    @Test("a crash swallows submitted operations and forgets open files")
    func dropsSubmissions() throws {
        let (disk, file) = try prepared()
        disk.delivery = .released
        disk.submitSynchronize(file, ticket: DiskTicket(1))
        disk.submitRead(file, at: 0, count: 1, ticket: DiskTicket(2))
        disk.flushSubmissions()
        disk.submitRead(file, at: 0, count: 1, ticket: DiskTicket(3))
        disk.crash()
        disk.releaseCompletions()
        var completions: [DiskCompletion] = []
        disk.takeCompletions(into: &completions)
        #expect(completions.isEmpty && disk.faults.lostSubmissions == 3)
        disk.close(file)
        let again = try disk.open("f", .readWrite)
        #expect(again != file)
    }

    // MARK: Faults

    @Test("a failed synchronize loses the bytes, and the next one reports success")
    func losesOnFailedSynchronize() throws {
        let (disk, file) = try prepared(count: 512)
        try fill(disk, file, 0..<512, 2)
        disk.plan(.failure(errno: EIO), of: .synchronize)
        #expect(throws: DiskFault(.synchronize, target: "f", errno: EIO)) { try disk.synchronize(file) }
        try disk.synchronize(file)
        #expect(try disk.read(file, at: 0, count: 1).array == [2])
        try disk.evict("f")
        #expect(try disk.read(file, at: 0, count: 1).array == [1])
        #expect(disk.faults.plannedFailures == 1)
    }

    @Test("the n-th write fails, for all n, leaves what was before it and a part of itself")
    func failsEveryWrite() throws {
        for ordinal in 1...4 {
            let disk = SimulatedDisk(seed: UInt64(ordinal))
            let file = try disk.open("f", .createNew)
            disk.plan(.failure(errno: EIO), at: ordinal, of: .write)
            var failures: [Int] = []
            for index in 1...4 {
                do throws(DiskFault) {
                    try disk.write(
                        [SharedBytes([UInt8](repeating: UInt8(index), count: 100))], to: file,
                        at: Int64(index - 1) * 100)
                } catch {
                    #expect(error == DiskFault(.write, target: "f", errno: EIO))
                    failures.append(index)
                }
            }
            #expect(failures == [ordinal])
            let before = try disk.read(file, at: 0, count: (ordinal - 1) * 100).array
            #expect(before == (1..<ordinal).flatMap { [UInt8](repeating: UInt8($0), count: 100) })
        }
    }

    @Test("damage shows once the page is evicted")
    func rots() throws {
        let (disk, file) = try prepared()
        try disk.damage("f", at: 100, mask: 0x80)
        #expect(try disk.read(file, at: 100, count: 1).array == [1])
        try disk.evict("f")
        #expect(try disk.readIfCached(file, at: 100, count: 1) == nil)
        #expect(!disk.isCached(file, at: 100, count: 1))
        #expect(try disk.read(file, at: 100, count: 1).array == [0x81])
        #expect(disk.isCached(file, at: 100, count: 1))
    }

    @Test("a misdirected write leaves its place as it was and damages another")
    func misdirects() throws {
        let (disk, file) = try prepared()
        disk.plan(.misdirection(sectors: 2), of: .write)
        try fill(disk, file, 512..<1024, 9)
        try disk.synchronize(file)
        #expect(try disk.read(file, at: 512, count: 1).array == [9])
        try disk.evict("f")
        #expect(try disk.read(file, at: 512, count: 1).array == [1])
        #expect(try disk.read(file, at: 1536, count: 1).array == [9])
        #expect(disk.faults.misdirectedWrites == 1)
    }

    @Test("a read of the platter can fail, also a submitted one")
    func failsReads() throws {
        let (disk, file) = try prepared()
        disk.plan(.failure(errno: EIO), at: 1, of: .read)
        disk.plan(.failure(errno: EIO), at: 2, of: .read)
        #expect(throws: DiskFault(.read, target: "f", errno: EIO)) { try disk.read(file, at: 0, count: 1) }
        disk.submitRead(file, at: 0, count: 1, ticket: DiskTicket(1))
        #expect(disk.completions(1)[1]?.fault == DiskFault(.read, target: "f", errno: EIO))
        #expect(disk.plannedFaultCount == 0)
    }

    @Test("a full disk refuses blocks, not bytes in blocks it has, and heals when room is made")
    func fills() throws {
        let disk = SimulatedDisk(seed: 1, capacity: 3 * 4096)
        let log = try disk.open("log", .createNew)
        try disk.allocate(log, size: 2 * 4096)
        let other = try disk.open("other", .createNew)
        #expect(throws: DiskFault(.allocate, target: "log", errno: ENOSPC)) { try disk.allocate(log, size: 4 * 4096) }
        #expect(try disk.size(of: log) == 2 * 4096)
        #expect(throws: DiskFault(.write, target: "other", errno: ENOSPC)) { try fill(disk, other, 0..<5000, 1) }
        #expect(try disk.size(of: other) == 4096)
        #expect(try disk.freeByteCount() == 0)
        try fill(disk, log, 0..<8192, 2)
        disk.close(log)
        try disk.remove("log")
        #expect(try disk.freeByteCount() == 2 * 4096)
        try fill(disk, other, 0..<5000, 1)
        #expect(disk.faults.fullRefusals == 2)
    }

    @Test("completions come when released, in an order that the seed decides")
    func releasesCompletions() throws {
        var orders: Set<[UInt64]> = []
        for seed in 0..<30 as Range<UInt64> {
            let (disk, file) = try prepared(seed: seed)
            disk.delivery = .released
            for ticket in 1...3 as ClosedRange<UInt64> {
                disk.submitRead(file, at: 0, count: 1, ticket: DiskTicket(ticket))
            }
            disk.releaseCompletions()
            var taken: [DiskCompletion] = []
            disk.takeCompletions(into: &taken)
            #expect(taken.isEmpty)
            disk.flushSubmissions()
            disk.releaseCompletions(atMost: 1)
            disk.takeCompletions(into: &taken)
            #expect(taken.count == 1 && disk.inFlightCount == 2)
            disk.releaseCompletions()
            disk.takeCompletions(into: &taken)
            orders.insert(taken.map(\.ticket.rawValue))
        }
        #expect(orders.count == 6)
    }

    // MARK: Every crash state

    @Test("a trace builds the disk after any prefix with any subset of what was not synchronized")
    func buildsCrashStates() throws {
        let disk = SimulatedDisk(seed: 1, records: true)
        let file = try disk.open("f", .createNew)
        try disk.synchronizeDirectory("")
        for (index, byte) in [UInt8(1), 2].enumerated() { try fill(disk, file, index * 512..<(index + 1) * 512, byte) }
        try disk.synchronize(file)
        try fill(disk, file, 0..<512, 3)
        try fill(disk, file, 512..<1024, 4)
        #expect(disk.trace.changeCount == 7)
        let open = try disk.trace.unsynchronizedOrdinals(after: 7)
        #expect(open == [6, 7] && disk.unsynchronizedOrdinals == [6, 7])
        for (kept, expected) in [([], [1, 2]), ([6], [3, 2]), ([7], [1, 4]), ([6, 7], [3, 4])] {
            let crashed = try disk.trace.disk(after: 7, keeping: Set(kept))
            let bytes = try crashed.read(crashed.open("f", .read), at: 0, count: 4096).array
            #expect(bytes.count == 1024 && [Int(bytes[0]), Int(bytes[1023])] == expected)
        }
        let early = try disk.trace.disk(after: 4, keeping: [])
        #expect(try early.durableBytes(of: "f").isEmpty)
    }

    @Test("replacing a file by write, synchronize, rename, synchronize survives every crash state")
    func replacesSafely() throws {
        let disk = SimulatedDisk(seed: 1, records: true)
        func replace(with text: String) throws {
            let file = try disk.open("f.tmp", .createOrOpen)
            try disk.truncate(file, to: 0)
            try disk.writeText(text, to: file)
            try disk.synchronize(file)
            disk.close(file)
            try disk.rename("f.tmp", to: "f")
            try disk.synchronizeDirectory("")
        }
        try replace(with: "first")
        let safeFrom = disk.trace.changeCount
        try replace(with: "second")
        var met: Set<String> = []
        for count in safeFrom...disk.trace.changeCount {
            let open = try disk.trace.unsynchronizedOrdinals(after: count)
            for subset in 0..<1 << open.count {
                let kept = open.indices.filter { subset >> $0 & 1 == 1 }.map { open[$0] }
                let crashed = try disk.trace.disk(after: count, keeping: Set(kept))
                met.insert(try crashed.text(of: crashed.open("f", .read)))
            }
        }
        #expect(met == ["first", "second"])
    }

    @Test("the same without the synchronize of the bytes is caught")
    func catchesUnsafeReplacement() throws {
        let disk = SimulatedDisk(seed: 1, records: true)
        let file = try disk.open("f.tmp", .createNew)
        try disk.writeText("text", to: file)
        try disk.rename("f.tmp", to: "f")
        try disk.synchronizeDirectory("")
        let crashed = try disk.trace.disk(after: disk.trace.changeCount, keeping: [])
        #expect(try crashed.text(of: crashed.open("f", .read)).isEmpty)
    }
}
