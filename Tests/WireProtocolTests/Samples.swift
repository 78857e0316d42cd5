// SPDX-License-Identifier: Apache-2.0

import Primitives
import Testing
import WireProtocol

/// A message as level N-1 declared it.
struct OlderSample: Message {
    enum Color: UInt32, MessageEnum {
        case unspecified = 0
        case red = 1
    }

    var name = ""
    var count: Int32 = 0
    var color = Color.unspecified

    mutating func fields<Visitor: FieldVisitor>(_ visitor: inout Visitor) throws(DecodeError) {
        try visitor.field(1, "name", &name)
        try visitor.field(2, "count", &count)
        try visitor.field(6, "color", &color)
    }
}

/// The same message one level later: fields between and after the old ones, and another color.
struct NewerSample: Message {
    enum Color: UInt32, MessageEnum {
        case unspecified = 0
        case red = 1
        case violet = 2
    }

    var name = ""
    var count: Int32 = 0
    var size = 0.0
    var tags: [String] = []
    var nested = Hello()
    var color = Color.unspecified
    var flag = false

    mutating func fields<Visitor: FieldVisitor>(_ visitor: inout Visitor) throws(DecodeError) {
        try visitor.field(1, "name", &name)
        try visitor.field(2, "count", &count)
        try visitor.field(3, "size", &size, since: FeatureLevel(2))
        try visitor.field(4, "tags", &tags, since: FeatureLevel(2))
        try visitor.field(5, "nested", &nested, since: FeatureLevel(2))
        try visitor.field(6, "color", &color)
        try visitor.field(7, "flag", &flag, since: FeatureLevel(2))
    }
}

/// A message in itself.
struct Matryoshka: Message {
    var inner: [Matryoshka] = []

    mutating func fields<Visitor: FieldVisitor>(_ visitor: inout Visitor) throws(DecodeError) {
        try visitor.field(1, "inner", &inner)
    }
}

/// Bytes and nothing else.
struct BytesSample: Message {
    var bytes = SharedBytes.empty

    mutating func fields<Visitor: FieldVisitor>(_ visitor: inout Visitor) throws(DecodeError) {
        try visitor.field(1, "bytes", &bytes)
    }
}

/// A message vector and what it must decode to.
struct MessageVector: Sendable, CustomTestStringConvertible {
    let name: String
    let check: @Sendable (SharedBytes) throws -> Void
    let checkPrefix: @Sendable (SharedBytes) throws -> Void

    init<Content: Message>(_ name: String, _ expected: Content) {
        self.name = name
        check = { bytes in
            let read = try MessageDecoder.message(Content.self, from: bytes)
            #expect(read == expected)
            #expect(MessageEncoder.bytes(of: expected).array == bytes.array)
        }
        checkPrefix = { bytes in
            do throws(DecodeError) {
                let read = try MessageDecoder.message(Content.self, from: bytes)
                #expect(read != expected)
                #expect(MessageEncoder.bytes(of: read).array == bytes.array)
            } catch {
                #expect(error.position <= bytes.count)
            }
        }
    }

    var testDescription: String { name }

    static let all: [MessageVector] = [
        MessageVector("message-topic-trim-request", Samples.trimRequest),
        MessageVector("message-error", Samples.error),
        MessageVector(
            "message-config-entry",
            Admin.ConfigEntry.with {
                $0.name = "retention.ms"
                $0.value = "604800000"
                $0.origin = .topic
                $0.defaultValue = "604800000"
                $0.type = "LONG"
                $0.synonyms = [
                    .with { ($0.name, $0.value, $0.origin) = ("log.retention.ms", "86400000", .file) },
                    .with { ($0.name, $0.origin) = ("log.retention.ms", .defaultValue) },
                ]
            }),
        MessageVector("message-metrics-response", Samples.metrics),
        MessageVector(
            "message-group-lag-response",
            Admin.GroupLagResponse.with {
                $0.groups = [
                    .with {
                        $0.groupID = "billing"
                        $0.state = "Empty"
                        $0.partitions = [
                            .with {
                                $0.topic = "orders"
                                $0.committedOffset = .zero
                                $0.highWatermark = Offset(1200)
                                $0.recordLag = 1200
                                $0.timeLagMilliseconds = 0
                            },
                            .with {
                                ($0.topic, $0.partition) = ("orders", PartitionIndex(1))
                                $0.logStartOffset = Offset(5)
                            },
                        ]
                    }
                ]
            }),
    ]
}

enum Samples {
    static let trimRequest = Admin.TopicTrimRequest.with {
        $0.partitions = [
            .with {
                ($0.topic, $0.partition, $0.beforeOffset) = ("orders", PartitionIndex(3), Offset(1000))
            }
        ]
        $0.validateOnly = true
    }

    static let trimResponse = Admin.TopicTrimResponse.with {
        $0.partitions = [
            .with {
                ($0.topic, $0.partition) = ("orders", PartitionIndex(3))
                ($0.previousLogStartOffset, $0.logStartOffset) = (Offset(400), Offset(1000))
            }
        ]
    }

    static let error = RPCError(
        .notFound, "topic orders does not exist", remedy: "Create it.", reason: "UNKNOWN_TOPIC_OR_PARTITION")

    static let metrics = Admin.MetricsResponse.with {
        $0.timestamp = Timestamp(1_700_000_000_000)
        $0.families = [
            .with {
                ($0.name, $0.kind) = ("myelin_request_seconds", .histogram)
                $0.samples = [
                    .with {
                        $0.labels = [.with { ($0.name, $0.value) = ("api", "Fetch") }]
                        ($0.value, $0.count) = (0.25, 3)
                        $0.buckets = [
                            .with { ($0.upperBound, $0.cumulativeCount) = (0.1, 1) },
                            .with { ($0.upperBound, $0.cumulativeCount) = (.infinity, 3) },
                        ]
                    }
                ]
            }
        ]
    }

    static let clusterID = "mY8ZmQ3ySqWbC0TzJ1k4Vw"
}

/// What the vectors' stream carries.
enum StreamSample {
    struct Request: Message {
        var topic = ""
        var acks: Int16 = 0

        mutating func fields<Visitor: FieldVisitor>(_ visitor: inout Visitor) throws(DecodeError) {
            try visitor.field(1, "topic", &topic)
            try visitor.field(2, "acks", &acks)
        }
    }

    struct Item: Message {
        var sequence: UInt64 = 0
        var partition = PartitionIndex(0)

        mutating func fields<Visitor: FieldVisitor>(_ visitor: inout Visitor) throws(DecodeError) {
            try visitor.field(1, "sequence", &sequence)
            try visitor.field(2, "partition", &partition)
        }
    }
}
