// SPDX-License-Identifier: Apache-2.0
// Made by protocol-generator from Tables/43-ElectLeaders.kafka: change that, not this.

public import Primitives

/// ElectLeaders request (API 43), versions 0-2.
public struct ElectLeadersRequest: ProtocolRequest {
    public typealias Response = ElectLeadersResponse
    public static var apiKey: APIKey { .electLeaders }
    public static var validVersions: ClosedRange<Int16> { 0...2 }
    public static var flexibleSince: Int16? { 2 }

    /// In versions from 1.
    public var electionType: Int8 = 0
    public var topicPartitions: [TopicPartitions]? = []
    public var timeoutMs: Int32 = 60000

    public init() {}

    public init(decoding reader: inout ByteReader, version: Int16) throws(DecodeError) {
        try reader.checkVersion(version, in: Self.validVersions)
        let flexible = version >= 2
        if version >= 1 { electionType = try reader.readInt8() }
        topicPartitions = try reader.readNullableArray(
            flexible: flexible, elementByteCountMin: flexible ? 3 : 6, version: version)
        timeoutMs = try reader.readInt32()
        if flexible { try reader.skipTaggedFields() }
    }

    public func encode(into writer: inout ByteWriter, version: Int16) {
        requireVersion(version, in: Self.validVersions)
        let flexible = version >= 2
        precondition(version >= 1 || electionType == 0, "no electionType in version \(version)")
        if version >= 1 { writer.writeInt8(electionType) }
        writer.writeNullableArray(topicPartitions, flexible: flexible, version: version)
        writer.writeInt32(timeoutMs)
        if flexible { writer.writeUInt8(0) }
    }

    /// A struct inside `ElectLeadersRequest`.
    public struct TopicPartitions: WireStructure {
        /// Topic.
        public var topic: String = ""
        public var partitions: [Int32] = []

        /// All fields at the protocol's defaults.
        public init() {}

        init(decoding reader: inout ByteReader, version: Int16) throws(DecodeError) {
            let flexible = version >= 2
            topic = try reader.readString(flexible: flexible)
            partitions = try reader.readIntegers(flexible: flexible)
            if flexible { try reader.skipTaggedFields() }
        }

        func encode(into writer: inout ByteWriter, version: Int16) {
            let flexible = version >= 2
            writer.writeString(topic, flexible: flexible)
            writer.writeIntegers(partitions, flexible: flexible)
            if flexible { writer.writeUInt8(0) }
        }
    }
}

/// ElectLeaders response (API 43), versions 0-2.
public struct ElectLeadersResponse: ProtocolResponse {
    public static var apiKey: APIKey { .electLeaders }
    public static var validVersions: ClosedRange<Int16> { 0...2 }
    public static var flexibleSince: Int16? { 2 }

    public var throttleTimeMs: Int32 = 0
    /// In versions from 1.
    public var errorCode: Int16 = 0
    public var replicaElectionResults: [ReplicaElectionResult] = []

    public init() {}

    public init(decoding reader: inout ByteReader, version: Int16) throws(DecodeError) {
        try reader.checkVersion(version, in: Self.validVersions)
        let flexible = version >= 2
        throttleTimeMs = try reader.readInt32()
        if version >= 1 { errorCode = try reader.readInt16() }
        replicaElectionResults = try reader.readArray(
            flexible: flexible, elementByteCountMin: flexible ? 3 : 6, version: version)
        if flexible { try reader.skipTaggedFields() }
    }

    public func encode(into writer: inout ByteWriter, version: Int16) {
        requireVersion(version, in: Self.validVersions)
        let flexible = version >= 2
        precondition(version >= 1 || errorCode == 0, "no errorCode in version \(version)")
        writer.writeInt32(throttleTimeMs)
        if version >= 1 { writer.writeInt16(errorCode) }
        writer.writeArray(replicaElectionResults, flexible: flexible, version: version)
        if flexible { writer.writeUInt8(0) }
    }

    /// A struct inside `ElectLeadersResponse`.
    public struct ReplicaElectionResult: WireStructure {
        /// Topic.
        public var topic: String = ""
        public var partitionResult: [PartitionResult] = []

        /// All fields at the protocol's defaults.
        public init() {}

        init(decoding reader: inout ByteReader, version: Int16) throws(DecodeError) {
            let flexible = version >= 2
            topic = try reader.readString(flexible: flexible)
            partitionResult = try reader.readArray(flexible: flexible, elementByteCountMin: 8, version: version)
            if flexible { try reader.skipTaggedFields() }
        }

        func encode(into writer: inout ByteWriter, version: Int16) {
            let flexible = version >= 2
            writer.writeString(topic, flexible: flexible)
            writer.writeArray(partitionResult, flexible: flexible, version: version)
            if flexible { writer.writeUInt8(0) }
        }
    }

    /// A struct inside `ElectLeadersResponse`.
    public struct PartitionResult: WireStructure {
        public var partitionID: Int32 = 0
        public var errorCode: Int16 = 0
        public var errorMessage: String?

        /// All fields at the protocol's defaults.
        public init() {}

        init(decoding reader: inout ByteReader, version: Int16) throws(DecodeError) {
            let flexible = version >= 2
            partitionID = try reader.readInt32()
            errorCode = try reader.readInt16()
            errorMessage = try reader.readNullableString(flexible: flexible)
            if flexible { try reader.skipTaggedFields() }
        }

        func encode(into writer: inout ByteWriter, version: Int16) {
            let flexible = version >= 2
            writer.writeInt32(partitionID)
            writer.writeInt16(errorCode)
            writer.writeNullableText(errorMessage, flexible: flexible)
            if flexible { writer.writeUInt8(0) }
        }
    }
}
