// SPDX-License-Identifier: Apache-2.0
// Made by protocol-generator from Tables/01-Fetch.kafka: change that, not this.

public import Primitives

/// Fetch request (API 1), versions 4-18.
public struct FetchRequest: ProtocolRequest {
    public typealias Response = FetchResponse
    public static var apiKey: APIKey { .fetch }
    public static var validVersions: ClosedRange<Int16> { 4...18 }
    public static var flexibleSince: Int16? { 12 }

    /// In versions from 12, as a tagged field.
    public var clusterID: String?
    /// Broker. In versions 4-14.
    public var replicaID: Int32 = -1
    /// In versions from 15, as a tagged field.
    public var replicaState: ReplicaState = ReplicaState()
    public var maxWaitMs: Int32 = 0
    public var minBytes: Int32 = 0
    public var maxBytes: Int32 = 2147483647
    public var isolationLevel: Int8 = 0
    /// In versions from 7.
    public var sessionID: Int32 = 0
    /// In versions from 7.
    public var sessionEpoch: Int32 = -1
    public var topics: [FetchTopic] = []
    /// In versions from 7.
    public var forgottenTopicsData: [ForgottenTopic] = []
    /// In versions from 11.
    public var rackID: String = ""

    public init() {}

    public init(decoding reader: inout ByteReader, version: Int16) throws(DecodeError) {
        try reader.checkVersion(version, in: Self.validVersions)
        let flexible = version >= 12
        if version <= 14 { replicaID = try reader.readInt32() }
        maxWaitMs = try reader.readInt32()
        minBytes = try reader.readInt32()
        maxBytes = try reader.readInt32()
        isolationLevel = try reader.readInt8()
        if version >= 7 { sessionID = try reader.readInt32() }
        if version >= 7 { sessionEpoch = try reader.readInt32() }
        topics = try reader.readArray(flexible: flexible, elementByteCountMin: flexible ? 3 : 6, version: version)
        if version >= 7 {
            forgottenTopicsData = try reader.readArray(
                flexible: flexible, elementByteCountMin: flexible ? 3 : 6, version: version)
        }
        if version >= 11 { rackID = try reader.readString(flexible: flexible) }
        if flexible {
            for _ in 0..<(try reader.readTaggedFieldCount()) {
                let tagged = try reader.readTag()
                switch tagged.tag {
                case 0 where version >= 12: clusterID = try reader.readNullableString(flexible: true)
                case 1 where version >= 15: replicaState = try ReplicaState(decoding: &reader, version: version)
                default: try reader.skip(tagged.end - reader.position)
                }
                try reader.checkTagEnd(tagged.end)
            }
        }
    }

    public func encode(into writer: inout ByteWriter, version: Int16) {
        requireVersion(version, in: Self.validVersions)
        let flexible = version >= 12
        precondition(version <= 14 || replicaID == -1, "no replicaID in version \(version)")
        precondition(version >= 15 || replicaState == ReplicaState(), "no replicaState in version \(version)")
        precondition(version >= 7 || forgottenTopicsData.isEmpty, "no forgottenTopicsData in version \(version)")
        if version <= 14 { writer.writeInt32(replicaID) }
        writer.writeInt32(maxWaitMs)
        writer.writeInt32(minBytes)
        writer.writeInt32(maxBytes)
        writer.writeInt8(isolationLevel)
        if version >= 7 { writer.writeInt32(sessionID) }
        if version >= 7 { writer.writeInt32(sessionEpoch) }
        writer.writeArray(topics, flexible: flexible, version: version)
        if version >= 7 { writer.writeArray(forgottenTopicsData, flexible: flexible, version: version) }
        if version >= 11 { writer.writeString(rackID, flexible: flexible) }
        if flexible {
            var tagCount: UInt32 = 0
            if version >= 12, clusterID != nil { tagCount += 1 }
            if version >= 15, replicaState != ReplicaState() { tagCount += 1 }
            writer.writeUnsignedVarint32(tagCount)
            if version >= 12, clusterID != nil {
                var tagValue = ByteWriter()
                tagValue.writeNullableString(clusterID, flexible: true)
                writer.writeTagged(0, tagValue)
            }
            if version >= 15, replicaState != ReplicaState() {
                var tagValue = ByteWriter()
                replicaState.encode(into: &tagValue, version: version)
                writer.writeTagged(1, tagValue)
            }
        }
    }

    /// A struct inside `FetchRequest`.
    public struct ReplicaState: WireStructure {
        /// Broker.
        public var replicaID: Int32 = -1
        public var replicaEpoch: Int64 = -1

