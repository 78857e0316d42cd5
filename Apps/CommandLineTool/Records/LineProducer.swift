// SPDX-License-Identifier: Apache-2.0

import Foundation
import Primitives
import RecordBatch

/// Gathers records into batches, one open batch for each partition, and sends those that are full.
struct LineProducer {
    let sender: BatchSender
    let rule: RecordLine
    let codec: Codec
    /// Before compression.
    let batchByteCountMax: Int
    var partitioner: Partitioner
    private let compressor = Compressor()
    private var open: [PartitionIndex: BatchBuilder] = [:]

    init(sender: BatchSender, rule: RecordLine, codec: Codec, batchByteCountMax: Int, partitioner: Partitioner) {
        self.sender = sender
        self.rule = rule
        self.codec = codec
        self.batchByteCountMax = batchByteCountMax
        self.partitioner = partitioner
    }

    mutating func add(_ line: [UInt8]) async throws {
        let record = rule.record(from: line, at: Date.timestamp)
        let partition = partitioner.partition(for: record.key)
        // Fields of a record need up to about 40 bytes beside key, value and headers.
        let needed = line.count + 40 + rule.headers.reduce(0) { $0 + $1.key.count + ($1.value?.count ?? 0) + 10 }
        if let builder = open[partition], builder.uncompressedByteCount + needed > batchByteCountMax {
            try await flush(partition)
        }
        open[partition, default: BatchBuilder(codec: codec)].append(record)
    }

    /// Sends what is there, partition by partition.
    mutating func flush() async throws {
        for partition in open.keys.sorted() { try await flush(partition) }
    }

    private mutating func flush(_ partition: PartitionIndex) async throws {
        guard let builder = open.removeValue(forKey: partition) else { return }
        try await sender.send(builder.build(using: compressor), to: partition)
        partitioner.moveOn()
    }
}
