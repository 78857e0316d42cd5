// SPDX-License-Identifier: Apache-2.0

internal import Primitives
internal import RecordBatch

/// The compression contexts of one shard, reused from batch to batch.
struct CodecWorkspace {
    let decompressor = Decompressor()
    let compressor = Compressor()
    let validator: BatchValidator

    init() { validator = BatchValidator(decompressor: decompressor) }

    /// All records of a batch of our own log.
    func records(of batch: Batch) throws(RecordsError) -> [Record] {
        var records = try Records(batch, using: decompressor)
        return try records.remaining()
    }
}
