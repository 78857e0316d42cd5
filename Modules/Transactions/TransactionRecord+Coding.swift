// SPDX-License-Identifier: Apache-2.0

public import Primitives

/// One record of `__transaction_state`, as far as this version understands it.
public enum DecodedTransactionRecord: Equatable, Sendable {
    case record(TransactionRecord)
    /// A kind of a later version: stays in the log, is not replayed.
    case unknown(keyVersion: Int16)
}

extension TransactionRecord {
    private static let keyVersion: Int16 = 0
    /// Version 1 is flexible (KIP-890); 0 is read as well.
    private static let valueVersion: Int16 = 1

    private enum Tag {
        static let previousProducerID: UInt32 = 0
        static let nextProducerID: UInt32 = 1
        static let clientVersion: UInt32 = 2
    }

    /// Key and value as Kafka 4 writes them; a nil value is a tombstone.
    ///
    /// - Precondition: no text is longer than 32,767 bytes; the coordinator refuses those.
    public func encoded() -> (key: SharedBytes, value: SharedBytes?) {
        var key = ByteWriter(capacity: 64)
        key.writeInt16(Self.keyVersion)
        key.writeText(transactionalID.rawValue, flexible: false)
        switch self {
        case .changed(_, let metadata):
            var value = ByteWriter(capacity: 128)
            Self.write(metadata, into: &value)
            return (key.shared, value.shared)
        case .removed: return (key.shared, nil)
        }
    }

    /// Reads one record of the log.
    ///
    /// - Parameter value: nil for a tombstone.
    /// - Throws: `.invalidValue` for an unknown version or state of a known value, and what truncated or garbled bytes deserve.
    public static func decode(key: SharedBytes, value: SharedBytes?) throws(DecodeError) -> DecodedTransactionRecord {
        var reader = ByteReader(key)
        let version = try reader.readInt16()
        guard version >= keyVersion else { throw DecodeError(.invalidValue(Int64(version)), at: 0) }
        guard version == keyVersion else { return .unknown(keyVersion: version) }
        let id = TransactionalID(try reader.readText(flexible: false))
        try reader.finish()
        guard let value else { return .record(.removed(id)) }
        var valueReader = ByteReader(value)
        return .record(.changed(id, try read(&valueReader)))
    }

    // MARK: Values

    private static func write(_ metadata: TransactionMetadata, into writer: inout ByteWriter) {
        writer.writeInt16(valueVersion)
        writer.writeInt64(metadata.producerID.rawValue)
        writer.writeInt16(metadata.producerEpoch.rawValue)
        writer.writeInt32(metadata.timeoutMilliseconds)
        writer.writeInteger(metadata.state.rawValue)
        write(metadata.partitions, into: &writer, isNull: metadata.state == .empty)
        writer.writeInt64(metadata.updatedAt.rawValue)
        writer.writeInt64(metadata.startedAt.rawValue)
        writeTags(of: metadata, into: &writer)
    }

    /// Partitions of one topic lie together, since they are sorted. Kafka writes null for an empty transaction.
    private static func write(_ partitions: [TopicPartition], into writer: inout ByteWriter, isNull: Bool) {
        guard !isNull else { return writer.writeUnsignedVarint32(0) }
        var topics: [ArraySlice<TopicPartition>] = []
        var rest = partitions[...]
        while let first = rest.first {
            let topic = rest.prefix { $0.topic == first.topic }
            topics.append(topic)
            rest = rest.dropFirst(topic.count)
        }
        writer.writeUnsignedVarint32(UInt32(topics.count + 1))
        for topic in topics {
            writer.writeText(topic[topic.startIndex].topic, flexible: true)
            writer.writeUnsignedVarint32(UInt32(topic.count + 1))
            for partition in topic { writer.writeInt32(partition.partition.rawValue) }
            writer.writeUnsignedVarint32(0)
        }
    }

    private static func writeTags(of metadata: TransactionMetadata, into writer: inout ByteWriter) {
        let ids: [(UInt32, ProducerID)] = [
            (Tag.previousProducerID, metadata.previousProducerID), (Tag.nextProducerID, metadata.nextProducerID),
        ].filter { $0.1 != .none }
        let hasVersion = metadata.version > .classic
        writer.writeUnsignedVarint32(UInt32(ids.count + (hasVersion ? 1 : 0)))
        for (tag, id) in ids {
            writer.writeUnsignedVarint32(tag)
            writer.writeUnsignedVarint32(8)
            writer.writeInt64(id.rawValue)
        }
        guard hasVersion else { return }
        writer.writeUnsignedVarint32(Tag.clientVersion)
        writer.writeUnsignedVarint32(2)
        writer.writeInt16(metadata.version.rawValue)
    }

    private static func read(_ reader: inout ByteReader) throws(DecodeError) -> TransactionMetadata {
        let version = try reader.readVersion(upTo: valueVersion)
        let flexible = version >= 1
        let producerID = ProducerID(try reader.readInt64())
        let producerEpoch = ProducerEpoch(try reader.readInt16())
        let timeout = try reader.readInt32()
        let stateStart = reader.position
        let number: Int8 = try reader.readInteger()
        guard let state = TransactionState(rawValue: number) else {
            throw DecodeError(.invalidValue(Int64(number)), at: stateStart)
        }
        let partitions = try readPartitions(&reader, flexible: flexible)
        var metadata = TransactionMetadata(
            producerID: producerID, producerEpoch: producerEpoch, timeoutMilliseconds: timeout, state: state,
            updatedAt: Timestamp(try reader.readInt64()))
        metadata.startedAt = Timestamp(try reader.readInt64())
        metadata.partitions = partitions
        if flexible { try readTags(&reader, into: &metadata) }
        try reader.finish()
        return metadata
    }

    private static func readPartitions(
        _ reader: inout ByteReader, flexible: Bool
    ) throws(DecodeError) -> [TopicPartition] {
        var partitions: [TopicPartition] = []
        let topicCount = try reader.readNullableCount(flexible: flexible, elementByteCountMin: flexible ? 3 : 6)
        for _ in 0..<(topicCount ?? 0) {
            let topic = try reader.readText(flexible: flexible)
            for _ in 0..<(try reader.readCount(flexible: flexible, elementByteCountMin: 4)) {
                partitions.append(TopicPartition(topic: topic, partition: PartitionIndex(try reader.readInt32())))
            }
            if flexible { try reader.readTags { _, _ in } }
        }
        // Kafka writes them in the order of its hash tables.
        partitions.sort()
        return partitions
    }

    private static func readTags(
        _ reader: inout ByteReader, into metadata: inout TransactionMetadata
    ) throws(DecodeError) {
        try reader.readTags { tag, field throws(DecodeError) in
            var field = field
            switch tag {
            case Tag.previousProducerID: metadata.previousProducerID = ProducerID(try field.readInt64())
            case Tag.nextProducerID: metadata.nextProducerID = ProducerID(try field.readInt64())
            case Tag.clientVersion: metadata.version = TransactionVersion(try field.readInt16())
            default: return
            }
            try field.finish()
        }
    }
}

extension ByteReader {
    /// Nil for a null array.
    fileprivate mutating func readNullableCount(
        flexible: Bool, elementByteCountMin: Int
    ) throws(DecodeError) -> Int? {
        let count = flexible ? Int(try readUnsignedVarint32()) - 1 : Int(try readInt32())
        guard count != -1 else { return nil }
        return try checkCount(count, elementByteCountMin: elementByteCountMin)
    }
}
