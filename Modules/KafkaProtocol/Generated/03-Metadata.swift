// SPDX-License-Identifier: Apache-2.0
// Made by protocol-generator from Tables/03-Metadata.kafka: change that, not this.

public import Primitives

/// Metadata request (API 3), versions 0-13.
public struct MetadataRequest: ProtocolRequest {
    public typealias Response = MetadataResponse
    public static var apiKey: APIKey { .metadata }
    public static var validVersions: ClosedRange<Int16> { 0...13 }
    public static var flexibleSince: Int16? { 9 }

    /// Nil allowed in versions from 1.
    public var topics: [MetadataRequestTopic]? = []
    /// In versions from 4.
    public var allowAutoTopicCreation: Bool = true
    /// In versions 8-10.
    public var includeClusterAuthorizedOperations: Bool = false
    /// In versions from 8.
    public var includeTopicAuthorizedOperations: Bool = false

    public init() {}

    public init(decoding reader: inout ByteReader, version: Int16) throws(DecodeError) {
        try reader.checkVersion(version, in: Self.validVersions)
        let flexible = version >= 9
        topics = try reader.readNullableArray(
            flexible: flexible, nullable: version >= 1, elementByteCountMin: 2, version: version)
        if version >= 4 { allowAutoTopicCreation = try reader.readBool() }
        if version >= 8 && version <= 10 { includeClusterAuthorizedOperations = try reader.readBool() }
        if version >= 8 { includeTopicAuthorizedOperations = try reader.readBool() }
        if flexible { try reader.skipTaggedFields() }
    }

    public func encode(into writer: inout ByteWriter, version: Int16) {
        requireVersion(version, in: Self.validVersions)
        let flexible = version >= 9
        precondition(version >= 4 || allowAutoTopicCreation, "no allowAutoTopicCreation in version \(version)")
        precondition(
            (version >= 8 && version <= 10) || !includeClusterAuthorizedOperations,
            "no includeClusterAuthorizedOperations in version \(version)")
        precondition(
            version >= 8 || !includeTopicAuthorizedOperations,
            "no includeTopicAuthorizedOperations in version \(version)")
        writer.writeNullableArray(topics, flexible: flexible, nullable: version >= 1, version: version)
        if version >= 4 { writer.writeBool(allowAutoTopicCreation) }
        if version >= 8 && version <= 10 { writer.writeBool(includeClusterAuthorizedOperations) }
        if version >= 8 { writer.writeBool(includeTopicAuthorizedOperations) }
        if flexible { writer.writeUInt8(0) }
    }

    /// A struct inside `MetadataRequest`.
    public struct MetadataRequestTopic: WireStructure {
        /// In versions from 10.
        public var topicID: TopicID = .zero
        /// Topic. Nil allowed in versions from 10.
        public var name: String? = ""

        /// All fields at the protocol's defaults.
        public init() {}

        init(decoding reader: inout ByteReader, version: Int16) throws(DecodeError) {
            let flexible = version >= 9
            if version >= 10 { topicID = try reader.readTopicID() }
            name = try reader.readNullableString(flexible: flexible, nullable: version >= 10)
            if flexible { try reader.skipTaggedFields() }
        }

        func encode(into writer: inout ByteWriter, version: Int16) {
            let flexible = version >= 9
            if version >= 10 { writer.writeTopicID(topicID) }
            writer.writeNullableString(name, flexible: flexible, nullable: version >= 10)
            if flexible { writer.writeUInt8(0) }
        }
    }
}

/// Metadata response (API 3), versions 0-13.
public struct MetadataResponse: ProtocolResponse {
    public static var apiKey: APIKey { .metadata }
    public static var validVersions: ClosedRange<Int16> { 0...13 }
    public static var flexibleSince: Int16? { 9 }

    /// In versions from 3.
    public var throttleTimeMs: Int32 = 0
    public var brokers: [MetadataResponseBroker] = []
    /// In versions from 2.
    public var clusterID: String?
    /// Broker. In versions from 1.
    public var controllerID: Int32 = -1
    public var topics: [MetadataResponseTopic] = []
    /// In versions 8-10.
    public var clusterAuthorizedOperations: Int32 = -2147483648
    /// In version 13.
    public var errorCode: Int16 = 0

    public init() {}

    public init(decoding reader: inout ByteReader, version: Int16) throws(DecodeError) {
        try reader.checkVersion(version, in: Self.validVersions)
        let flexible = version >= 9
        if version >= 3 { throttleTimeMs = try reader.readInt32() }
        brokers = try reader.readArray(flexible: flexible, elementByteCountMin: flexible ? 11 : 10, version: version)
        if version >= 2 { clusterID = try reader.readNullableString(flexible: flexible) }
        if version >= 1 { controllerID = try reader.readInt32() }
        topics = try reader.readArray(flexible: flexible, elementByteCountMin: flexible ? 10 : 8, version: version)
        if version >= 8 && version <= 10 { clusterAuthorizedOperations = try reader.readInt32() }
        if version == 13 { errorCode = try reader.readInt16() }
        if flexible { try reader.skipTaggedFields() }
    }

