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
    func load() {
        shard.replay(
            partition, while: { [weak self] in self?.hasResigned == false },
            { [weak self] batch in try self?.replay(batch) }
        ) { [weak self] in
            self?.isLoaded = true
            self?.write()
        }
    }

    private func replay(_ batch: Batch) throws {
        for record in try shard.codecs.records(of: batch) {
            guard let key = record.key, let value = record.value else { continue }
            written[String(decoding: key.array, as: UTF8.self)] = value.array
        }
    }

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
        shard.keep(builder.build(using: shard.codecs.compressor), in: partition) { [weak self] failure in
            guard let self else { return }
            guard failure == nil else { return writeLater() }
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
}
