// SPDX-License-Identifier: Apache-2.0

internal import ControllerNode
internal import Coordinator
internal import Primitives
internal import RecordBatch
internal import Replication
internal import StorageEngine

/// Writes the loss manifests of the metadata into `__loss_manifest`, where this broker leads it: for each manifest one key,
/// whose newest record says all that is known.
///
/// What is there is read first, so that a leader after another writes only what is new.
final class LossLedger {
    private static let appendMilliseconds: Int64 = 5_000
    private static let retryMilliseconds: Int64 = 1_000

    private let partition: Partition
    private unowned let shard: BrokerShard
    /// Newest value of each key.
    private var written: [String: [UInt8]] = [:]
    private var isLoaded = false
    private var isWriting = false
    private var hasResigned = false

    init(partition: Partition, shard: BrokerShard) {
        self.partition = partition
        self.shard = shard
    }

    /// Reads what is there, then writes what is missing.
    func load() { loadPiece(from: partition.log.logStartOffset) }

    func resign() { hasResigned = true }

    /// Writes what the metadata knows and the topic does not.
    func write() {
        guard isLoaded, !isWriting, !hasResigned else { return }
        let wall = shard.wallClock
        var builder = BatchBuilder()
        var new: [String: [UInt8]] = [:]
        for loss in shard.image.losses() {
            guard let topic = shard.image.topic(loss.partition.topic) else { continue }
            let document = LossDocument(loss, topic: topic.name)
            let value = document.encoded()
            guard written[document.key] != value, builder.uncompressedByteCount < LossDocument.batchByteCountMax else {
                continue
            }
            new[document.key] = value
            builder.append(timestamp: wall, key: SharedBytes(document.key), value: SharedBytes(value))
        }
        guard !new.isEmpty else { return }
        isWriting = true
        if let leader = partition.leader, leader.isUnderMinInSync { return writeLater() }
        let patience = AppendPatience(acks: .all, deadline: shard.now.advanced(byMilliseconds: Self.appendMilliseconds))
        shard.stage(builder.build(using: shard.codecs.compressor), in: partition, patience) { [weak self] result in
            guard let self else { return }
            guard case .success = result else { return writeLater() }
            written.merge(new) { $1 }
            isWriting = false
            // The metadata may know more by now, or there was more than one batch holds.
            write()
        }
    }

    private func writeLater() {
        shard.schedule(afterMilliseconds: Self.retryMilliseconds) { [weak self] in
            self?.isWriting = false
            self?.write()
        }
    }

    // MARK: Loading

    private func loadPiece(from offset: Offset) {
        guard !hasResigned else { return }
        guard offset < partition.log.writtenOffset else { return writeWhenCommitted() }
        shard.readForReplay(partition, from: offset) { [weak self] result in
            guard let self else { return }
            switch result {
            case .success(let bytes): take(bytes, from: offset)
            case .failure(let failure):
                shard.logger.error("\(partition.folder) cannot be read from offset \(offset): \(failure)")
            }
        }
    }

    private func writeWhenCommitted() {
        partition.awaitRecoveredEnd { [weak self] isReached in
            guard let self, isReached, !hasResigned else { return }
            isLoaded = true
            write()
        }
        shard.markAwaited(partition)
    }

    private func take(_ bytes: SharedBytes, from offset: Offset) {
        var next = offset
        var batches = Batches(bytes)
        do {
            while let batch = try batches.next() {
                for record in try shard.codecs.records(of: batch) {
                    guard let key = record.key, let value = record.value else { continue }
                    written[String(decoding: key.array, as: UTF8.self)] = value.array
                }
                next = batch.header.nextOffset
            }
        } catch {
            shard.logger.error("\(partition.folder) holds records that cannot be read at offset \(next): \(error)")
        }
        guard next > offset else { return }
        shard.schedule(afterMilliseconds: 0) { [weak self] in self?.loadPiece(from: next) }
    }
}