        /// All fields at the protocol's defaults.
        public init() {}

        init(decoding reader: inout ByteReader, version: Int16) throws(DecodeError) {
            replicaID = try reader.readInt32()
            replicaEpoch = try reader.readInt64()
            try reader.skipTaggedFields()
        }

        func encode(into writer: inout ByteWriter, version: Int16) {
            writer.writeInt32(replicaID)
            writer.writeInt64(replicaEpoch)
            writer.writeUInt8(0)
        }
    }

    /// A struct inside `FetchRequest`.
    public struct FetchTopic: WireStructure {
        /// Topic. In versions 4-12.
        public var topic: String = ""
        /// In versions from 13.
        public var topicID: TopicID = .zero
        public var partitions: [FetchPartition] = []

        /// All fields at the protocol's defaults.
        public init() {}

        init(decoding reader: inout ByteReader, version: Int16) throws(DecodeError) {
            let flexible = version >= 12
            if version <= 12 { topic = try reader.readString(flexible: flexible) }
            if version >= 13 { topicID = try reader.readTopicID() }
            partitions = try reader.readArray(
                flexible: flexible, elementByteCountMin: flexible ? 33 : 16, version: version)
            if flexible { try reader.skipTaggedFields() }
        }

        func encode(into writer: inout ByteWriter, version: Int16) {
            let flexible = version >= 12
            if version <= 12 { writer.writeString(topic, flexible: flexible) }
            if version >= 13 { writer.writeTopicID(topicID) }
            writer.writeArray(partitions, flexible: flexible, version: version)
            if flexible { writer.writeUInt8(0) }
        }
    }

    /// A struct inside `FetchRequest`.
    public struct FetchPartition: WireStructure {
        public var partition: Int32 = 0
        /// In versions from 9.
        public var currentLeaderEpoch: Int32 = -1
        public var fetchOffset: Int64 = 0
        /// In versions from 12.
        public var lastFetchedEpoch: Int32 = -1
        /// In versions from 5.
        public var logStartOffset: Int64 = -1
        public var partitionMaxBytes: Int32 = 0
        /// In versions from 17, as a tagged field.
        public var replicaDirectoryID: ProtocolUUID = .zero
        /// In version 18, as a tagged field.
        public var highWatermark: Int64 = 9223372036854775807

        /// All fields at the protocol's defaults.
        public init() {}

        init(decoding reader: inout ByteReader, version: Int16) throws(DecodeError) {
            let flexible = version >= 12
            partition = try reader.readInt32()
            if version >= 9 { currentLeaderEpoch = try reader.readInt32() }
            fetchOffset = try reader.readInt64()
            if version >= 12 { lastFetchedEpoch = try reader.readInt32() }
            if version >= 5 { logStartOffset = try reader.readInt64() }
            partitionMaxBytes = try reader.readInt32()
            if flexible {
                for _ in 0..<(try reader.readTaggedFieldCount()) {
                    let tagged = try reader.readTag()
                    switch tagged.tag {
                    case 0 where version >= 17: replicaDirectoryID = try reader.readUUID()
                    case 1 where version == 18: highWatermark = try reader.readInt64()
                    default: try reader.skip(tagged.end - reader.position)
                    }
                    try reader.checkTagEnd(tagged.end)
                }
            }
        }

        func encode(into writer: inout ByteWriter, version: Int16) {
            let flexible = version >= 12
            precondition(version >= 12 || lastFetchedEpoch == -1, "no lastFetchedEpoch in version \(version)")
            writer.writeInt32(partition)
            if version >= 9 { writer.writeInt32(currentLeaderEpoch) }
            writer.writeInt64(fetchOffset)
            if version >= 12 { writer.writeInt32(lastFetchedEpoch) }
            if version >= 5 { writer.writeInt64(logStartOffset) }
            writer.writeInt32(partitionMaxBytes)
            if flexible {
                var tagCount: UInt32 = 0
                if version >= 17, replicaDirectoryID != .zero { tagCount += 1 }
                if version == 18, highWatermark != 9223372036854775807 { tagCount += 1 }
                writer.writeUnsignedVarint32(tagCount)
                if version >= 17, replicaDirectoryID != .zero {
                    var tagValue = ByteWriter()
                    tagValue.writeUUID(replicaDirectoryID)
                    writer.writeTagged(0, tagValue)
                }
                if version == 18, highWatermark != 9223372036854775807 {
                    var tagValue = ByteWriter()
                    tagValue.writeInt64(highWatermark)
                    writer.writeTagged(1, tagValue)
                }
            }
        }
    }

