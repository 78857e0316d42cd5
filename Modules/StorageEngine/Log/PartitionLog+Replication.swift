// SPDX-License-Identifier: Apache-2.0

public import Primitives
internal import RecordBatch

extension PartitionLog {
    /// Stages batches that another replica has stored, as they are: offsets, leader epochs and control batches included.
    ///
    /// All of them or none. Lengths, checksums, offsets and epochs are checked, the records inside are not: the leader
    /// has validated them. Producers are noted, not checked, for the same reason. Written and made durable as after
    /// `append`, and undone with it by `discardStaged` or a failed `writeStaged`.
    /// - Parameters:
    ///   - bytes: One or more whole batches, the first of which begins at `logEndOffset`. The memory is kept until it is
    ///     written.
    ///   - now: Wall-clock time, for producer expiry and segment age.
    /// - Complexity: O(bytes), for the checksums; no copy.
    @discardableResult
    public mutating func appendReplicated(
        _ bytes: SharedBytes, at now: Timestamp
    ) throws(ReplicatedAppendRefusal) -> ReplicatedAppend {
        switch state {
        case .open: break
        case .failed(let fault): throw .failed(fault)
        case .closed: throw .closed
        }
        let batches = try checkedBatches(in: bytes)
        let start = logEndOffset
        for batch in batches { stage(batch, batch.header, stamp: .none, at: now) }
        return ReplicatedAppend(offsets: start..<logEndOffset, batchCount: batches.count, byteCount: bytes.count)
    }

    private func checkedBatches(in bytes: SharedBytes) throws(ReplicatedAppendRefusal) -> [Batch] {
        let byteCountMax = min(configuration.segmentByteCountMax, Int64(Int32.max))
        var found: [Batch] = []
        var position = 0
        var (next, epoch) = (logEndOffset, epochs.latest)
        while position < bytes.count {
            let stored = try checkedBatch(in: bytes, at: position)
            let batch = stored.rest(from: next)
            let header = batch.header
            guard header.baseOffset == next else { throw .notContiguous(expected: next, received: header.baseOffset) }
            guard header.partitionLeaderEpoch >= epoch else {
                throw .staleLeaderEpoch(current: epoch, received: header.partitionLeaderEpoch)
            }
            guard Int64(header.totalByteCount) <= byteCountMax else {
                throw .batchTooLarge(byteCount: header.totalByteCount, segmentByteCountMax: byteCountMax)
            }
            found.append(batch)
            position += stored.bytes.count
            (next, epoch) = (header.nextOffset, header.partitionLeaderEpoch)
        }
        return found
    }

    private func checkedBatch(in bytes: SharedBytes, at position: Int) throws(ReplicatedAppendRefusal) -> Batch {
        do throws(DecodeError) {
            let batch = try Batch(parsing: bytes, at: position)
            do throws(DecodeError) { try batch.verifyChecksum() } catch {
                throw DecodeError(error.reason, at: position + error.position)
            }
            // Not under the checksum: what a log could not hold, recovery would not find again.
            guard batch.header.baseOffset >= .zero, batch.header.baseOffset <= LogFiles.offsetMax else {
                throw DecodeError(.invalidValue(batch.header.baseOffset.rawValue), at: position)
            }
            guard batch.header.lastOffsetDelta >= 0, batch.header.recordCount >= 0 else {
                throw DecodeError(.invalidValue(Int64(batch.header.lastOffsetDelta)), at: position + 23)
            }
            return batch
        } catch { throw .malformed(error) }
    }
}

extension Batch {
    /// What stands for compacted offsets, from `offset` on: a leader may have compacted batches away that lie on both sides
    /// of our end. Every other batch as it is.
    fileprivate func rest(from offset: Offset) -> Batch {
        guard header.isFiller, header.baseOffset < offset, header.nextOffset > offset else { return self }
        return .filler(offset..<header.nextOffset, leaderEpoch: header.partitionLeaderEpoch)
    }
}
