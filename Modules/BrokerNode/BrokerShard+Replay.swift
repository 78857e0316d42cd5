// SPDX-License-Identifier: Apache-2.0

internal import ControllerNode
internal import Primitives
internal import RecordBatch
internal import StorageEngine

extension BrokerShard {
    /// Hands out the batches of a partition that this shard leads, from its log start to its end, a piece a turn of the loop:
    /// loading one partition must not hold up the shard.
    ///
    /// - Parameters:
    ///   - isWanted: Asked before each piece; the replay ends, without `done`, when it is not.
    ///   - take: Throws for a batch that makes no sense.
    ///   - done: All that was replayed is committed: what is not yet could be gone with this leader.
    func replay(
        _ partition: Partition, while isWanted: @escaping () -> Bool, _ take: @escaping (Batch) throws -> Void,
        then done: @escaping () -> Void
    ) {
        replayPiece(
            LogReplay(partition: partition, isWanted: isWanted, take: take, done: done),
            at: partition.log.logStartOffset)
    }

    private func replayPiece(_ replay: LogReplay, at offset: Offset) {
        let partition = replay.partition
        guard replay.isWanted() else { return }
        guard offset < partition.log.writtenOffset else { return finishWhenCommitted(replay) }
        readForReplay(partition, from: offset) { [weak self] result in
            guard let self else { return }
            switch result {
            case .success(let bytes):
                let next = replay.takeAll(bytes, from: offset, on: self)
                guard next > offset else { return }
                schedule(afterMilliseconds: 0) { [weak self] in self?.replayPiece(replay, at: next) }
            case .failure(let failure):
                logger.error("\(partition.folder) cannot be replayed from offset \(offset): \(failure)")
            }
        }
    }

    private func finishWhenCommitted(_ replay: LogReplay) {
        replay.partition.awaitRecoveredEnd { isReached in
            if isReached, replay.isWanted() { replay.done() }
        }
        markAwaited(replay.partition)
    }
}

/// A replay that is under way.
private struct LogReplay {
    let partition: Partition
    let isWanted: () -> Bool
    let take: (Batch) throws -> Void
    let done: () -> Void

    /// - Returns: the offset after what could be read.
    func takeAll(_ bytes: SharedBytes, from offset: Offset, on shard: BrokerShard) -> Offset {
        var next = offset
        var batches = Batches(bytes)
        do {
            while let batch = try batches.next() {
                try take(batch)
                next = batch.header.nextOffset
            }
        } catch {
            shard.logger.error("\(partition.folder) holds records that cannot be read at offset \(next): \(error)")
        }
        return next
    }
}
