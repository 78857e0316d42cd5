// SPDX-License-Identifier: Apache-2.0
// Made by protocol-generator from Tables/55-DescribeQuorum.kafka: change that, not this.

public import Primitives

/// DescribeQuorum request (API 55), versions 0-2.
public struct DescribeQuorumRequest: ProtocolRequest {
    public typealias Response = DescribeQuorumResponse
    public static var apiKey: APIKey { .describeQuorum }
    public static var validVersions: ClosedRange<Int16> { 0...2 }
    public static var flexibleSince: Int16? { 0 }

    public var topics: [TopicData] = []

    public init() {}

    public init(decoding reader: inout ByteReader, version: Int16) throws(DecodeError) {
        try reader.checkVersion(version, in: Self.validVersions)
        topics = try reader.readArray(flexible: true, elementByteCountMin: 3, version: version)
        try reader.skipTaggedFields()
    }

    public func encode(into writer: inout ByteWriter, version: Int16) {
        requireVersion(version, in: Self.validVersions)
        writer.writeArray(topics, flexible: true, version: version)
        writer.writeUInt8(0)
    }

    /// A struct inside `DescribeQuorumRequest`.
    public struct TopicData: WireStructure {
        /// Topic.
        public var topicName: String = ""
        public var partitions: [PartitionData] = []

        /// All fields at the protocol's defaults.
        public init() {}

        init(decoding reader: inout ByteReader, version: Int16) throws(DecodeError) {
            topicName = try reader.readString(flexible: true)
            partitions = try reader.readArray(flexible: true, elementByteCountMin: 5, version: version)
            try reader.skipTaggedFields()
        }

        func encode(into writer: inout ByteWriter, version: Int16) {
            writer.writeString(topicName, flexible: true)
            writer.writeArray(partitions, flexible: true, version: version)
            writer.writeUInt8(0)
        }
    }

    /// A struct inside `DescribeQuorumRequest`.
    public struct PartitionData: WireStructure {
        public var partitionIndex: Int32 = 0

        /// All fields at the protocol's defaults.
        public init() {}

        init(decoding reader: inout ByteReader, version: Int16) throws(DecodeError) {
            partitionIndex = try reader.readInt32()
            try reader.skipTaggedFields()
        }

        func encode(into writer: inout ByteWriter, version: Int16) {
            writer.writeInt32(partitionIndex)
            writer.writeUInt8(0)
        }
    }
}

/// DescribeQuorum response (API 55), versions 0-2.
public struct DescribeQuorumResponse: ProtocolResponse {
    public static var apiKey: APIKey { .describeQuorum }
    public static var validVersions: ClosedRange<Int16> { 0...2 }
    public static var flexibleSince: Int16? { 0 }

    public var errorCode: Int16 = 0
    /// In version 2.
    public var errorMessage: String?
    public var topics: [TopicData] = []
    /// In version 2.
    public var nodes: [Node] = []

    public init() {}

    public init(decoding reader: inout ByteReader, version: Int16) throws(DecodeError) {
        try reader.checkVersion(version, in: Self.validVersions)
        errorCode = try reader.readInt16()
        if version == 2 { errorMessage = try reader.readNullableString(flexible: true) }
        topics = try reader.readArray(flexible: true, elementByteCountMin: 3, version: version)
        if version == 2 { nodes = try reader.readArray(flexible: true, elementByteCountMin: 6, version: version) }
        try reader.skipTaggedFields()
    }

    public func encode(into writer: inout ByteWriter, version: Int16) {
        requireVersion(version, in: Self.validVersions)
        precondition(version == 2 || nodes.isEmpty, "no nodes in version \(version)")
        writer.writeInt16(errorCode)
        if version == 2 { writer.writeNullableText(errorMessage, flexible: true) }
        writer.writeArray(topics, flexible: true, version: version)
        if version == 2 { writer.writeArray(nodes, flexible: true, version: version) }
        writer.writeUInt8(0)
    }

    /// A struct inside `DescribeQuorumResponse`.
    public struct TopicData: WireStructure {
        /// Topic.
        public var topicName: String = ""
        public var partitions: [PartitionData] = []

        /// All fields at the protocol's defaults.
        public init() {}

        init(decoding reader: inout ByteReader, version: Int16) throws(DecodeError) {
            topicName = try reader.readString(flexible: true)
            partitions = try reader.readArray(flexible: true, elementByteCountMin: 25, version: version)
            try reader.skipTaggedFields()
        }

        func encode(into writer: inout ByteWriter, version: Int16) {
            writer.writeString(topicName, flexible: true)
            writer.writeArray(partitions, flexible: true, version: version)
            writer.writeUInt8(0)
        }
    }

    /// A struct inside `DescribeQuorumResponse`.
    public struct PartitionData: WireStructure {
        public var partitionIndex: Int32 = 0
        public var errorCode: Int16 = 0
        /// In version 2.
        public var errorMessage: String?
        /// Broker.
        public var leaderID: Int32 = 0
        public var leaderEpoch: Int32 = 0
        public var highWatermark: Int64 = 0
        public var currentVoters: [VoterState] = []
        public var observers: [ObserverState] = []

        /// All fields at the protocol's defaults.
        public init() {}

