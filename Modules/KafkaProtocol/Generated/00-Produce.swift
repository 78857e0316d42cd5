// SPDX-License-Identifier: Apache-2.0
// Made by protocol-generator from Tables/00-Produce.kafka: change that, not this.

public import Primitives

/// Produce request (API 0), versions 3-13.
public struct ProduceRequest: ProtocolRequest {
    public typealias Response = ProduceResponse
    public static var apiKey: APIKey { .produce }
    public static var validVersions: ClosedRange<Int16> { 3...13 }
    public static var flexibleSince: Int16? { 9 }

    /// Transactional id.
    public var transactionalID: String?
    public var acks: Int16 = 0
    public var timeoutMs: Int32 = 0
    public var topicData: [TopicProduceData] = []

    public init() {}

    public init(decoding reader: inout ByteReader, version: Int16) throws(DecodeError) {
        try reader.checkVersion(version, in: Self.validVersions)
        let flexible = version >= 9
        transactionalID = try reader.readNullableString(flexible: flexible)
        acks = try reader.readInt16()
        timeoutMs = try reader.readInt32()
        topicData = try reader.readArray(flexible: flexible, elementByteCountMin: flexible ? 3 : 6, version: version)
        if flexible { try reader.skipTaggedFields() }
    }

    public func encode(into writer: inout ByteWriter, version: Int16) {
        requireVersion(version, in: Self.validVersions)
        let flexible = version >= 9
        writer.writeNullableString(transactionalID, flexible: flexible)
        writer.writeInt16(acks)
        writer.writeInt32(timeoutMs)
        writer.writeArray(topicData, flexible: flexible, version: version)
        if flexible { writer.writeUInt8(0) }
    }

    /// A struct inside `ProduceRequest`.
    public struct TopicProduceData: WireStructure {
        /// Topic. In versions 3-12.
        public var name: String = ""
        /// In version 13.
        public var topicID: TopicID = .zero
        public var partitionData: [PartitionProduceData] = []

        /// All fields at the protocol's defaults.
        public init() {}

        init(decoding reader: inout ByteReader, version: Int16) throws(DecodeError) {
            let flexible = version >= 9
            if version <= 12 { name = try reader.readString(flexible: flexible) }
            if version == 13 { topicID = try reader.readTopicID() }
            partitionData = try reader.readArray(
                flexible: flexible, elementByteCountMin: flexible ? 6 : 8, version: version)
            if flexible { try reader.skipTaggedFields() }
        }

        func encode(into writer: inout ByteWriter, version: Int16) {
            let flexible = version >= 9
            if version <= 12 { writer.writeString(name, flexible: flexible) }
            if version == 13 { writer.writeTopicID(topicID) }
            writer.writeArray(partitionData, flexible: flexible, version: version)
            if flexible { writer.writeUInt8(0) }
        }
    }

    /// A struct inside `ProduceRequest`.
    public struct PartitionProduceData: WireStructure {
        public var index: Int32 = 0
        public var records: SharedBytes?

        /// All fields at the protocol's defaults.
        public init() {}

        init(decoding reader: inout ByteReader, version: Int16) throws(DecodeError) {
            let flexible = version >= 9
            index = try reader.readInt32()
            records = try reader.readNullableBytes(flexible: flexible)
            if flexible { try reader.skipTaggedFields() }
        }

        func encode(into writer: inout ByteWriter, version: Int16) {
            let flexible = version >= 9
            writer.writeInt32(index)
            writer.writeNullableBytes(records, flexible: flexible)
            if flexible { writer.writeUInt8(0) }
        }
    }
}

/// Produce response (API 0), versions 3-13.
public struct ProduceResponse: ProtocolResponse {
    public static var apiKey: APIKey { .produce }
    public static var validVersions: ClosedRange<Int16> { 3...13 }
    public static var flexibleSince: Int16? { 9 }

    public var responses: [TopicProduceResponse] = []
    public var throttleTimeMs: Int32 = 0
    /// In versions from 10, as a tagged field.
    public var nodeEndpoints: [NodeEndpoint] = []

    public init() {}

    public init(decoding reader: inout ByteReader, version: Int16) throws(DecodeError) {
        try reader.checkVersion(version, in: Self.validVersions)
        let flexible = version >= 9
        responses = try reader.readArray(flexible: flexible, elementByteCountMin: flexible ? 3 : 6, version: version)
        throttleTimeMs = try reader.readInt32()
        if flexible {
            for _ in 0..<(try reader.readTaggedFieldCount()) {
                let tagged = try reader.readTag()
                switch tagged.tag {
                case 0 where version >= 10:
                    nodeEndpoints = try reader.readArray(flexible: true, elementByteCountMin: 11, version: version)
                default: try reader.skip(tagged.end - reader.position)
                }
                try reader.checkTagEnd(tagged.end)
            }
        }
    }

    public func encode(into writer: inout ByteWriter, version: Int16) {
        requireVersion(version, in: Self.validVersions)
        let flexible = version >= 9
        precondition(version >= 10 || nodeEndpoints.isEmpty, "no nodeEndpoints in version \(version)")
        writer.writeArray(responses, flexible: flexible, version: version)
        writer.writeInt32(throttleTimeMs)
        if flexible {
            var tagCount: UInt32 = 0
            if version >= 10, !nodeEndpoints.isEmpty { tagCount += 1 }
            writer.writeUnsignedVarint32(tagCount)
            if version >= 10, !nodeEndpoints.isEmpty {
                var tagValue = ByteWriter()
                tagValue.writeArray(nodeEndpoints, flexible: true, version: version)
                writer.writeTagged(0, tagValue)
            }
        }
    }

