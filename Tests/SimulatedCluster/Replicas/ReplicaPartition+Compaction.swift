// SPDX-License-Identifier: Apache-2.0

import Primitives
import RecordBatch
import Simulation
import StorageEngine

/// A pass over a log, from one tick to the next.
struct CleaningState {
    fileprivate var pass: LogCompaction?
    /// Written, and not yet put in place.
    fileprivate var cleaned: CleanedSegment?
}

extension ReplicaPartition {
    /// Goes on with a pass, or begins one, at times: other events come between its steps, as on a broker whose worker has a
    /// thread of its own.
    func clean() throws(LogFault) {
        while log.configuration.compaction != nil, broker.process.isAlive,
            broker.scene.cleaning.chance(1, in: cleaning.pass == nil ? 8 : 2)
        {
            guard cleaning.pass != nil else { return try beginPass() }
            if let segment = cleaning.cleaned { try exchange(segment) } else { try stepPass() }
        }
    }

    private func beginPass() throws(LogFault) {
        if log.compactionNeedsCheckpoint {
            do throws(LogFault) { _ = try log.writeCheckpoint(on: disk) } catch {
                guard case .failed = error else { return }
                throw error
            }
        }
        let now = broker.process.wallClock
        guard log.compactionStanding(at: now, below: stableEnd)?.isDue == true, let aborted = abortedSoFar() else {
            return
        }
        let limits = CompactionLimits(mapByteCountMax: broker.scene.cleaning.pick([100, 1000, 1 << 20]))
        let secret = (broker.scene.cleaning.next(), broker.scene.cleaning.next())
        do throws(CompactionFault) {
            cleaning.pass = try log.beginCompaction(
                at: now, below: stableEnd, aborted: aborted, limits: limits, secret: secret)
        } catch { note(error) }
    }

    private func abortedSoFar() -> [AbortedTransaction]? {
        while true {
            do throws(ReadRefusal) {
                return try log.abortedTransactions(from: .zero, to: stableEnd, on: disk)
            } catch {
                guard case .cold(let file, let position, let count) = error else { return nil }
                do throws(DiskFault) { _ = try disk.read(file, at: position, count: count) } catch { return nil }
            }
        }
    }

    private func stepPass() throws(LogFault) {
        guard var pass = cleaning.pass else { return }
        let progress: LogCompaction.Progress
        do throws(CompactionFault) { progress = try pass.step(on: disk) } catch {
            pass.abandon(on: disk)
            cleaning.pass = nil
            // What was cut off under the pass took its files with it.
            if log.stillHolds(pass) { note(error) }
            return
        }
        cleaning.pass = pass
        switch progress {
        case .working: return
        case .cleaned(let segment): cleaning.cleaned = segment
        case .finished: try finish(pass)
        }
    }

    private func exchange(_ segment: CleanedSegment) throws(LogFault) {
        cleaning.cleaned = nil
        do throws(LogFault) {
            if try log.replace(with: segment, at: broker.process.wallClock, on: disk) {
                return compare(segment)
            }
        } catch {
            abandon()
            guard case .disk = error else { throw error }
            return
        }
        abandon()
    }

    private func abandon() {
        cleaning.pass?.abandon(on: disk)
        cleaning.pass = nil
    }

    private func finish(_ pass: LogCompaction) throws(LogFault) {
        cleaning.pass = nil
        do throws(LogFault) { try log.finish(pass, on: disk) } catch {
            guard case .disk = error else { throw error }
        }
    }

    /// What a pass cannot read nobody has damaged: only what is not compacted is.
    private func note(_ fault: CompactionFault) {
        if case .disk = fault { return }
        broker.world.fail("what is compacted can be read", "\(log.folder) at \(broker.id): \(fault)")
    }

    /// Holds what is in place now to what stood there.
    private func compare(_ segment: CleanedSegment) {
        broker.world.note(
            "compacts", broker.process.address, Int64(id.index.rawValue), segment.baseOffset.rawValue,
            segment.nextOffset.rawValue)
        broker.world.tally.compactedSegments += 1
        var next = segment.baseOffset
        var found: [PartitionChecker.Batch] = []
        while next < segment.nextOffset {
            guard let bytes = read(from: next, below: segment.nextOffset, byteCountMax: 1 << 16) else { return }
            let batches = Self.batches(in: bytes)
            guard let last = batches.last else { return }
            found += batches.map { checked($0.header, $0) }
            next = last.header.nextOffset
        }
        checker.compacted(to: found, at: broker.process.address)
    }
}
