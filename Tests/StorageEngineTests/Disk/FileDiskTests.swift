// SPDX-License-Identifier: Apache-2.0

import Foundation
import Primitives
import Simulation
import StorageEngine
import Testing

@Suite("disks of real files")
struct FileDiskTests {
    @Test("make the directories above their root, and refuse a root that is a file")
    func makesRoot() throws {
        try withDirectory { directory in
            let disk = try FileDisk.open(at: directory + "/a/b/c")
            disk.close(try disk.open("f", .createNew))
            #expect(FileManager.default.fileExists(atPath: directory + "/a/b/c/f"))
            #expect(throws: DiskFault(.open, target: directory + "/a/b/c/f", errno: ENOTDIR)) {
                try FileDisk.open(at: directory + "/a/b/c/f")
            }
        }
    }

    @Test("say which mechanism they run on, as asked for", arguments: DiskPreference.allCases)
    func choosesMechanism(preference: DiskPreference) throws {
        try withDirectory { root in
            switch preference {
            case .threads:
                let disk = try FileDisk.open(at: root, preferring: .threads)
                #expect(disk.choice == .threads && disk.mechanism == "threads")
            case .automatic, .ring:
                guard let disk = try? FileDisk.open(at: root, preferring: .ring) else {
                    let fallback = try FileDisk.open(at: root)
                    #expect(fallback.mechanism == "threads" && fallback.choice != .threads)
                    return
                }
                #expect(disk.choice == .ring && disk.mechanism == "io_uring")
                #expect(try FileDisk.open(at: root).choice == .ring)
            }
        }
    }

    @Test("fall back to threads, and say why, where a seccomp filter refuses io_uring")
    func fallsBack() async {
        await #expect(processExitsWith: .success) {
            try refuseRingSetup(errno: EPERM)
            try withDirectory { root in
                let disk = try FileDisk.open(at: root)
                try #require(disk.choice == .threadsBecauseRingRefused(errno: EPERM))
                try #require(disk.choice.description == "threads, because io_uring is refused with errno 1")
                let file = try disk.open("f", .createNew)
                try disk.writeText("works", to: file)
                disk.submitSynchronize(file, ticket: DiskTicket(1))
                disk.submitRead(file, at: 0, count: 5, ticket: DiskTicket(2))
                let outcomes = disk.completions(2)
                try #require(outcomes[1]?.isSynchronized == true)
                try #require(outcomes[2]?.bytes == Array("works".utf8))
                #expect(throws: DiskFault(.open, target: "io_uring", errno: EPERM)) {
                    try FileDisk.open(at: root, preferring: .ring)
                }
            }
        }
    }

    @Test("read what the page cache lost", arguments: [DiskKind.ring, .threads])
    func readsCold(kind: DiskKind) throws {
        try kind.withDisk { disk in
            let bytes = (0..<1 << 20).map { UInt8(truncatingIfNeeded: $0 ^ $0 >> 8) }
            let file = try disk.open("f", .createNew)
            try disk.write([SharedBytes(bytes)], to: file, at: 0)
            try disk.synchronize(file)
            let descriptor = try #require(disk.descriptor(of: file))
            // Pages that the kernel is busy with stay: it is asked again.
            for _ in 0..<200 where disk.isCached(file, at: 0, count: 4096) {
                posix_fadvise(descriptor, 0, 0, POSIX_FADV_DONTNEED)
                usleep(10_000)
            }
            try #require(!disk.isCached(file, at: 0, count: 4096), "the file system keeps what it is told to drop")
            #expect(try disk.readIfCached(file, at: 0, count: 4096) == nil)
            disk.submitRead(file, at: 0, count: bytes.count, ticket: DiskTicket(1))
            #expect(disk.completions(1)[1]?.bytes == bytes)
            #expect(disk.isCached(file, at: 0, count: bytes.count))
        }
    }

    @Test("may be dropped while the device still reads for them", arguments: [DiskKind.ring, .threads])
    func dropsColdReads(kind: DiskKind) throws {
        for isFlushed in [true, false, true, true] {
            try kind.withDisk { disk in
                let file = try disk.open("f", .createNew)
                try disk.write([SharedBytes([UInt8](repeating: 1, count: 8 << 20))], to: file, at: 0)
                try disk.synchronize(file)
                posix_fadvise(try #require(disk.descriptor(of: file)), 0, 0, POSIX_FADV_DONTNEED)
                for index in 0..<128 as Range<Int64> {
                    disk.submitRead(file, at: index << 16, count: 1 << 16, ticket: DiskTicket(UInt64(index)))
                }
                if isFlushed { disk.flushSubmissions() }
            }
        }
    }

    @Test(
        "refuse reads beyond the memory allowed for them, and take more once some are done",
        arguments: [DiskKind.ring, .threads])
    func boundsReads(kind: DiskKind) throws {
        try kind.withDisk { disk in
            let file = try disk.open("f", .createNew)
            let half = FileDisk.readByteCountMax / 2 + 1
            disk.submitRead(file, at: 0, count: half, ticket: DiskTicket(1))
            disk.submitRead(file, at: 0, count: half, ticket: DiskTicket(2))
            let outcomes = disk.completions(2)
            #expect(outcomes[1]?.bytes == [])
            #expect(outcomes[2]?.fault == DiskFault(.read, target: "f", errno: EAGAIN))
            disk.submitRead(file, at: 0, count: half, ticket: DiskTicket(3))
            #expect(disk.completions(1)[3]?.bytes == [])
        }
    }

    @Test("keep bytes alive that outlast the disk", arguments: [DiskKind.ring, .threads])
    func bytesOutlast(kind: DiskKind) throws {
        var kept: SharedBytes?
        try kind.withDisk { disk in
            let file = try disk.open("f", .createNew)
            try disk.writeText("kept", to: file)
            kept = try disk.readIfCached(file, at: 0, count: 4)
        }
        #expect(kept == SharedBytes("kept"))
    }

    @Test(
        "answer a full file system with ENOSPC, go on reading, and heal when room is made",
        arguments: [DiskKind.ring, .threads])
    func fillsUp(kind: DiskKind) throws {
        try withSmallFileSystem { root in
            let disk = try FileDisk.open(at: root, preferring: kind == .ring ? .automatic : .threads)
            let log = try disk.open("log", .createNew)
            try disk.allocate(log, size: 4 << 20)
            try disk.writeText("data", to: log)
            let other = try disk.open("other", .createNew)
            #expect(throws: DiskFault(.allocate, target: "other", errno: ENOSPC)) {
                try disk.allocate(other, size: 64 << 20)
            }
            #expect(try disk.size(of: other) == 0)
            let piece = SharedBytes([UInt8](repeating: 1, count: 1 << 20))
            let fault = #expect(throws: DiskFault.self) {
                for index in 0..<64 as Range<Int64> { try disk.write([piece, piece], to: other, at: index << 21) }
            }
            #expect(fault?.isOutOfSpace == true)
            try disk.writeText("reserved", to: log, at: 1 << 20)
            #expect(try disk.text(of: log, at: 1 << 20, count: 8) == "reserved")
            try disk.synchronize(log)
            try disk.truncate(other, to: 0)
            try disk.write([piece, piece], to: other, at: 0)
            try disk.synchronize(other)
        }
    }
}