    /// A struct inside `ProduceResponse`.
    public struct TopicProduceResponse: WireStructure {
        /// Topic. In versions 3-12.
        public var name: String = ""
        /// In version 13.
        public var topicID: TopicID = .zero
        public var partitionResponses: [PartitionProduceResponse] = []

        /// All fields at the protocol's defaults.
        public init() {}

        init(decoding reader: inout ByteReader, version: Int16) throws(DecodeError) {
            let flexible = version >= 9
            if version <= 12 { name = try reader.readString(flexible: flexible) }
            if version == 13 { topicID = try reader.readTopicID() }
            partitionResponses = try reader.readArray(
                flexible: flexible, elementByteCountMin: flexible ? 33 : 22, version: version)
            if flexible { try reader.skipTaggedFields() }
        }

        func encode(into writer: inout ByteWriter, version: Int16) {
            let flexible = version >= 9
            if version <= 12 { writer.writeString(name, flexible: flexible) }
            if version == 13 { writer.writeTopicID(topicID) }
            writer.writeArray(partitionResponses, flexible: flexible, version: version)
            if flexible { writer.writeUInt8(0) }
        }
    }

    /// A struct inside `ProduceResponse`.
    public struct PartitionProduceResponse: WireStructure {
        public var index: Int32 = 0
        public var errorCode: Int16 = 0
        public var baseOffset: Int64 = 0
        public var logAppendTimeMs: Int64 = -1
        /// In versions from 5.
        public var logStartOffset: Int64 = -1
        /// In versions from 8.
        public var recordErrors: [BatchIndexAndErrorMessage] = []
        /// In versions from 8.
        public var errorMessage: String?
        /// In versions from 10, as a tagged field.
        public var currentLeader: LeaderIdAndEpoch = LeaderIdAndEpoch()

        /// All fields at the protocol's defaults.
        public init() {}

        init(decoding reader: inout ByteReader, version: Int16) throws(DecodeError) {
            let flexible = version >= 9
            index = try reader.readInt32()
            errorCode = try reader.readInt16()
            baseOffset = try reader.readInt64()
            logAppendTimeMs = try reader.readInt64()
            if version >= 5 { logStartOffset = try reader.readInt64() }
            if version >= 8 {
                recordErrors = try reader.readArray(flexible: flexible, elementByteCountMin: 6, version: version)
            }
            if version >= 8 { errorMessage = try reader.readNullableString(flexible: flexible) }
            if flexible {
                for _ in 0..<(try reader.readTaggedFieldCount()) {
                    let tagged = try reader.readTag()
                    switch tagged.tag {
                    case 0 where version >= 10:
                        currentLeader = try LeaderIdAndEpoch(decoding: &reader, version: version)
                    default: try reader.skip(tagged.end - reader.position)
                    }
                    try reader.checkTagEnd(tagged.end)
                }
            }
        }

        func encode(into writer: inout ByteWriter, version: Int16) {
            let flexible = version >= 9
            precondition(version >= 10 || currentLeader == LeaderIdAndEpoch(), "no currentLeader in version \(version)")
            writer.writeInt32(index)
            writer.writeInt16(errorCode)
            writer.writeInt64(baseOffset)
            writer.writeInt64(logAppendTimeMs)
            if version >= 5 { writer.writeInt64(logStartOffset) }
            if version >= 8 { writer.writeArray(recordErrors, flexible: flexible, version: version) }
            if version >= 8 { writer.writeNullableText(errorMessage, flexible: flexible) }
            if flexible {
                var tagCount: UInt32 = 0
                if version >= 10, currentLeader != LeaderIdAndEpoch() { tagCount += 1 }
                writer.writeUnsignedVarint32(tagCount)
                if version >= 10, currentLeader != LeaderIdAndEpoch() {
                    var tagValue = ByteWriter()
                    currentLeader.encode(into: &tagValue, version: version)
                    writer.writeTagged(0, tagValue)
                }
            }
        }
    }

    /// A struct inside `ProduceResponse`.
    public struct BatchIndexAndErrorMessage: WireStructure {
        public var batchIndex: Int32 = 0
        public var batchIndexErrorMessage: String?

        /// All fields at the protocol's defaults.
        public init() {}

        init(decoding reader: inout ByteReader, version: Int16) throws(DecodeError) {
            let flexible = version >= 9
            batchIndex = try reader.readInt32()
            batchIndexErrorMessage = try reader.readNullableString(flexible: flexible)
            if flexible { try reader.skipTaggedFields() }
        }

        func encode(into writer: inout ByteWriter, version: Int16) {
            let flexible = version >= 9
            writer.writeInt32(batchIndex)
            writer.writeNullableText(batchIndexErrorMessage, flexible: flexible)
            if flexible { writer.writeUInt8(0) }
        }
    }

    /// A struct inside `ProduceResponse`.
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

    /// A struct inside `ProduceResponse`.
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
