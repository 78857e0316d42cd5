// SPDX-License-Identifier: Apache-2.0

public import Primitives

/// Who writes a batch, for idempotence and transactions (KIP-98).
public struct BatchProducer: Equatable, Sendable {
    public var id: ProducerID
    public var epoch: ProducerEpoch
    /// Sequence number of the batch's first record.
    public var baseSequence: Int32

    public init(id: ProducerID, epoch: ProducerEpoch, baseSequence: Int32) {
        self.id = id
        self.epoch = epoch
        self.baseSequence = baseSequence
    }

    /// No idempotence: −1 in all three fields.
    public static let none = BatchProducer(id: .none, epoch: .none, baseSequence: -1)
}

/// Builds one batch from records, the bytes equal to those of Kafka's own clients where no codec is used.
public struct BatchBuilder: Sendable {
    public let codec: Codec
    /// May be set until the batch is built: a client knows the sequence number when it sends.
    public var producer: BatchProducer
    public let isTransactional: Bool
    private var isControl = false
    private var records: ByteWriter
    private var fields = ByteWriter()
    private var baseTimestamp = Timestamp.none
    private var maxTimestamp = Timestamp.none
    public private(set) var recordCount: Int32 = 0

    /// - Parameter capacity: bytes to reserve for the records before compression.
    public init(
        codec: Codec = .none, producer: BatchProducer = .none, isTransactional: Bool = false, capacity: Int = 0
    ) {
        self.codec = codec
        self.producer = producer
        self.isTransactional = isTransactional
        records = ByteWriter(capacity: capacity)
    }

    public var isEmpty: Bool { recordCount == 0 }
    /// Size of the batch if it were built now without compression.
    public var uncompressedByteCount: Int { BatchHeader.byteCount + records.count }

    /// Adds a record. The first one's time is the batch's base time.
    ///
    /// - Precondition: the batch stays below 2^31 bytes.
    public mutating func append(
        timestamp: Timestamp, key: SharedBytes? = nil, value: SharedBytes?, headers: [RecordHeader] = []
    ) {
        if isEmpty {
            baseTimestamp = timestamp
            maxTimestamp = timestamp
        }
        maxTimestamp = max(maxTimestamp, timestamp)
        fields.reset()
        fields.writeInt8(0)
        fields.writeVarint64(timestamp.rawValue - baseTimestamp.rawValue)
        fields.writeVarint32(recordCount)
        fields.writeNullable(key)
        fields.writeNullable(value)
        fields.writeVarint32(Int32(headers.count))
        for header in headers {
            fields.writeNullable(header.key)
            fields.writeNullable(header.value)
        }
        records.writeVarint32(Int32(fields.count))
        records.writeBytes(fields.bytes)
        recordCount += 1
        precondition(uncompressedByteCount <= Int(Int32.max), "a batch of \(uncompressedByteCount) bytes")
    }

    /// Adds a record with its own key, value, headers and time; its offset is its place here.
    public mutating func append(_ record: Record) {
        append(timestamp: record.timestamp, key: record.key, value: record.value, headers: record.headers)
    }

    /// The batch, checksum included.
    ///
    /// - Parameter baseOffset: 0 when a client builds it: the broker assigns offsets.
    /// - Precondition: at least one record was appended, and a transactional batch has a producer.
    public func build(
        using compressor: Compressor, baseOffset: Offset = .zero, leaderEpoch: LeaderEpoch = .none
    ) -> Batch {
        precondition(!isEmpty, "a batch without records")
        precondition(!isTransactional || producer.id != .none, "a transactional batch needs a producer id")
        var attributes = Int16(codec.rawValue)
        if isTransactional { attributes |= BatchHeader.transactionalBit }
        if isControl { attributes |= BatchHeader.controlBit }
        let header = BatchHeader(
            baseOffset: baseOffset, batchLength: 0, partitionLeaderEpoch: leaderEpoch, attributes: attributes,
            lastOffsetDelta: recordCount - 1, baseTimestamp: baseTimestamp, maxTimestamp: maxTimestamp,
            producerID: producer.id, producerEpoch: producer.epoch, baseSequence: producer.baseSequence,
            recordCount: recordCount)
        return Batch(header, payload: compressor.compress(records.shared, codec: codec))
    }

    /// A batch that ends a producer's transaction in one partition: a single control record, uncompressed.
    ///
    /// - Parameter coordinatorEpoch: epoch of the transaction coordinator that decided.
    public static func endTransaction(
        _ outcome: TransactionOutcome, producerID: ProducerID, producerEpoch: ProducerEpoch, coordinatorEpoch: Int32,
        timestamp: Timestamp, baseOffset: Offset = .zero, leaderEpoch: LeaderEpoch = .none
    ) -> Batch {
        let producer = BatchProducer(id: producerID, epoch: producerEpoch, baseSequence: -1)
        var builder = BatchBuilder(producer: producer, isTransactional: true)
        builder.isControl = true
        let marker = EndTransactionMarker(outcome: outcome, coordinatorEpoch: coordinatorEpoch)
        builder.append(timestamp: timestamp, key: marker.key, value: marker.value)
        return builder.build(using: Compressor(), baseOffset: baseOffset, leaderEpoch: leaderEpoch)
    }
}

extension Batch {
    /// Puts `header` before `payload`, with the length and checksum that belong to them.
    init(_ header: BatchHeader, payload: SharedBytes) {
        var header = header
        header.batchLength = Int32(BatchHeader.byteCount - BatchHeader.lengthPrefixByteCount + payload.count)
        header.checksum = header.computedChecksum(payload: payload)
        var writer = ByteWriter(capacity: header.totalByteCount)
        header.write(to: &writer)
        writer.writeBytes(payload)
        self.init(header: header, bytes: writer.shared)
    }

    /// The same records under another codec: for a topic whose `compression.type` differs from the producer's.
    ///
    /// All of the header but attributes, length and checksum stays as it was.
    public func recompressed(
        to codec: Codec, using decompressor: Decompressor, _ compressor: Compressor
    ) throws(RecordsError) -> Batch {
        guard let present = header.codec else { throw .unknownCodec(header.attributes & BatchHeader.codecMask) }
        guard present != codec else { return self }
        let records: SharedBytes
        do throws(DecompressionRefusal) {
            records = try decompressor.decompress(payload, codec: present)
        } catch { throw .undecompressible(error) }
        var changed = header
        changed.attributes = changed.attributes & ~BatchHeader.codecMask | Int16(codec.rawValue)
        return Batch(changed, payload: compressor.compress(records, codec: codec))
    }
}

extension ByteWriter {
    fileprivate mutating func writeNullable(_ bytes: SharedBytes?) {
        guard let bytes else { return writeVarint32(-1) }
        writeVarint32(Int32(bytes.count))
        writeBytes(bytes)
    }
}
