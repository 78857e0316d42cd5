// SPDX-License-Identifier: Apache-2.0

import Foundation
import Primitives
import Simulation
import StorageEngine
import Testing

@Suite("every disk")
struct DiskConformanceTests {
    // MARK: Names

    @Test("lists names in order, and none where a directory is absent", arguments: DiskKind.allCases)
    func lists(kind: DiskKind) throws {
        try kind.withDisk { disk in
            try disk.createDirectory("topic-0")
            for name in ["b", "a", "c.log"] { disk.close(try disk.open("topic-0/\(name)", .createNew)) }
            #expect(try disk.list("topic-0") == ["a", "b", "c.log"])
            #expect(try disk.list("") == ["topic-0"])
            #expect(throws: DiskFault(.list, target: "topic-1", errno: ENOENT)) { try disk.list("topic-1") }
            #expect(throws: DiskFault(.list, target: "topic-0/a", errno: ENOTDIR)) { try disk.list("topic-0/a") }
            #expect(disk.exists("topic-0/a") && !disk.exists("topic-0/d") && !disk.exists("topic-1/a"))
        }
    }

    @Test("makes one directory at a time and never twice", arguments: DiskKind.allCases)
    func createsDirectories(kind: DiskKind) throws {
        try kind.withDisk { disk in
            try disk.createDirectory("a")
            try disk.createDirectory("a/b")
            #expect(throws: DiskFault(.createDirectory, target: "a", errno: EEXIST)) { try disk.createDirectory("a") }
            #expect(throws: DiskFault(.createDirectory, target: "x/y", errno: ENOENT)) {
                try disk.createDirectory("x/y")
            }
        }
    }

    @Test("opens by mode", arguments: DiskKind.allCases)
    func opensByMode(kind: DiskKind) throws {
        try kind.withDisk { disk in
            for mode in [OpenMode.read, .readWrite] {
                #expect(throws: DiskFault(.open, target: "f", errno: ENOENT)) { try disk.open("f", mode) }
            }
            let first = try disk.open("f", .createNew)
            try disk.writeText("one", to: first)
            #expect(throws: DiskFault(.open, target: "f", errno: EEXIST)) { try disk.open("f", .createNew) }
            let second = try disk.open("f", .createOrOpen)
            #expect(second != first)
            #expect(try disk.text(of: second) == "one")
            let reader = try disk.open("f", .read)
            #expect(throws: DiskFault(.write, target: "f", errno: EBADF)) { try disk.writeText("x", to: reader) }
            try disk.createDirectory("d")
            #expect(throws: DiskFault(.open, target: "d", errno: EISDIR)) { try disk.open("d", .readWrite) }
            #expect(throws: DiskFault(.open, target: "d", errno: EISDIR)) { try disk.open("d", .read) }
            [first, second, reader].forEach(disk.close)
        }
    }

    @Test("renames over an existing file, which stays readable to whoever has it open", arguments: DiskKind.allCases)
    func renames(kind: DiskKind) throws {
        try kind.withDisk { disk in
            let old = try disk.open("checkpoint", .createNew)
            try disk.writeText("old", to: old)
            let new = try disk.open("checkpoint.tmp", .createNew)
            try disk.writeText("new", to: new)
            try disk.rename("checkpoint.tmp", to: "checkpoint")
            #expect(try disk.list("") == ["checkpoint"])
            #expect(try disk.text(of: old) == "old")
            let opened = try disk.open("checkpoint", .read)
            #expect(try disk.text(of: opened) == "new")
            #expect(throws: DiskFault(.rename, target: "absent", errno: ENOENT)) {
                try disk.rename("absent", to: "x")
            }
            [old, new, opened].forEach(disk.close)
        }
    }

    @Test("moves a directory with what is in it, but not onto one that is not empty", arguments: DiskKind.allCases)
    func renamesDirectories(kind: DiskKind) throws {
        try kind.withDisk { disk in
            try disk.createDirectory("a")
            disk.close(try disk.open("a/f", .createNew))
            try disk.rename("a", to: "a.deleted")
            #expect(try disk.list("a.deleted") == ["f"])
            try disk.createDirectory("b")
            #expect(throws: DiskFault(.rename, target: "b", errno: ENOTEMPTY)) { try disk.rename("b", to: "a.deleted") }
            #expect(throws: DiskFault(.rename, target: "b", errno: EINVAL)) { try disk.rename("b", to: "b/c") }
        }
    }

    @Test("removes files and empty directories", arguments: DiskKind.allCases)
    func removes(kind: DiskKind) throws {
        try kind.withDisk { disk in
            try disk.createDirectory("d")
            let file = try disk.open("d/f", .createNew)
            try disk.writeText("still here", to: file)
            #expect(throws: DiskFault(.remove, target: "d", errno: ENOTEMPTY)) { try disk.remove("d") }
            try disk.remove("d/f")
            #expect(try disk.text(of: file) == "still here")
            disk.close(file)
            try disk.remove("d")
            #expect(throws: DiskFault(.remove, target: "d", errno: ENOENT)) { try disk.remove("d") }
        }
    }

    @Test("knows how much room is left", arguments: DiskKind.allCases)
    func measuresFreeSpace(kind: DiskKind) throws {
        try kind.withDisk { disk in
            let free = try disk.freeByteCount()
            #expect(free > 0)
        }
    }

    @Test("makes directories durable without complaint, and complains of absent ones", arguments: DiskKind.allCases)
    func synchronizesDirectories(kind: DiskKind) throws {
        try kind.withDisk { disk in
            try disk.createDirectory("d")
            try disk.synchronizeDirectory("d")
            try disk.synchronizeDirectory("")
            #expect(throws: DiskFault(.synchronize, target: "x", errno: ENOENT)) { try disk.synchronizeDirectory("x") }
        }
    }

    // MARK: Bytes

    @Test("writes pieces one after the other, empty ones too", arguments: DiskKind.allCases)
    func writesPieces(kind: DiskKind) throws {
        try kind.withDisk { disk in
            let file = try disk.open("f", .createNew)
            try disk.write([SharedBytes("ab"), .empty, SharedBytes("cde"), SharedBytes("f")], to: file, at: 3)
            try disk.write([], to: file, at: 100)
            try disk.write([.empty], to: file, at: 100)
            try disk.write([.empty, .empty], to: file, at: 100)
            #expect(try disk.read(file, at: 0, count: 100).array == [0, 0, 0] + Array("abcdef".utf8))
            #expect(try disk.size(of: file) == 9)
        }
    }

    @Test("writes more pieces than one system call takes", arguments: DiskKind.allCases)
    func writesManyPieces(kind: DiskKind) throws {
        try kind.withDisk { disk in
            let file = try disk.open("f", .createNew)
            let pieces = (0..<2500).map { SharedBytes([UInt8](repeating: UInt8($0 % 251), count: 1 + $0 % 3)) }
            try disk.write(pieces, to: file, at: 0)
            #expect(try disk.read(file, at: 0, count: 1 << 20).array == pieces.flatMap(\.array))
        }
    }

    @Test("reads fewer bytes only at the end of the file", arguments: DiskKind.allCases)
    func readsAtTheEnd(kind: DiskKind) throws {
        try kind.withDisk { disk in
            let file = try disk.open("f", .createNew)
            try disk.writeText("0123456789", to: file)
            #expect(try disk.text(of: file, at: 8, count: 5) == "89")
            #expect(try disk.read(file, at: 10, count: 5).isEmpty)
            #expect(try disk.read(file, at: 99, count: 5).isEmpty)
            #expect(try disk.read(file, at: 3, count: 0).isEmpty)
            #expect(try disk.readIfCached(file, at: 8, count: 5) == SharedBytes("89"))
            #expect(try disk.readIfCached(file, at: 10, count: 5) == .empty)
        }
    }

    @Test("reserves room that reads as zeros and is never taken back by reserving less", arguments: DiskKind.allCases)
    func allocates(kind: DiskKind) throws {
        try kind.withDisk { disk in
            let file = try disk.open("f", .createNew)
            try disk.writeText("data", to: file)
            try disk.allocate(file, size: 1 << 20)
            #expect(try disk.size(of: file) == 1 << 20)
            #expect(try disk.read(file, at: 0, count: 8).array == Array("data".utf8) + [0, 0, 0, 0])
            try disk.allocate(file, size: 4096)
            #expect(try disk.size(of: file) == 1 << 20)
        }
    }

    @Test("cuts and extends, and what comes back after a cut is zeros", arguments: DiskKind.allCases)
    func truncates(kind: DiskKind) throws {
        try kind.withDisk { disk in
            let file = try disk.open("f", .createNew)
            try disk.writeText("0123456789", to: file)
            try disk.truncate(file, to: 4)
            try disk.truncate(file, to: 6)
            #expect(try disk.read(file, at: 0, count: 100).array == Array("0123".utf8) + [0, 0])
            try disk.truncate(file, to: 0)
            #expect(try disk.size(of: file) == 0)
        }
    }

    @Test("says what is cached after it was written", arguments: DiskKind.allCases)
    func knowsWhatIsCached(kind: DiskKind) throws {
        try kind.withDisk { disk in
            let file = try disk.open("f", .createNew)
            try disk.write([SharedBytes([UInt8](repeating: 7, count: 100_000))], to: file, at: 0)
            #expect(disk.isCached(file, at: 0, count: 100_000))
            #expect(disk.isCached(file, at: 4095, count: 2))
            #expect(disk.isCached(file, at: 0, count: 0))
            #expect(!disk.isCached(file, at: 1 << 30, count: 4096))
        }
    }

    // MARK: Submitted operations

    @Test("finishes what was submitted, and says so on its descriptor", arguments: DiskKind.allCases)
    func completes(kind: DiskKind) throws {
        try kind.withDisk { disk in
            let file = try disk.open("f", .createNew)
            try disk.writeText("0123456789", to: file)
            disk.submitSynchronize(file, ticket: DiskTicket(1))
            disk.submitRead(file, at: 2, count: 3, ticket: DiskTicket(2))
            disk.submitRead(file, at: 8, count: 100, ticket: DiskTicket(3))
            disk.submitRead(file, at: 50, count: 10, ticket: DiskTicket(4))
            let outcomes = disk.completions(4)
            #expect(outcomes[1]?.isSynchronized == true)
            #expect(outcomes[2]?.bytes == Array("234".utf8))
            #expect(outcomes[3]?.bytes == Array("89".utf8))
            #expect(outcomes[4]?.bytes == [])
            if let descriptor = disk.completionDescriptor {
                disk.submitSynchronize(file, ticket: DiskTicket(5))
                disk.flushSubmissions()
                waitUntilReadable(descriptor, milliseconds: 10_000)
                var late: [DiskCompletion] = []
                disk.takeCompletions(into: &late)
                #expect(late.map(\.ticket) == [DiskTicket(5)])
            }
        }
    }

    @Test("takes far more submissions than any queue holds", arguments: DiskKind.allCases)
    func queuesMany(kind: DiskKind) throws {
        try kind.withDisk { disk in
            let file = try disk.open("f", .createNew)
            let bytes = (0..<20_000).map { UInt8(truncatingIfNeeded: $0 &* 31) }
            try disk.write([SharedBytes(bytes)], to: file, at: 0)
            for index in 0..<5000 {
                disk.submitRead(file, at: Int64(index), count: 64, ticket: DiskTicket(UInt64(index)))
            }
            let outcomes = disk.completions(5000)
            #expect((0..<5000).allSatisfy { outcomes[UInt64($0)]?.bytes == Array(bytes[$0..<$0 + 64]) })
        }
    }

    @Test("synchronizes a file again once the first is done", arguments: DiskKind.allCases)
    func synchronizesAgain(kind: DiskKind) throws {
        try kind.withDisk { disk in
            let file = try disk.open("f", .createNew)
            for round in 0..<20 {
                try disk.writeText("x", to: file, at: Int64(round))
                disk.submitSynchronize(file, ticket: DiskTicket(UInt64(round)))
                #expect(disk.completions(1)[UInt64(round)]?.isSynchronized == true)
            }
            try disk.synchronize(file)
        }
    }

    @Test("removes a whole tree", arguments: DiskKind.allCases)
    func removesTrees(kind: DiskKind) throws {
        try kind.withDisk { disk in
            try disk.createDirectory("t")
            try disk.createDirectory("t/inner")
            for name in ["t/a", "t/b", "t/inner/c", "other"] { disk.close(try disk.open(name, .createNew)) }
            disk.submitRemove("t", ticket: DiskTicket(1))
            disk.submitRemove("absent", ticket: DiskTicket(2))
            let outcomes = disk.completions(2)
            #expect(outcomes[1]?.isRemoved == true)
            #expect(outcomes[2]?.fault == DiskFault(.remove, target: "absent", errno: ENOENT))
            #expect(try disk.list("") == ["other"])
        }
    }

    @Test("finishes operations on a file that was closed meanwhile", arguments: DiskKind.allCases)
    func finishesAfterClose(kind: DiskKind) throws {
        try kind.withDisk { disk in
            let file = try disk.open("f", .createNew)
            try disk.writeText("late", to: file)
            disk.submitRead(file, at: 0, count: 4, ticket: DiskTicket(1))
            disk.submitSynchronize(file, ticket: DiskTicket(2))
            disk.close(file)
            let outcomes = disk.completions(2)
            #expect(outcomes[1]?.bytes == Array("late".utf8))
            #expect(outcomes[2]?.isSynchronized == true)
        }
    }

    @Test("may be dropped with operations in flight", arguments: DiskKind.allCases)
    func dropsInFlight(kind: DiskKind) throws {
        for _ in 0..<20 {
            try kind.withDisk { disk in
                let file = try disk.open("f", .createNew)
                try disk.write([SharedBytes([UInt8](repeating: 1, count: 1 << 20))], to: file, at: 0)
                for index in 0..<64 {
                    disk.submitRead(file, at: Int64(index) << 14, count: 1 << 14, ticket: DiskTicket(UInt64(index)))
                }
                disk.submitSynchronize(file, ticket: DiskTicket(64))
                disk.flushSubmissions()
            }
        }
    }

    @Test("traps on a path that leaves its root", arguments: ["", "/etc", "a//b", "../a", "a/..", "a/./b", "a/"])
    func checksPaths(path: String) async {
        await #expect(processExitsWith: .failure) { [path] in
            _ = SimulatedDisk(seed: 1).exists(path)
        }
    }

    @Test("traps on a second synchronize of a file while one is in flight")
    func trapsOnTwoSynchronizes() async {
        await #expect(processExitsWith: .failure) {
            let disk = SimulatedDisk(seed: 1)
            let file = try disk.open("f", .createNew)
            disk.submitSynchronize(file, ticket: DiskTicket(1))
            disk.submitSynchronize(file, ticket: DiskTicket(2))
        }
    }
}