    public func encode(into writer: inout ByteWriter, version: Int16) {
        requireVersion(version, in: Self.validVersions)
        let flexible = version >= 9
        precondition(
            (version >= 8 && version <= 10) || clusterAuthorizedOperations == -2147483648,
            "no clusterAuthorizedOperations in version \(version)")
        if version >= 3 { writer.writeInt32(throttleTimeMs) }
        writer.writeArray(brokers, flexible: flexible, version: version)
        if version >= 2 { writer.writeNullableString(clusterID, flexible: flexible) }
        if version >= 1 { writer.writeInt32(controllerID) }
        writer.writeArray(topics, flexible: flexible, version: version)
        if version >= 8 && version <= 10 { writer.writeInt32(clusterAuthorizedOperations) }
        if version == 13 { writer.writeInt16(errorCode) }
        if flexible { writer.writeUInt8(0) }
    }

    /// A struct inside `MetadataResponse`.
    public struct MetadataResponseBroker: WireStructure {
        /// Broker.
        public var nodeID: Int32 = 0
        public var host: String = ""
        public var port: Int32 = 0
        /// In versions from 1.
        public var rack: String?

        /// All fields at the protocol's defaults.
        public init() {}

        init(decoding reader: inout ByteReader, version: Int16) throws(DecodeError) {
            let flexible = version >= 9
            nodeID = try reader.readInt32()
            host = try reader.readString(flexible: flexible)
            port = try reader.readInt32()
            if version >= 1 { rack = try reader.readNullableString(flexible: flexible) }
            if flexible { try reader.skipTaggedFields() }
        }

        func encode(into writer: inout ByteWriter, version: Int16) {
            let flexible = version >= 9
            writer.writeInt32(nodeID)
            writer.writeString(host, flexible: flexible)
            writer.writeInt32(port)
            if version >= 1 { writer.writeNullableString(rack, flexible: flexible) }
            if flexible { writer.writeUInt8(0) }
        }
    }

    /// A struct inside `MetadataResponse`.
    public struct MetadataResponseTopic: WireStructure {
        public var errorCode: Int16 = 0
        /// Topic. Nil allowed in versions from 12.
        public var name: String? = ""
        /// In versions from 10.
        public var topicID: TopicID = .zero
        /// In versions from 1.
        public var isInternal: Bool = false
        public var partitions: [MetadataResponsePartition] = []
        /// In versions from 8.
        public var topicAuthorizedOperations: Int32 = -2147483648

        /// All fields at the protocol's defaults.
        public init() {}

        init(decoding reader: inout ByteReader, version: Int16) throws(DecodeError) {
            let flexible = version >= 9
            errorCode = try reader.readInt16()
            name = try reader.readNullableString(flexible: flexible, nullable: version >= 12)
            if version >= 10 { topicID = try reader.readTopicID() }
            if version >= 1 { isInternal = try reader.readBool() }
            partitions = try reader.readArray(flexible: flexible, elementByteCountMin: 18, version: version)
            if version >= 8 { topicAuthorizedOperations = try reader.readInt32() }
            if flexible { try reader.skipTaggedFields() }
        }

        func encode(into writer: inout ByteWriter, version: Int16) {
            let flexible = version >= 9
            precondition(
                version >= 8 || topicAuthorizedOperations == -2147483648,
                "no topicAuthorizedOperations in version \(version)")
            writer.writeInt16(errorCode)
            writer.writeNullableString(name, flexible: flexible, nullable: version >= 12)
            if version >= 10 { writer.writeTopicID(topicID) }
            if version >= 1 { writer.writeBool(isInternal) }
            writer.writeArray(partitions, flexible: flexible, version: version)
            if version >= 8 { writer.writeInt32(topicAuthorizedOperations) }
            if flexible { writer.writeUInt8(0) }
        }
    }

    /// A struct inside `MetadataResponse`.
    public struct MetadataResponsePartition: WireStructure {
        public var errorCode: Int16 = 0
        public var partitionIndex: Int32 = 0
        /// Broker.
        public var leaderID: Int32 = 0
        /// In versions from 7.
        public var leaderEpoch: Int32 = -1
        /// Broker.
        public var replicaNodes: [Int32] = []
        /// Broker.
        public var isrNodes: [Int32] = []
        /// Broker. In versions from 5.
        public var offlineReplicas: [Int32] = []

        /// All fields at the protocol's defaults.
        public init() {}

        init(decoding reader: inout ByteReader, version: Int16) throws(DecodeError) {
            let flexible = version >= 9
            errorCode = try reader.readInt16()
            partitionIndex = try reader.readInt32()
            leaderID = try reader.readInt32()
            if version >= 7 { leaderEpoch = try reader.readInt32() }
            replicaNodes = try reader.readIntegers(flexible: flexible)
            isrNodes = try reader.readIntegers(flexible: flexible)
            if version >= 5 { offlineReplicas = try reader.readIntegers(flexible: flexible) }
            if flexible { try reader.skipTaggedFields() }
        }

        func encode(into writer: inout ByteWriter, version: Int16) {
            let flexible = version >= 9
            writer.writeInt16(errorCode)
            writer.writeInt32(partitionIndex)
            writer.writeInt32(leaderID)
            if version >= 7 { writer.writeInt32(leaderEpoch) }
            writer.writeIntegers(replicaNodes, flexible: flexible)
            writer.writeIntegers(isrNodes, flexible: flexible)
            if version >= 5 { writer.writeIntegers(offlineReplicas, flexible: flexible) }
            if flexible { writer.writeUInt8(0) }
        }
    }
}