    /// A struct inside `FetchRequest`.
    public struct ForgottenTopic: WireStructure {
        /// Topic. In versions 7-12.
        public var topic: String = ""
        /// In versions from 13.
        public var topicID: TopicID = .zero
        public var partitions: [Int32] = []

        /// All fields at the protocol's defaults.
        public init() {}

        init(decoding reader: inout ByteReader, version: Int16) throws(DecodeError) {
            let flexible = version >= 12
            if version <= 12 { topic = try reader.readString(flexible: flexible) }
            if version >= 13 { topicID = try reader.readTopicID() }
            partitions = try reader.readIntegers(flexible: flexible)
            if flexible { try reader.skipTaggedFields() }
        }

        func encode(into writer: inout ByteWriter, version: Int16) {
            let flexible = version >= 12
            if version <= 12 { writer.writeString(topic, flexible: flexible) }
            if version >= 13 { writer.writeTopicID(topicID) }
            writer.writeIntegers(partitions, flexible: flexible)
            if flexible { writer.writeUInt8(0) }
        }
    }
}

/// Fetch response (API 1), versions 4-18.
public struct FetchResponse: ProtocolResponse {
    public static var apiKey: APIKey { .fetch }
    public static var validVersions: ClosedRange<Int16> { 4...18 }
    public static var flexibleSince: Int16? { 12 }

    public var throttleTimeMs: Int32 = 0
    /// In versions from 7.
    public var errorCode: Int16 = 0
    /// In versions from 7.
    public var sessionID: Int32 = 0
    public var responses: [FetchableTopicResponse] = []
    /// In versions from 16, as a tagged field.
    public var nodeEndpoints: [NodeEndpoint] = []

    public init() {}

    public init(decoding reader: inout ByteReader, version: Int16) throws(DecodeError) {
        try reader.checkVersion(version, in: Self.validVersions)
        let flexible = version >= 12
        throttleTimeMs = try reader.readInt32()
        if version >= 7 { errorCode = try reader.readInt16() }
        if version >= 7 { sessionID = try reader.readInt32() }
        responses = try reader.readArray(flexible: flexible, elementByteCountMin: flexible ? 3 : 6, version: version)
        if flexible {
            for _ in 0..<(try reader.readTaggedFieldCount()) {
                let tagged = try reader.readTag()
                switch tagged.tag {
                case 0 where version >= 16:
                    nodeEndpoints = try reader.readArray(flexible: true, elementByteCountMin: 11, version: version)
                default: try reader.skip(tagged.end - reader.position)
                }
                try reader.checkTagEnd(tagged.end)
            }
        }
    }

    /// - Precondition: also, no records are external: `encodeLayout` writes such a message.
    public func encode(into writer: inout ByteWriter, version: Int16) {
        var cuts: [RecordsCut] = []
        encodeLayout(into: &writer, version: version, cuts: &cuts)
        precondition(cuts.isEmpty, "\(cuts.count) runs of records are not in memory")
    }

    /// As `encode`, but external records are left out, and `cuts` gets one more element for each, in
    /// order: where its bytes belong and how many. The length fields count them already.
    public func encodeLayout(into writer: inout ByteWriter, version: Int16, cuts: inout [RecordsCut]) {
        requireVersion(version, in: Self.validVersions)
        let flexible = version >= 12
        precondition(version >= 7 || sessionID == 0, "no sessionID in version \(version)")
        precondition(version >= 16 || nodeEndpoints.isEmpty, "no nodeEndpoints in version \(version)")
        writer.writeInt32(throttleTimeMs)
        if version >= 7 { writer.writeInt16(errorCode) }
        if version >= 7 { writer.writeInt32(sessionID) }
        writer.writeCount(responses.count, flexible: flexible)
        for element in responses {
            element.encode(into: &writer, version: version, cuts: &cuts)
        }
        if flexible {
            var tagCount: UInt32 = 0
            if version >= 16, !nodeEndpoints.isEmpty { tagCount += 1 }
            writer.writeUnsignedVarint32(tagCount)
            if version >= 16, !nodeEndpoints.isEmpty {
                var tagValue = ByteWriter()
                tagValue.writeArray(nodeEndpoints, flexible: true, version: version)
                writer.writeTagged(0, tagValue)
            }
        }
    }

    /// A struct inside `FetchResponse`.
    public struct FetchableTopicResponse: DecodableStructure {
        /// Topic. In versions 4-12.
        public var topic: String = ""
        /// In versions from 13.
        public var topicID: TopicID = .zero
        public var partitions: [PartitionData] = []

