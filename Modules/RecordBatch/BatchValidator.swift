// SPDX-License-Identifier: Apache-2.0

public import Primitives

/// Proves that a batch from a producer is one that every reader can read, before any of it is stored.
///
/// Uncompressed records are walked where they lie, without allocating; compressed ones are expanded within limits first.
/// Control and transactional batches pass: whether the sender may write them is the caller's question.
public struct BatchValidator {
    public let decompressor: Decompressor

    public init(decompressor: Decompressor = Decompressor()) { self.decompressor = decompressor }

    /// Checks that `bytes` are exactly one batch that keeps the `rules`.
    ///
    /// - Throws: the first rule broken, in the order size, layout, checksum, attributes, counts, producer, records.
    /// - Complexity: O(bytes); about one pass for the checksum and a look at each record's lengths.
    public func validate(_ bytes: SharedBytes, rules: BatchRules) throws(BatchRefusal) -> ValidatedBatch {
        guard bytes.count <= rules.batchBytesMax else {
            throw .tooLarge(byteCount: bytes.count, byteCountMax: rules.batchBytesMax)
        }
        let batch = try parse(bytes)
        let header = batch.header
        let checksum = batch.computedChecksum
        guard checksum == header.checksum else {
            throw .checksumMismatch(expected: header.checksum, actual: checksum)
        }
        let codec = try Self.checkAttributes(header)
        try Self.checkCounts(header)
        try Self.checkProducer(header)
        return try walk(batch, codec: codec, rules: rules)
    }

    private func parse(_ bytes: SharedBytes) throws(BatchRefusal) -> Batch {
        do throws(DecodeError) {
            let batch = try Batch(parsing: bytes)
            let rest = bytes.count - batch.bytes.count
            guard rest == 0 else { throw DecodeError(.trailingBytes(rest), at: batch.bytes.count) }
            return batch
        } catch {
            guard case .invalidValue(let magic) = error.reason, error.position == 16 else { throw .malformed(error) }
            throw .unsupportedMagic(Int8(truncatingIfNeeded: magic))
        }
    }

    private static func checkAttributes(_ header: BatchHeader) throws(BatchRefusal) -> Codec {
        guard header.attributes & (BatchHeader.reservedBits | BatchHeader.deleteHorizonBit) == 0 else {
            throw .reservedAttributes(header.attributes)
        }
        guard header.timestampType == .createTime else { throw .timestampTypeSetByProducer }
        guard let codec = header.codec else { throw .unknownCodec(header.attributes & BatchHeader.codecMask) }
        return codec
    }

    private static func checkCounts(_ header: BatchHeader) throws(BatchRefusal) {
        guard header.recordCount >= 1, Int64(header.recordCount) == Int64(header.lastOffsetDelta) + 1 else {
            throw .recordCountMismatch(recordCount: header.recordCount, lastOffsetDelta: header.lastOffsetDelta)
        }
    }

    /// Without a producer id, epoch and sequence mean nothing and clients write various values: −1, 0.
    private static func checkProducer(_ header: BatchHeader) throws(BatchRefusal) {
        let sequenceIsFine = header.isControl || header.baseSequence >= 0
        let isFine =
            header.hasProducer
            ? header.producerEpoch >= ProducerEpoch(0) && sequenceIsFine
            : header.producerID == .none && !header.isTransactional && !header.isControl
        guard isFine else {
            throw .inconsistentProducer(
                header.producerID, header.producerEpoch, baseSequence: header.baseSequence)
        }
    }

    private func walk(_ batch: Batch, codec: Codec, rules: BatchRules) throws(BatchRefusal) -> ValidatedBatch {
        let walk = RecordWalk(header: batch.header, rules: rules)
        let payload = batch.payload
        guard codec != .none else {
            let times = try unsafe payload.withUnsafeBytes { bytes throws(BatchRefusal) in
                try unsafe walk.check(bytes)
            }
            return ValidatedBatch(batch, times, recordsByteCount: payload.count)
        }
        defer { decompressor.releaseExcess() }
        do throws(DecompressionRefusal) {
            try decompressor.expand(payload, codec: codec)
        } catch { throw .undecompressible(error) }
        // Proof: the expanded bytes stay until the next call of the decompressor, which comes after this walk.
        let times = try unsafe walk.check(decompressor.expanded)
        return unsafe ValidatedBatch(batch, times, recordsByteCount: decompressor.expanded.count)
    }
}

extension ValidatedBatch {
    fileprivate init(_ batch: Batch, _ times: RecordWalk.Times, recordsByteCount: Int) {
        self.init(
            batch: batch, maxTimestamp: times.max, maxTimestampOffsetDelta: times.maxOffsetDelta,
            recordsByteCount: recordsByteCount)
    }
}
