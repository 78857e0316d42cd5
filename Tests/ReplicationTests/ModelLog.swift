// SPDX-License-Identifier: Apache-2.0

import Primitives
import Replication

/// A log in memory: each record is a batch of its own, and a crash loses what was not synchronized.
struct ModelLog: EpochTable, Equatable {
    struct Record: Equatable {
        let epoch: LeaderEpoch
        /// Unique in a run.
        let content: Int
    }

    private(set) var records: [Record] = []
    /// Records before `start` were deleted, or never here.
    private(set) var start = Offset.zero
    private(set) var durableEnd = Offset.zero
    /// Epoch of the last record that was deleted.
    private var epochBeforeStart = LeaderEpoch.none

    var end: Offset { start + Int64(records.count) }
    var lastEpoch: LeaderEpoch { records.last?.epoch ?? epochBeforeStart }
    var standing: ReplicaStanding {
        ReplicaStanding(logStart: start, logEnd: end, durableEnd: durableEnd, lastEpoch: lastEpoch)
    }

    subscript(offset: Offset) -> Record { records[Int(offset.distance(from: start))] }

    func epoch(of offset: Offset) -> LeaderEpoch {
        offset >= start && offset < end ? self[offset].epoch : .none
    }

    func lastEpoch(atOrBefore epoch: LeaderEpoch) -> OffsetAndEpoch? {
        guard let index = records.lastIndex(where: { $0.epoch <= epoch }) else {
            return epochBeforeStart != .none && epochBeforeStart <= epoch
                ? OffsetAndEpoch(start, epochBeforeStart) : nil
        }
        return OffsetAndEpoch(start + Int64(index) + 1, records[index].epoch)
    }

    mutating func append(_ record: Record) {
        precondition(record.epoch >= lastEpoch, "epoch \(record.epoch) after \(lastEpoch)")
        records.append(record)
    }

    mutating func synchronize() { durableEnd = end }

    mutating func cut(to offset: Offset) {
        records.removeLast(Int(end.distance(from: offset)))
        durableEnd = min(durableEnd, end)
    }

    mutating func restart(at offset: Offset) {
        self = ModelLog()
        (start, durableEnd) = (offset, offset)
    }

    mutating func deleteRecords(before offset: Offset) {
        guard offset > start else { return }
        epochBeforeStart = epoch(of: offset - 1)
        records.removeFirst(Int(offset.distance(from: start)))
        start = offset
        durableEnd = max(durableEnd, start)
    }

    /// Keeps what is durable and `extra` records more, as a page cache may have been written out.
    mutating func crash(keeping extra: Int) {
        let kept = min(end, durableEnd + Int64(extra))
        cut(to: kept)
        synchronize()
    }
}