        /// All fields at the protocol's defaults.
        public init() {}

        init(decoding reader: inout ByteReader, version: Int16) throws(DecodeError) {
            let flexible = version >= 12
            if version <= 12 { topic = try reader.readString(flexible: flexible) }
            if version >= 13 { topicID = try reader.readTopicID() }
            partitions = try reader.readArray(
                flexible: flexible, elementByteCountMin: flexible ? 37 : 30, version: version)
            if flexible { try reader.skipTaggedFields() }
        }

        func encode(into writer: inout ByteWriter, version: Int16, cuts: inout [RecordsCut]) {
            let flexible = version >= 12
            if version <= 12 { writer.writeString(topic, flexible: flexible) }
            if version >= 13 { writer.writeTopicID(topicID) }
            writer.writeCount(partitions.count, flexible: flexible)
            for element in partitions {
                element.encode(into: &writer, version: version, cuts: &cuts)
            }
            if flexible { writer.writeUInt8(0) }
        }
    }

    /// A struct inside `FetchResponse`.
    public struct PartitionData: DecodableStructure {
        public var partitionIndex: Int32 = 0
        public var errorCode: Int16 = 0
        public var highWatermark: Int64 = 0
        public var lastStableOffset: Int64 = -1
        /// In versions from 5.
        public var logStartOffset: Int64 = -1
        /// In versions from 12, as a tagged field.
        public var divergingEpoch: EpochEndOffset = EpochEndOffset()
        /// In versions from 12, as a tagged field.
        public var currentLeader: LeaderIdAndEpoch = LeaderIdAndEpoch()
        /// In versions from 12, as a tagged field.
        public var snapshotID: SnapshotId = SnapshotId()
        public var abortedTransactions: [AbortedTransaction]? = []
        /// Broker. In versions from 11.
        public var preferredReadReplica: Int32 = -1
        public var records: RecordsField = .null

        /// All fields at the protocol's defaults.
        public init() {}

        init(decoding reader: inout ByteReader, version: Int16) throws(DecodeError) {
            let flexible = version >= 12
            partitionIndex = try reader.readInt32()
            errorCode = try reader.readInt16()
            highWatermark = try reader.readInt64()
            lastStableOffset = try reader.readInt64()
            if version >= 5 { logStartOffset = try reader.readInt64() }
            abortedTransactions = try reader.readNullableArray(
                flexible: flexible, elementByteCountMin: flexible ? 17 : 16, version: version)
            if version >= 11 { preferredReadReplica = try reader.readInt32() }
            records = try reader.readRecordsField(flexible: flexible)
            if flexible {
                for _ in 0..<(try reader.readTaggedFieldCount()) {
                    let tagged = try reader.readTag()
                    switch tagged.tag {
                    case 0 where version >= 12: divergingEpoch = try EpochEndOffset(decoding: &reader, version: version)
                    case 1 where version >= 12:
                        currentLeader = try LeaderIdAndEpoch(decoding: &reader, version: version)
                    case 2 where version >= 12: snapshotID = try SnapshotId(decoding: &reader, version: version)
                    default: try reader.skip(tagged.end - reader.position)
                    }
                    try reader.checkTagEnd(tagged.end)
                }
            }
        }

        func encode(into writer: inout ByteWriter, version: Int16, cuts: inout [RecordsCut]) {
            let flexible = version >= 12
            precondition(version >= 12 || divergingEpoch == EpochEndOffset(), "no divergingEpoch in version \(version)")
            precondition(version >= 12 || currentLeader == LeaderIdAndEpoch(), "no currentLeader in version \(version)")
            precondition(version >= 12 || snapshotID == SnapshotId(), "no snapshotID in version \(version)")
            precondition(version >= 11 || preferredReadReplica == -1, "no preferredReadReplica in version \(version)")
            writer.writeInt32(partitionIndex)
            writer.writeInt16(errorCode)
            writer.writeInt64(highWatermark)
            writer.writeInt64(lastStableOffset)
            if version >= 5 { writer.writeInt64(logStartOffset) }
            writer.writeNullableArray(abortedTransactions, flexible: flexible, version: version)
            if version >= 11 { writer.writeInt32(preferredReadReplica) }
            writer.writeRecordsField(records, flexible: flexible, cuts: &cuts)
            if flexible {
                var tagCount: UInt32 = 0
                if version >= 12, divergingEpoch != EpochEndOffset() { tagCount += 1 }
                if version >= 12, currentLeader != LeaderIdAndEpoch() { tagCount += 1 }
                if version >= 12, snapshotID != SnapshotId() { tagCount += 1 }
                writer.writeUnsignedVarint32(tagCount)
                if version >= 12, divergingEpoch != EpochEndOffset() {
                    var tagValue = ByteWriter()
                    divergingEpoch.encode(into: &tagValue, version: version)
                    writer.writeTagged(0, tagValue)
                }
                if version >= 12, currentLeader != LeaderIdAndEpoch() {
                    var tagValue = ByteWriter()
                    currentLeader.encode(into: &tagValue, version: version)
                    writer.writeTagged(1, tagValue)
                }
                if version >= 12, snapshotID != SnapshotId() {
                    var tagValue = ByteWriter()
                    snapshotID.encode(into: &tagValue, version: version)
                    writer.writeTagged(2, tagValue)
                }
            }
        }
    }