@Suite("the lock of a data folder")
struct DirectoryLockTests {
    @Test("refuses a second holder and names the first")
    func refusesSecond() throws {
        try withDirectory { root in
            let lock = try DirectoryLock(root)
            #expect(throws: DirectoryLockRefusal.held(processID: getpid())) { try DirectoryLock(root) }
            withExtendedLifetime(lock) {}
        }
    }

    @Test("refuses a second process")
    func refusesSecondProcess() async throws {
        let root = FileManager.default.temporaryDirectory.appending(path: "myelin-lock-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: root, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: root) }
        let lock = try DirectoryLock(root)
        let holder = getpid()
        await #expect(processExitsWith: .success) { [root = root as String, holder = holder as Int32] in
            #expect(throws: DirectoryLockRefusal.held(processID: holder)) { try DirectoryLock(root) }
            try #require(holder != getpid())
        }
        withExtendedLifetime(lock) {}
    }

    @Test("is free again when its process has died without letting go")
    func outlivesProcess() async throws {
        let root = FileManager.default.temporaryDirectory.appending(path: "myelin-lock-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: root, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: root) }
        await #expect(processExitsWith: .signal(SIGKILL)) { [root = root as String] in
            let lock = try DirectoryLock(root)
            kill(getpid(), SIGKILL)
            withExtendedLifetime(lock) {}
        }
        let text = try String(contentsOfFile: root + "/.lock", encoding: .utf8)
        #expect(text != "\(getpid())\n")
        _ = try DirectoryLock(root)
    }

    @Test("is free again when dropped, and also when a stale file names a process of old")
    func isReleased() throws {
        try withDirectory { root in
            try "4194305 and more".write(toFile: root + "/.lock", atomically: false, encoding: .utf8)
            for _ in 0..<3 { try withExtendedLifetime(lockOnceFree(root)) {} }
            let text = try String(contentsOfFile: root + "/.lock", encoding: .utf8)
            #expect(text == "\(getpid())\n")
        }
    }

    /// A child that another test has just forked holds the descriptor until its exec, at most ten seconds here.
    private func lockOnceFree(_ root: String) throws -> DirectoryLock {
        for _ in 0..<10_000 {
            do { return try DirectoryLock(root) } catch DirectoryLockRefusal.held { usleep(1_000) }
        }
        return try DirectoryLock(root)
    }

    @Test("reports a folder that is not there")
    func reportsAbsentFolder() {
        #expect(throws: DirectoryLockRefusal.failed(DiskFault(.lock, target: "/absent/.lock", errno: ENOENT))) {
            try DirectoryLock("/absent")
        }
    }
}
