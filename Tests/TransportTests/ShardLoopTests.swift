// SPDX-License-Identifier: Apache-2.0

import CShims
import Glibc
import Primitives
import Synchronization
import Testing
import Transport

@Suite("Shard loop")
struct ShardLoopTests {
    @Test("mailbox items run on the loop, in the order they were sent")
    func ordersMailbox() async {
        let group = ShardLoopGroup(count: 1)
        let loop = group.loops[0]
        let seen = Mutex<[Int]>([])
        await withCheckedContinuation { done in
            for item in 0..<10_000 {
                loop.execute {
                    loop.preconditionCurrent()
                    seen.withLock { $0.append(item) }
                }
            }
            loop.execute { done.resume() }
        }
        #expect(seen.withLock { $0 } == Array(0..<10_000))
        #expect(loop.mailboxBacklog.count == 0)
        #expect(loop.mailboxBacklog.peak >= 1)
        await group.shutDown()
    }

    @Test("items sent by items run in a later round, so that the loop stays fair")
    func runsNestedItemsLater() async {
        let group = ShardLoopGroup(count: 1)
        let loop = group.loops[0]
        let seen = Mutex<[String]>([])
        await withCheckedContinuation { done in
            loop.execute {
                loop.execute {
                    seen.withLock { $0.append("nested") }
                    done.resume()
                }
                loop.execute { seen.withLock { $0.append("after") } }
                seen.withLock { $0.append("first") }
            }
        }
        await group.shutDown()
        #expect(seen.withLock { $0 } == ["first", "nested", "after"])
    }

    @Test("a round ends once, after its work, with the hooks in order")
    func endsRounds() async {
        let group = ShardLoopGroup(count: 1)
        let loop = group.loops[0]
        let seen = Mutex<[String]>([])
        await withCheckedContinuation { done in
            loop.execute {
                loop.onRoundEnd { seen.withLock { $0.append("disk") } }
                loop.onRoundEnd { seen.withLock { $0.append("flush") } }
                seen.withLock { $0.append("work") }
                loop.execute { seen.withLock { $0.append("more work") } }
                loop.schedule(afterMilliseconds: 5) { done.resume() }
            }
        }
        // On a busy machine the loop's own sweep may end a round in between.
        let events = seen.withLock { $0 }
        #expect(events.first == "work")
        #expect(events.drop { $0 != "more work" }.prefix(3) == ["more work", "disk", "flush"])
        await group.shutDown()
    }

    @Test("timers fire in the order of their deadlines, not before, and not once cancelled")
    func firesTimers() async {
        let group = ShardLoopGroup(count: 1)
        let loop = group.loops[0]
        let seen = Mutex<[Int]>([])
        let start = loop.now
        await withCheckedContinuation { done in
            loop.execute {
                loop.schedule(afterMilliseconds: 60) { done.resume() }
                loop.schedule(afterMilliseconds: 40) { seen.withLock { $0.append(40) } }
                loop.schedule(at: start.advanced(byMilliseconds: 20)) { seen.withLock { $0.append(20) } }
                let cancelled = loop.schedule(afterMilliseconds: 10) { seen.withLock { $0.append(10) } }
                #expect(cancelled.isPending)
                cancelled.cancel()
                #expect(!cancelled.isPending)
                loop.schedule(at: Instant(nanoseconds: -1)) { seen.withLock { $0.append(-1) } }
            }
        }
        #expect(loop.now.milliseconds(since: start) >= 60)
        #expect(seen.withLock { $0 } == [-1, 20, 40])
        await group.shutDown()
    }

    @Test("an eventfd wakes the loop each time it is written, and is emptied")
    func watchesEventDescriptor() async throws {
        let group = ShardLoopGroup(count: 1)
        let loop = group.loops[0]
        let descriptor = myelin_eventfd()
        let (wakes, continuation) = AsyncStream<Bool>.makeStream()
        try await loop.watch(descriptor: descriptor) {
            var value: UInt64 = 0
            continuation.yield(loop.isCurrent && read(descriptor, &value, 8) == -1)
        }
        var iterator = wakes.makeAsyncIterator()
        for _ in 0..<100 {
            var one: UInt64 = 1
            #expect(write(descriptor, &one, 8) == 8)
            #expect(await iterator.next() == true)
        }
        Glibc.close(descriptor)
        await group.shutDown()
    }

    @Test("watching what is no event source is refused")
    func refusesWatchingFiles() async throws {
        let group = ShardLoopGroup(count: 1)
        await #expect(throws: DescriptorFault(errno: EBADF)) { try await group.loops[0].watch(descriptor: 999_999) {} }
        let file = open("/etc/passwd", O_RDONLY)
        await #expect(throws: DescriptorFault.self) { try await group.loops[0].watch(descriptor: file) {} }
        Glibc.close(file)
        await group.shutDown()
    }

    @Test("the wall clock is the system's")
    func tellsWallClock() async {
        let group = ShardLoopGroup(count: 1)
        let seconds = Int64(time(nil))
        #expect(abs(group.loops[0].wallClock.rawValue / 1_000 - seconds) <= 1)
        await group.shutDown()
    }

    @Test("pinned loops run, each on one processor of those allowed")
    func pins() async {
        let group = ShardLoopGroup(count: 3, pinned: true)
        for loop in group.loops {
            let mask = await withCheckedContinuation { done in loop.execute { done.resume(returning: allowedMask()) } }
            #expect(mask.nonzeroBitCount == 1)
        }
        #expect(group.loops.map(\.index) == [0, 1, 2])
        await group.shutDown()
    }

    @Test("a call from another thread traps")
    func trapsElsewhere() async {
        await #expect(processExitsWith: .failure) {
            ShardLoopGroup(count: 1).loops[0].preconditionCurrent()
        }
    }

    /// The processors the calling thread may run on, the last 32 of them.
    private func allowedMask() -> UInt32 {
        guard let file = fopen("/proc/thread-self/status", "r") else { return 0 }
        defer { fclose(file) }
        var line = [CChar](repeating: 0, count: 512)
        while fgets(&line, 512, file) != nil {
            let text = String(decoding: line.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
            guard text.hasPrefix("Cpus_allowed:") else { continue }
            return UInt32(text.split(whereSeparator: \.isWhitespace)[1].suffix(8), radix: 16) ?? 0
        }
        return 0
    }
}
