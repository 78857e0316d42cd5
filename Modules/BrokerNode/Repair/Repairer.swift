// SPDX-License-Identifier: Apache-2.0

internal import ControllerNode
internal import Coordinator
internal import Primitives
internal import StorageEngine
internal import WireProtocol

/// What the repairs of a shard have counted.
struct RepairCounters: Sendable {
    var foundCount: UInt64 = 0
    var mendedCount: UInt64 = 0
    var mendedByteCount: UInt64 = 0
    /// Rounds over all other replicas after which damage was left.
    var failedCount: UInt64 = 0
}

/// Mends the damaged logs of a shard with the bytes of other replicas.
///
/// However damage is found, the partition is enrolled; it stays until its log is whole. A round takes each damaged range
/// in turn; after one that left damage the next waits, longer each time.
/// - SeeAlso: docs/decisions/0016-repair.md
package final class Repairer {
    /// Partitions under repair at once: each may hold up the shard for a synchronize.
    private static let concurrencyMax = 2
    private static let answerMilliseconds: Int64 = 5_000
    private static let pauseMillisecondsMin: Int64 = 200
    private static let pauseMillisecondsMax: Int64 = 30_000

    private final class Patient {
        let partition: Partition
        var told: [LogDamage] = []
        var repair: RangeRepair?
        /// Ranges of this round that are still to be looked at.
        var rest: [LogDamage] = []
        /// The round left a range that the leader may have whole.
        var hasUnshared = false
        var pauseMilliseconds = Repairer.pauseMillisecondsMin
        var restsUntil: Instant?

        init(_ partition: Partition) { self.partition = partition }

        var isUnderWay: Bool { repair != nil }
    }

    private unowned let shard: BrokerShard
    package var reader: (any ReplicaReader)?
    private var patients: [PartitionID: Patient] = [:]
    /// When the next turn is due at the latest.
    private var turnAt: Instant?
    private(set) var metrics = RepairCounters()

    init(shard: BrokerShard) { self.shard = shard }

    /// Takes up a partition whose log has damage; does nothing for one that is known.
    func damaged(_ partition: Partition) {
        let id = partition.id
        if patients[id]?.partition !== partition { patients[id] = Patient(partition) }
        guard let patient = patients[id] else { preconditionFailure("\(partition.folder) was not enrolled") }
        tell(patient)
        scheduleTurn(afterMilliseconds: 0)
    }

    private func tell(_ patient: Patient) {
        let damages = patient.partition.log.damages
        guard patient.told != damages else { return }
        for damage in damages
        where !patient.told.contains(where: { $0.offsets.upperBound == damage.offsets.upperBound }) {
            metrics.foundCount += 1
            patient.restsUntil = nil
            shard.logger.error(
                "\(patient.partition.folder): offsets \(damage.offsets) are damaged at byte \(damage.position) of segment \(damage.segment)"
            )
        }
        patient.told = damages
    }

    // MARK: Rounds

    private func scheduleTurn(afterMilliseconds milliseconds: Int64) {
        let deadline = shard.now.advanced(byMilliseconds: milliseconds)
        guard turnAt.map({ deadline < $0 }) ?? true else { return }
        turnAt = deadline
        shard.schedule(at: deadline) { [unowned self] in
            guard turnAt == deadline else { return }
            turnAt = nil
            turn()
        }
    }

    private func turn() {
        guard !shard.isDraining else { return }
        let now = shard.now
        for (id, patient) in patients.sorted(by: { $0.key < $1.key }) where !patient.isUnderWay {
            guard patients.values.count(where: \.isUnderWay) < Self.concurrencyMax else { break }
            guard shard.partitions[id] === patient.partition else {
                patients[id] = nil
                continue
            }
            guard patient.restsUntil ?? now <= now else { continue }
            begin(patient)
        }
        guard let next = patients.values.filter({ !$0.isUnderWay }).compactMap(\.restsUntil).min() else { return }
        scheduleTurn(afterMilliseconds: max(1, (next.nanoseconds - now.nanoseconds) / 1_000_000 + 1))
    }

    private func begin(_ patient: Patient) {
        patient.rest = patient.partition.log.damages
        patient.hasUnshared = false
        nextRange(of: patient)
    }

    private func nextRange(of patient: Patient) {
        let log = patient.partition.log
        guard let damage = patient.rest.first else { return endRound(of: patient) }
        patient.rest.removeFirst()
        guard log.damages.contains(damage) else { return nextRange(of: patient) }
        let end = damage.offsets.upperBound
        let image = shard.image.partition(patient.partition.id)
        let leader = image?.leader ?? .none
        patient.repair = RangeRepair(
            damage, witness: end < log.writtenOffset ? .init(end, log.epoch(of: end)) : nil,
            peers: RangeRepair.peers(
                of: shard.node.id, replicas: image?.replicas ?? [], inSync: image?.inSyncReplicas ?? [],
                leader: leader), leader: leader == shard.node.id ? nil : leader)
        carryOn(patient)
    }

    private func endRound(of patient: Patient) {
        patient.repair = nil
        let partition = patient.partition
        guard !partition.log.damages.isEmpty else {
            partition.isDoubtful = false
            patients[partition.id] = nil
            shard.logger.notice("\(partition.folder): all damage is mended")
            partition.wakeWatchers()
            return scheduleTurn(afterMilliseconds: 0)
        }
        metrics.failedCount += 1
        partition.isDoubtful = patient.hasUnshared
        patient.restsUntil = shard.now.advanced(byMilliseconds: patient.pauseMilliseconds)
        patient.pauseMilliseconds = min(2 * patient.pauseMilliseconds, Self.pauseMillisecondsMax)
        shard.logger.warning(
            "\(partition.folder): \(partition.log.damages.count) damaged ranges are left, as no other replica could give them",
            limitedBy: "repair")
        scheduleTurn(afterMilliseconds: 0)
    }

    // MARK: One range

    private func carryOn(_ patient: Patient) {
        guard let repair = patient.repair else { return }
        switch repair.step {
        case .ask(let peer, let offsets, let byteCountMax): ask(peer, offsets, byteCountMax, for: patient)
        case .mend(let bytes): mend(patient, with: bytes)
        case .finished(.mended): nextRange(of: patient)
        case .finished(.exhausted(let isShared)):
            if !isShared { patient.hasUnshared = true }
            nextRange(of: patient)
        }
    }

    private func ask(_ peer: NodeID, _ offsets: Range<Offset>, _ byteCountMax: Int32, for patient: Patient) {
        shard.fetchLog(
            of: patient.partition.id, from: peer, offsets, byteCountMax: byteCountMax,
            withinMilliseconds: Self.answerMilliseconds
        ) { [weak self, weak patient] answer in
            guard let self, let patient, patients[patient.partition.id] === patient else { return }
            guard shard.partitions[patient.partition.id] === patient.partition else {
                patient.repair = nil
                return scheduleTurn(afterMilliseconds: 0)
            }
            patient.repair?.answered(RangeRepair.Answer(answer))
            carryOn(patient)
        }
    }

    private func mend(_ patient: Patient, with bytes: SharedBytes) {
        guard let damage = patient.repair?.damage else { return }
        do throws(MendRefusal) {
            let left = try patient.partition.withLog { log throws(MendRefusal) in
                try log.mend(damage, with: bytes, on: shard.disk)
            }
            metrics.mendedByteCount += UInt64(bytes.count)
            patient.told = patient.partition.log.damages
            if left == nil {
                metrics.mendedCount += 1
                shard.logger.notice("\(patient.partition.folder): offsets \(damage.offsets) are mended")
            }
            patient.repair?.mended(left: left)
        } catch {
            shard.logger.error(
                "\(patient.partition.folder): offsets \(damage.offsets) cannot be mended: \(error)", limitedBy: "mend")
            if case .log(let fault) = error { shard.noteFault(fault) }
            patient.repair?.refused()
        }
        // A turn of the loop between pieces: large damage must not hold up the shard.
        shard.schedule(afterMilliseconds: 0) { [weak self, weak patient] in
            if let self, let patient { carryOn(patient) }
        }
    }
}

