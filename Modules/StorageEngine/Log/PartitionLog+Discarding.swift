// SPDX-License-Identifier: Apache-2.0

public import Primitives
internal import RecordBatch

/// Records that a truncation would drop, from the headers of their batches.
public struct DiscardableRecords: Hashable, Sendable {
    /// Records of one producer in one of its epochs.
    public struct Producer: Hashable, Sendable {
        public let id: ProducerID
        public let epoch: ProducerEpoch
        public internal(set) var firstOffset: Offset
        public internal(set) var lastOffset: Offset
        public internal(set) var recordCount: Int64
    }

    /// Of the first batch that goes: a batch goes whole.
    public internal(set) var from: Offset
    public internal(set) var end: Offset
    public internal(set) var recordCount: Int64 = 0
    /// The latest time of any record; `.none` without records.
    public internal(set) var lastTimestamp = Timestamp.none
    /// By id and epoch; records without a producer are counted above alone.
    public internal(set) var producers: [Producer] = []
    /// Batches of producers beyond the bound.
    public internal(set) var leftOutBatchCount = 0
}

extension PartitionLog {
    /// What `truncateDiscarding(from:)` would drop. Changes nothing but which indexes are in memory.
    ///
    /// - Parameter producerCountMax: Most producers to tell apart.
    /// - Complexity: O(batches of the segments concerned), each a read of its header.
    public mutating func describeDiscarding(
        from offset: Offset, producerCountMax: Int, on disk: any Disk
    ) throws(DiskFault) -> DiscardableRecords {
        var found = DiscardableRecords(from: min(offset, logEndOffset), end: logEndOffset)
        guard offset < writtenOffset else { return found }
        var places: [ProducerKey: Int] = [:]
        for number in segmentNumber(holding: offset)..<segments.count {
            try walk(segment: number, on: disk) { header, _ in
                if header.nextOffset > offset { found.note(header, &places, producerCountMax) }
                return true
            }
        }
        found.producers.sort { ($0.id, $0.epoch) < ($1.id, $1.epoch) }
        return found
    }

    /// Where the first record of an epoch, or of a later one, stands or will stand.
    public func startOffset(ofEpochsFrom epoch: LeaderEpoch) -> Offset {
        epochs.entries.first { $0.epoch >= epoch }?.startOffset ?? logEndOffset
    }
}

private struct ProducerKey: Hashable {
    let id: ProducerID
    let epoch: ProducerEpoch
}

extension DiscardableRecords {
    fileprivate mutating func note(_ header: BatchHeader, _ places: inout [ProducerKey: Int], _ countMax: Int) {
        from = min(from, header.baseOffset)
        recordCount += Int64(header.recordCount)
        lastTimestamp = max(lastTimestamp, header.maxTimestamp)
        guard header.hasProducer else { return }
        let key = ProducerKey(id: header.producerID, epoch: header.producerEpoch)
        if let place = places[key] {
            producers[place].lastOffset = header.lastOffset
            producers[place].recordCount += Int64(header.recordCount)
        } else if producers.count < countMax {
            places[key] = producers.count
            producers.append(
                Producer(
                    id: key.id, epoch: key.epoch, firstOffset: header.baseOffset, lastOffset: header.lastOffset,
                    recordCount: Int64(header.recordCount)))
        } else {
            leftOutBatchCount += 1
        }
    }
}