        init(decoding reader: inout ByteReader, version: Int16) throws(DecodeError) {
            partitionIndex = try reader.readInt32()
            errorCode = try reader.readInt16()
            if version == 2 { errorMessage = try reader.readNullableString(flexible: true) }
            leaderID = try reader.readInt32()
            leaderEpoch = try reader.readInt32()
            highWatermark = try reader.readInt64()
            currentVoters = try reader.readArray(flexible: true, elementByteCountMin: 13, version: version)
            observers = try reader.readArray(flexible: true, elementByteCountMin: 13, version: version)
            try reader.skipTaggedFields()
        }

        func encode(into writer: inout ByteWriter, version: Int16) {
            writer.writeInt32(partitionIndex)
            writer.writeInt16(errorCode)
            if version == 2 { writer.writeNullableText(errorMessage, flexible: true) }
            writer.writeInt32(leaderID)
            writer.writeInt32(leaderEpoch)
            writer.writeInt64(highWatermark)
            writer.writeArray(currentVoters, flexible: true, version: version)
            writer.writeArray(observers, flexible: true, version: version)
            writer.writeUInt8(0)
        }
    }

    /// A struct inside `DescribeQuorumResponse`.
    public struct VoterState: WireStructure {
        /// Broker.
        public var replicaID: Int32 = 0
        /// In version 2.
        public var replicaDirectoryID: ProtocolUUID = .zero
        public var logEndOffset: Int64 = 0
        /// In versions from 1.
        public var lastFetchTimestamp: Int64 = -1
        /// In versions from 1.
        public var lastCaughtUpTimestamp: Int64 = -1

        /// All fields at the protocol's defaults.
        public init() {}

        init(decoding reader: inout ByteReader, version: Int16) throws(DecodeError) {
            replicaID = try reader.readInt32()
            if version == 2 { replicaDirectoryID = try reader.readUUID() }
            logEndOffset = try reader.readInt64()
            if version >= 1 { lastFetchTimestamp = try reader.readInt64() }
            if version >= 1 { lastCaughtUpTimestamp = try reader.readInt64() }
            try reader.skipTaggedFields()
        }

        func encode(into writer: inout ByteWriter, version: Int16) {
            precondition(version == 2 || replicaDirectoryID == .zero, "no replicaDirectoryID in version \(version)")
            writer.writeInt32(replicaID)
            if version == 2 { writer.writeUUID(replicaDirectoryID) }
            writer.writeInt64(logEndOffset)
            if version >= 1 { writer.writeInt64(lastFetchTimestamp) }
            if version >= 1 { writer.writeInt64(lastCaughtUpTimestamp) }
            writer.writeUInt8(0)
        }
    }

    /// A struct inside `DescribeQuorumResponse`.
    public struct ObserverState: WireStructure {
        /// Broker.
        public var replicaID: Int32 = 0
        /// In version 2.
        public var replicaDirectoryID: ProtocolUUID = .zero
        public var logEndOffset: Int64 = 0
        /// In versions from 1.
        public var lastFetchTimestamp: Int64 = -1
        /// In versions from 1.
        public var lastCaughtUpTimestamp: Int64 = -1

        /// All fields at the protocol's defaults.
        public init() {}

        init(decoding reader: inout ByteReader, version: Int16) throws(DecodeError) {
            replicaID = try reader.readInt32()
            if version == 2 { replicaDirectoryID = try reader.readUUID() }
            logEndOffset = try reader.readInt64()
            if version >= 1 { lastFetchTimestamp = try reader.readInt64() }
            if version >= 1 { lastCaughtUpTimestamp = try reader.readInt64() }
            try reader.skipTaggedFields()
        }

        func encode(into writer: inout ByteWriter, version: Int16) {
            precondition(version == 2 || replicaDirectoryID == .zero, "no replicaDirectoryID in version \(version)")
            writer.writeInt32(replicaID)
            if version == 2 { writer.writeUUID(replicaDirectoryID) }
            writer.writeInt64(logEndOffset)
            if version >= 1 { writer.writeInt64(lastFetchTimestamp) }
            if version >= 1 { writer.writeInt64(lastCaughtUpTimestamp) }
            writer.writeUInt8(0)
        }
    }

    /// A struct inside `DescribeQuorumResponse`.
    public struct Node: WireStructure {
        /// Broker.
        public var nodeID: Int32 = 0
        public var listeners: [Listener] = []

        /// All fields at the protocol's defaults.
        public init() {}

        init(decoding reader: inout ByteReader, version: Int16) throws(DecodeError) {
            nodeID = try reader.readInt32()
            listeners = try reader.readArray(flexible: true, elementByteCountMin: 5, version: version)
            try reader.skipTaggedFields()
        }

        func encode(into writer: inout ByteWriter, version: Int16) {
            writer.writeInt32(nodeID)
            writer.writeArray(listeners, flexible: true, version: version)
            writer.writeUInt8(0)
        }
    }

    /// A struct inside `DescribeQuorumResponse`.
    public struct Listener: WireStructure {
        public var name: String = ""
        public var host: String = ""
        public var port: UInt16 = 0

        /// All fields at the protocol's defaults.
        public init() {}

        init(decoding reader: inout ByteReader, version: Int16) throws(DecodeError) {
            name = try reader.readString(flexible: true)
            host = try reader.readString(flexible: true)
            port = try reader.readInteger()
            try reader.skipTaggedFields()
        }

        func encode(into writer: inout ByteWriter, version: Int16) {
            writer.writeString(name, flexible: true)
            writer.writeString(host, flexible: true)
            writer.writeInteger(port)
            writer.writeUInt8(0)
        }
    }
}