extension RangeRepair.Answer {
    init(_ answer: Result<ReplicaAnswerBytes, RPCError>) {
        guard case .success(let answer) = answer else {
            self = .silent
            return
        }
        switch answer.response.outcome {
        case .given: self = .given(answer.batches)
        case .damaged: self = .damaged
        case .outOfRange: self = .outOfRange
        case .notHere, .unspecified: self = .silent
        }
    }
}

extension BrokerShard {
    /// Asks another replica for batches, wherever the metadata says it answers: one that is fenced has its log as well.
    func fetchLog(
        of id: PartitionID, from peer: NodeID, _ offsets: Range<Offset>, byteCountMax: Int32,
        withinMilliseconds milliseconds: Int64, done: @escaping (Result<ReplicaAnswerBytes, RPCError>) -> Void
    ) {
        guard let reader = repairer.reader, let rpc = image.broker(peer)?.rpc else {
            schedule(afterMilliseconds: 0) { done(.failure(RPCError(.unavailable, "broker \(peer) answers nowhere"))) }
            return
        }
        let request = Replicas.FetchLogRequest.with {
            ($0.topicID, $0.partitionIndex) = (id.topic, id.index)
            ($0.startOffset, $0.endOffset) = (offsets.lowerBound, offsets.upperBound)
            $0.byteCountMax = byteCountMax
        }
        reader.fetchLog(
            of: peer, host: rpc.host, port: Int(rpc.port), request, withinMilliseconds: milliseconds, done: done)
    }
}
