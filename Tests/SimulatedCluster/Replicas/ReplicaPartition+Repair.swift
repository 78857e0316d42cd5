// SPDX-License-Identifier: Apache-2.0

import Coordinator
import Primitives
import RecordBatch
import Replication
import Simulation
import StorageEngine

/// What a replica does about its damage.
struct RepairState {
    /// A read met bytes that do not check.
    var isSuspect = false
    var tickCount = 0
    /// Whom to ask next; counts through the other replicas.
    var turn = 0
    /// When the last question counts as lost.
    var asksAgainAt: Nanoseconds = 0
}

/// A record, and the epoch in which it stands: a replica that has it has the same log before it.
struct Witness {
    let offset: Offset
    let epoch: LeaderEpoch
}

extension ReplicaPartition {
    private static let scrubInterval = 30

    /// Writes checkpoints, looks for damage and mends it, each in its time.
    func maintain() throws(LogFault) {
        repair.tickCount += 1
        if let interval = broker.scene.checkpointInterval, repair.tickCount % interval == 0 { try checkpoint() }
        if repair.isSuspect || repair.tickCount % Self.scrubInterval == 0 { scrub() }
        askForDamaged()
        log.purgeRemoved(at: broker.process.wallClock, on: disk) { broker.nextTicket() }
        try clean()
    }

    private func checkpoint() throws(LogFault) {
        do throws(LogFault) { try log.writeCheckpoint(on: disk) } catch {
            // It is tried again; only a log out of service ends the process.
            if case .failed = error { throw error }
        }
    }

    // MARK: Finding

    /// Verifies all closed segments, and takes note of what is damaged.
    func scrub() {
        repair.isSuspect = false
        var last: Offset?
        while var scrub = log.scrub(after: last) {
            last = scrub.segment
            do throws(DiskFault) {
                while !scrub.isDone { try scrub.verifyNext(byteCountMax: 1 << 16, on: disk) }
            } catch { return scrub.close(on: disk) }
            broker.world.check(
                scrub.damages.isEmpty || broker.scene.atlas.isDamaged(broker.id, id, segment: scrub.segment),
                "damage is found only where a disk was damaged", "\(log.folder) at \(broker.id): \(scrub.damages)")
            log.note(scrub)
        }
        let damaged = Set(log.damages.map(\.segment))
        for segment in broker.scene.atlas.segments(damagedAt: broker.id, of: id) where !damaged.contains(segment) {
            broker.scene.atlas.mended(broker.id, id, segment: segment)
        }
    }

    // MARK: Mending

    /// Asks one of the other replicas, the leader first, for the batches that are damaged here. Whoever has the record
    /// behind the damage in the same epoch has the same before it.
    private func askForDamaged() {
        let world = broker.world
        guard let damage = log.damages.first, world.now >= repair.asksAgainAt,
            damage.offsets.upperBound < log.writtenOffset, let image = broker.image.partition(id)
        else { return }
        let others = ([image.leader] + image.replicas).filter { $0 != broker.id && $0 != .none }
        guard !others.isEmpty else { return }
        repair.asksAgainAt = world.now + .milliseconds(500)
        let peer = others[repair.turn % others.count]
        repair.turn += 1
        let end = damage.offsets.upperBound
        let witness = Witness(offset: end, epoch: log.epoch(of: end))
        let (scene, id, me) = (broker.scene, id, broker.process.address)
        let target = scene.machine(peer).address
        scene.network.send(from: me, to: target) { [weak self] in
            guard let other = scene.broker(peer)?.partition(id),
                let bytes = other.batches(damage.offsets, before: witness)
            else { return }
            scene.network.send(from: target, to: me) {
                guard let self, self.broker.process.isAlive else { return }
                self.broker.mend(self, damage, with: bytes)
            }
        }
    }

    /// Exactly these offsets, if the log has them before that witness and all their bytes are good.
    private func batches(_ offsets: Range<Offset>, before witness: Witness) -> SharedBytes? {
        guard witness.offset < log.writtenOffset, log.epoch(of: witness.offset) == witness.epoch else { return nil }
        var found: [UInt8] = []
        var next = offsets.lowerBound
        while next < offsets.upperBound {
            guard let bytes = read(from: next, below: offsets.upperBound, byteCountMax: 1 << 20),
                let end = ReplicaLink.end(of: bytes)
            else { return nil }
            found += bytes.array
            next = end
        }
        return SharedBytes(found)
    }

    /// Puts them in place, durably.
    func mend(_ damage: LogDamage, with bytes: SharedBytes) throws(LogFault) {
        guard log.damages.contains(damage) else { return }
        // It makes the log durable before it puts anything in place, and that stays when the rest fails.
        defer {
            checker.durable(to: log.durableOffset.rawValue, at: broker.process.address)
            withLeader { $0.synchronized(log.durableOffset) }
        }
        do throws(MendRefusal) { try log.mend(damage, with: bytes, on: disk) } catch {
            guard case .log(let fault) = error else {
                return broker.world.fail("a peer's bytes mend what is damaged", "\(log.folder): \(error)")
            }
            if case .failed = fault { throw fault }
            return
        }
        broker.world.note(
            "mends", broker.process.address, Int64(id.index.rawValue), damage.offsets.lowerBound.rawValue,
            damage.offsets.upperBound.rawValue)
        repair.asksAgainAt = 0
        scrub()
    }

    // MARK: Damaging

    /// Closed segments that the last checkpoint covers: base, end and size.
    var coveredSegments: [(base: Offset, end: Offset, byteCount: Int64)] {
        let segments = log.segmentByteCounts
        var left = log.byteCount - log.byteCountBeyondCheckpoint
        var found: [(Offset, Offset, Int64)] = []
        for (segment, next) in zip(segments, segments.dropFirst()) {
            left -= segment.byteCount
            guard left >= 0 else { break }
            if segment.byteCount > 0 { found.append((segment.baseOffset, next.baseOffset, segment.byteCount)) }
        }
        return found
    }

    /// Changes bytes on the platter and has the cache forget them; returns whether it did.
    func damage(_ segment: Offset, byteCount: Int64, with fault: Fault) -> Bool {
        var entropy = broker.world.streams.disk.split()
        do throws(DiskFault) {
            try disk.damage(
                log.path(ofSegment: segment), byteCount: Int(byteCount), with: fault, using: &entropy)
            return true
        } catch {
            broker.scene.atlas.mended(broker.id, id, segment: segment)
            return false
        }
    }
}