    /// A struct inside `FetchResponse`.
    public struct EpochEndOffset: WireStructure {
        public var epoch: Int32 = -1
        public var endOffset: Int64 = -1

        /// All fields at the protocol's defaults.
        public init() {}

        init(decoding reader: inout ByteReader, version: Int16) throws(DecodeError) {
            epoch = try reader.readInt32()
            endOffset = try reader.readInt64()
            try reader.skipTaggedFields()
        }

        func encode(into writer: inout ByteWriter, version: Int16) {
            writer.writeInt32(epoch)
            writer.writeInt64(endOffset)
            writer.writeUInt8(0)
        }
    }

    /// A struct inside `FetchResponse`.
    public struct LeaderIdAndEpoch: WireStructure {
        /// Broker.
        public var leaderID: Int32 = -1
        public var leaderEpoch: Int32 = -1

        /// All fields at the protocol's defaults.
        public init() {}

        init(decoding reader: inout ByteReader, version: Int16) throws(DecodeError) {
            leaderID = try reader.readInt32()
            leaderEpoch = try reader.readInt32()
            try reader.skipTaggedFields()
        }

        func encode(into writer: inout ByteWriter, version: Int16) {
            writer.writeInt32(leaderID)
            writer.writeInt32(leaderEpoch)
            writer.writeUInt8(0)
        }
    }

    /// A struct inside `FetchResponse`.
    public struct SnapshotId: WireStructure {
        public var endOffset: Int64 = -1
        public var epoch: Int32 = -1

        /// All fields at the protocol's defaults.
        public init() {}

        init(decoding reader: inout ByteReader, version: Int16) throws(DecodeError) {
            endOffset = try reader.readInt64()
            epoch = try reader.readInt32()
            try reader.skipTaggedFields()
        }

        func encode(into writer: inout ByteWriter, version: Int16) {
            writer.writeInt64(endOffset)
            writer.writeInt32(epoch)
            writer.writeUInt8(0)
        }
    }

    /// A struct inside `FetchResponse`.
    public struct AbortedTransaction: WireStructure {
        /// Producer.
        public var producerID: Int64 = 0
        public var firstOffset: Int64 = 0

        /// All fields at the protocol's defaults.
        public init() {}

        init(decoding reader: inout ByteReader, version: Int16) throws(DecodeError) {
            let flexible = version >= 12
            producerID = try reader.readInt64()
            firstOffset = try reader.readInt64()
            if flexible { try reader.skipTaggedFields() }
        }

        func encode(into writer: inout ByteWriter, version: Int16) {
            let flexible = version >= 12
            writer.writeInt64(producerID)
            writer.writeInt64(firstOffset)
            if flexible { writer.writeUInt8(0) }
        }
    }

    /// A struct inside `FetchResponse`.
    public struct NodeEndpoint: WireStructure {
        /// Broker.
        public var nodeID: Int32 = 0
        public var host: String = ""
        public var port: Int32 = 0
        public var rack: String?

        /// All fields at the protocol's defaults.
        public init() {}

        init(decoding reader: inout ByteReader, version: Int16) throws(DecodeError) {
            nodeID = try reader.readInt32()
            host = try reader.readString(flexible: true)
            port = try reader.readInt32()
            rack = try reader.readNullableString(flexible: true)
            try reader.skipTaggedFields()
        }

        func encode(into writer: inout ByteWriter, version: Int16) {
            writer.writeInt32(nodeID)
            writer.writeString(host, flexible: true)
            writer.writeInt32(port)
            writer.writeNullableString(rack, flexible: true)
            writer.writeUInt8(0)
        }
    }
}
