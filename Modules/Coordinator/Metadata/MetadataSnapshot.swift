// SPDX-License-Identifier: Apache-2.0

internal import HashTreeCollections
public import Primitives

/// An image as bytes, and where in the log it stands.
///
/// - SeeAlso: docs/formats/metadata.md
public struct MetadataSnapshot: Equatable, Sendable {
    public static let headerByteCount = 44
    /// "MYMETADA".
    private static let magic: UInt64 = 0x4d59_4d45_5441_4441
    private static let version: Int16 = 1
    /// Where the bytes covered by the checksum begin.
    private static let checksumStart = 16

    public let image: MetadataImage
    /// Offset of the first record that is not in the image.
    public let nextOffset: Offset
    /// Term of the last record that is.
    public let term: Term

    public init(image: MetadataImage, nextOffset: Offset, term: Term) {
        self.image = image
        self.nextOffset = nextOffset
        self.term = term
    }

    /// - Complexity: O(bytes); equal snapshots give equal bytes.
    public func encoded() -> SharedBytes {
        let records = image.records()
        var writer = ByteWriter(capacity: Self.headerByteCount + records.count * 64)
        writer.writeInteger(Self.magic)
        writer.writeInt16(Self.version)
        writer.writeInt16(0)
        writer.writeInteger(UInt32(0))
        writer.writeInt64(nextOffset.rawValue)
        writer.writeInt64(term.rawValue)
        writer.writeInt32(Int32(records.count))
        writer.writeInt64(0)
        var record = ByteWriter()
        for element in records {
            record.reset()
            element.encode(into: &record)
            writer.writeUnsignedVarint64(UInt64(record.count))
            writer.writeBytes(record.bytes)
        }
        writer.overwriteInteger(Int64(writer.count - Self.headerByteCount), at: 36)
        writer.overwriteInteger(Self.checksum(of: writer.shared), at: 12)
        return writer.shared
    }

    /// - Throws: `DecodeError` for bytes that no `encoded()` gave.
    public init(decoding bytes: SharedBytes) throws(DecodeError) {
        var reader = ByteReader(bytes)
        let magic: UInt64 = try reader.readInteger()
        guard magic == Self.magic else {
            throw DecodeError(.invalidValue(Int64(bitPattern: magic)), at: 0)
        }
        let version = try reader.readInt16()
        guard version == Self.version else { throw DecodeError(.invalidValue(Int64(version)), at: 8) }
        let flags = try reader.readInt16()
        guard flags == 0 else { throw DecodeError(.invalidValue(Int64(flags)), at: 10) }
        let expected: UInt32 = try reader.readInteger()
        nextOffset = Offset(try reader.readInt64())
        term = Term(try reader.readInt64())
        let count = try reader.readInt32()
        let byteCount = try reader.readInt64()
        guard byteCount == Int64(reader.remaining) else { throw DecodeError(.invalidValue(byteCount), at: 36) }
        let actual = Self.checksum(of: bytes)
        guard expected == actual else {
            throw DecodeError(.checksumMismatch(expected: expected, actual: actual), at: 12)
        }
        image = try Self.readImage(&reader, recordCount: reader.checkCount(Int(count), elementByteCountMin: 3))
        try reader.finish()
    }

    private static func checksum(of bytes: SharedBytes) -> UInt32 {
        CRC32C.checksum(of: bytes.slice(from: checksumStart, count: bytes.count - checksumStart))
    }

    private static func readImage(
        _ reader: inout ByteReader, recordCount: Int
    ) throws(DecodeError) -> MetadataImage {
        var image = MetadataImage()
        for _ in 0..<recordCount {
            let count = try Int(reader.readUnsignedVarint32())
            let position = reader.position
            do throws(DecodeError) {
                try image.replay(MetadataRecord(decoding: reader.readBytes(count: count)), at: position)
            } catch {
                throw DecodeError(error.reason, at: position + error.position)
            }
        }
        return image
    }
}

extension MetadataImage {
    /// Records that make this image from an empty one: features, brokers, producer ids, configuration, client
    /// quotas, topics by name with their losses.
    public func records() -> [MetadataRecord] {
        var records: [MetadataRecord] = features().map { .featureLevelSet(name: $0.name, level: $0.level) }
        records += brokers().map { .brokerRegistered($0) }
        if producerIDs.next > ProducerID(0) { records.append(.producerIDsAllocated(producerIDs)) }
        for resource in configuredResources() {
            for entry in configEntries(of: resource) {
                records.append(.configSet(resource, name: entry.name, value: entry.value))
            }
        }
        for (entity, limits) in quotas() {
            records += limits.map { .clientQuotaChanged(entity, $0.key, limit: $0.limit) }
        }
        for topic in topicsByName() {
            records += topic.records()
            records += (lossesByTopic[topic.id] ?? []).map { .lossRecorded($0) }
        }
        return records
    }

    /// Replays a record of a snapshot, where one that does not follow means wrong bytes.
    fileprivate mutating func replay(_ record: MetadataRecord, at position: Int) throws(DecodeError) {
        do throws(ReplayError) {
            try replay(record)
        } catch {
            throw DecodeError(.invalidValue(Int64(position)), at: 0)
        }
    }
}

extension TopicImage {
    fileprivate func records() -> [MetadataRecord] {
        [.topicCreated(TopicRecord(name: name, id: id))]
            + partitions.enumerated().map { position, partition in
                .partitionCreated(
                    PartitionRecord(
                        id: PartitionID(topic: id, index: PartitionIndex(Int32(position))),
                        replicas: partition.replicas, inSyncReplicas: partition.inSyncReplicas,
                        leader: partition.leader, leaderEpoch: partition.leaderEpoch,
                        partitionEpoch: partition.partitionEpoch,
                        eligibleLeaderReplicas: partition.eligibleLeaderReplicas,
                        lastKnownLeader: partition.lastKnownLeader, addingReplicas: partition.addingReplicas,
                        removingReplicas: partition.removingReplicas))
            }
    }
}
