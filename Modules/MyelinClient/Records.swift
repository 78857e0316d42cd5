// SPDX-License-Identifier: Apache-2.0

public import Primitives
public import RecordBatch

/// What a producer is given.
public struct ProducerRecord: Sendable {
    public var topic: String
    /// nil: the key's hash decides, as in Kafka's clients; without a key the partitions take turns, a batch each.
    public var partition: PartitionIndex?
    public var key: SharedBytes?
    /// nil deletes the key in a compacted topic.
    public var value: SharedBytes?
    public var headers: [RecordHeader]
    /// nil: when the record was given to the producer.
    public var timestamp: Timestamp?

    public init(
        topic: String, partition: PartitionIndex? = nil, key: SharedBytes? = nil, value: SharedBytes?,
        headers: [RecordHeader] = [], timestamp: Timestamp? = nil
    ) {
        self.topic = topic
        self.partition = partition
        self.key = key
        self.value = value
        self.headers = headers
        self.timestamp = timestamp
    }

    /// A record of UTF-8 text.
    public init(topic: String, key: String? = nil, value: String) {
        self.init(topic: topic, key: key.map { SharedBytes($0) }, value: SharedBytes(value))
    }
}

/// Where a record was stored.
public struct RecordPosition: Equatable, Sendable {
    public let partition: TopicPartition
    /// nil when the broker had the record already from an earlier try and does not remember where.
    public let offset: Offset?
}

/// What a consumer gets.
public struct ConsumerRecord: Sendable {
    public let partition: TopicPartition
    public let leaderEpoch: LeaderEpoch
    public let record: Record

    public var topic: String { partition.topic }
    public var offset: Offset { record.offset }
    public var key: SharedBytes? { record.key }
    public var value: SharedBytes? { record.value }
    public var headers: [RecordHeader] { record.headers }
    public var timestamp: Timestamp { record.timestamp }
}

extension ConsumerRecord {
    /// The key as UTF-8 text; bytes that are none are replaced.
    public var keyText: String? { key.map(String.init(utf8:)) }
    /// The value as UTF-8 text; bytes that are none are replaced.
    public var valueText: String? { value.map(String.init(utf8:)) }
}

extension String {
    fileprivate init(utf8 bytes: SharedBytes) {
        self = unsafe bytes.withUnsafeBytes { unsafe String(decoding: $0, as: UTF8.self) }
    }
}
