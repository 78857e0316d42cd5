// SPDX-License-Identifier: Apache-2.0

internal import Coordinator
internal import Dispatch
internal import Glibc
internal import Primitives
internal import StorageEngine
internal import Synchronization
internal import Transport

/// A pass on its way between the shard that owns the partition and the worker.
final class CompactionJob: @unchecked Sendable {
    // Proof of @unchecked: handed over as a whole, to the worker by `advance` and back by its answer; whoever has handed it
    // over does not touch it.
    var pass: LogCompaction

    init(_ pass: LogCompaction) { self.pass = pass }
}

/// Where a pass has got to.
enum CompactionStep: Sendable {
    case cleaned(CleanedSegment)
    case finished
    case failed(CompactionTrouble)
    /// The node is stopping; what the pass had not handed over is removed.
    case stopped
}

/// Carries compaction out: one thread with a disk of its own, so that no shard waits for it.
final class CleanerWorker: @unchecked Sendable {
    // Proof of @unchecked: `disk` and `throttle` are touched on `queue` only; the rest is constant or a lock.
    private let shards: ShardSet
    private let queue = DispatchQueue(label: "myelin.cleaner", qos: .utility)
    private let path: String
    private let isStopping = Atomic(false)
    private var disk: FileDisk?
    private var throttle: CleanerThrottle

    init(shards: ShardSet, dataDirectory: String, bytesPerSecondMax: Double) {
        self.shards = shards
        path = dataDirectory
        throttle = CleanerThrottle(bytesPerSecondMax: bytesPerSecondMax)
    }

    /// Steps a pass until it has something for the shard, whose loop then gets the answer.
    func advance(_ job: CompactionJob, for shard: Int, then: @escaping @Sendable (BrokerShard, CompactionStep) -> Void)
    {
        queue.async { [self] in
            let step = run(job)
            shards.loops[shard].execute { [shards] in shards[shard].receive([ShardWork { then($0, step) }]) }
        }
    }

    /// Closes and removes what a pass has not handed over.
    func abandon(_ job: CompactionJob) {
        queue.async { [self] in
            if let disk { job.pass.abandon(on: disk) }
        }
    }

    /// Ends what is under way within a few steps; returns when the worker touches the data folder no more.
    func stop() async {
        isStopping.store(true, ordering: .relaxed)
        await withCheckedContinuation { (done: CheckedContinuation<Void, Never>) in
            queue.async { [self] in
                disk = nil
                done.resume()
            }
        }
    }

    private func run(_ job: CompactionJob) -> CompactionStep {
        let disk: FileDisk
        do throws(DiskFault) { disk = try openedDisk() } catch { return .failed(.noDisk(error)) }
        do throws(CompactionFault) {
            while !isStopping.load(ordering: .relaxed) {
                let before = job.pass.counts.byteCount
                let progress = try job.pass.step(on: disk)
                throttle.spend(job.pass.counts.byteCount - before) { isStopping.load(ordering: .relaxed) }
                switch progress {
                case .working: continue
                case .cleaned(let segment): return .cleaned(segment)
                case .finished: return .finished
                }
            }
            job.pass.abandon(on: disk)
            return .stopped
        } catch {
            job.pass.abandon(on: disk)
            return .failed(.pass(error))
        }
    }

    /// Only calls that wait are made on it, so the cheapest mechanism will do.
    private func openedDisk() throws(DiskFault) -> FileDisk {
        if let disk { return disk }
        let opened = try FileDisk.open(at: path, preferring: .threads)
        disk = opened
        return opened
    }
}

extension CompactionCounts {
    fileprivate var byteCount: Int64 { readByteCount + writtenByteCount }
}

/// Spreads compaction's bytes over time (`log.cleaner.io.max.bytes.per.second`).
struct CleanerThrottle {
    private let bytesPerSecondMax: Double
    /// When all bytes so far are within the rate, in nanoseconds of the monotonic clock.
    private var settled: UInt64 = 0
    /// A pause is cut into these, so that a stop need not wait for it.
    private static let pieceMicroseconds: UInt32 = 50_000

    init(bytesPerSecondMax: Double) { self.bytesPerSecondMax = bytesPerSecondMax }

    mutating func spend(_ byteCount: Int64, orStop isStopping: () -> Bool) {
        let nanoseconds = Double(byteCount) / bytesPerSecondMax * 1e9
        guard nanoseconds >= 1, nanoseconds < 1e18 else { return }
        settled = max(settled, DispatchTime.now().uptimeNanoseconds) + UInt64(nanoseconds)
        while DispatchTime.now().uptimeNanoseconds < settled, !isStopping() {
            let left = (settled - min(settled, DispatchTime.now().uptimeNanoseconds)) / 1000
            usleep(UInt32(min(left + 1, UInt64(Self.pieceMicroseconds))))
        }
    }
}
