// SPDX-License-Identifier: Apache-2.0
// Made by protocol-generator from Tables/60-DescribeCluster.kafka: change that, not this.

public import Primitives

/// DescribeCluster request (API 60), versions 0-2.
public struct DescribeClusterRequest: ProtocolRequest {
    public typealias Response = DescribeClusterResponse
    public static var apiKey: APIKey { .describeCluster }
    public static var validVersions: ClosedRange<Int16> { 0...2 }
    public static var flexibleSince: Int16? { 0 }

    public var includeClusterAuthorizedOperations: Bool = false
    /// In versions from 1.
    public var endpointType: Int8 = 1
    /// In version 2.
    public var includeFencedBrokers: Bool = false

    public init() {}

    public init(decoding reader: inout ByteReader, version: Int16) throws(DecodeError) {
        try reader.checkVersion(version, in: Self.validVersions)
        includeClusterAuthorizedOperations = try reader.readBool()
        if version >= 1 { endpointType = try reader.readInt8() }
        if version == 2 { includeFencedBrokers = try reader.readBool() }
        try reader.skipTaggedFields()
    }

    public func encode(into writer: inout ByteWriter, version: Int16) {
        requireVersion(version, in: Self.validVersions)
        precondition(version >= 1 || endpointType == 1, "no endpointType in version \(version)")
        precondition(version == 2 || !includeFencedBrokers, "no includeFencedBrokers in version \(version)")
        writer.writeBool(includeClusterAuthorizedOperations)
        if version >= 1 { writer.writeInt8(endpointType) }
        if version == 2 { writer.writeBool(includeFencedBrokers) }
        writer.writeUInt8(0)
    }
}

/// DescribeCluster response (API 60), versions 0-2.
public struct DescribeClusterResponse: ProtocolResponse {
    public static var apiKey: APIKey { .describeCluster }
    public static var validVersions: ClosedRange<Int16> { 0...2 }
    public static var flexibleSince: Int16? { 0 }

    public var throttleTimeMs: Int32 = 0
    public var errorCode: Int16 = 0
    public var errorMessage: String?
    /// In versions from 1.
    public var endpointType: Int8 = 1
    public var clusterID: String = ""
    /// Broker.
    public var controllerID: Int32 = -1
    public var brokers: [DescribeClusterBroker] = []
    public var clusterAuthorizedOperations: Int32 = -2147483648

    public init() {}

    public init(decoding reader: inout ByteReader, version: Int16) throws(DecodeError) {
        try reader.checkVersion(version, in: Self.validVersions)
        throttleTimeMs = try reader.readInt32()
        errorCode = try reader.readInt16()
        errorMessage = try reader.readNullableString(flexible: true)
        if version >= 1 { endpointType = try reader.readInt8() }
        clusterID = try reader.readString(flexible: true)
        controllerID = try reader.readInt32()
        brokers = try reader.readArray(flexible: true, elementByteCountMin: 11, version: version)
        clusterAuthorizedOperations = try reader.readInt32()
        try reader.skipTaggedFields()
    }

    public func encode(into writer: inout ByteWriter, version: Int16) {
        requireVersion(version, in: Self.validVersions)
        precondition(version >= 1 || endpointType == 1, "no endpointType in version \(version)")
        writer.writeInt32(throttleTimeMs)
        writer.writeInt16(errorCode)
        writer.writeNullableText(errorMessage, flexible: true)
        if version >= 1 { writer.writeInt8(endpointType) }
        writer.writeString(clusterID, flexible: true)
        writer.writeInt32(controllerID)
        writer.writeArray(brokers, flexible: true, version: version)
        writer.writeInt32(clusterAuthorizedOperations)
        writer.writeUInt8(0)
    }

    /// A struct inside `DescribeClusterResponse`.
    public struct DescribeClusterBroker: WireStructure {
        /// Broker.
        public var brokerID: Int32 = 0
        public var host: String = ""
        public var port: Int32 = 0
        public var rack: String?
        /// In version 2.
        public var isFenced: Bool = false

        /// All fields at the protocol's defaults.
        public init() {}

        init(decoding reader: inout ByteReader, version: Int16) throws(DecodeError) {
            brokerID = try reader.readInt32()
            host = try reader.readString(flexible: true)
            port = try reader.readInt32()
            rack = try reader.readNullableString(flexible: true)
            if version == 2 { isFenced = try reader.readBool() }
            try reader.skipTaggedFields()
        }

        func encode(into writer: inout ByteWriter, version: Int16) {
            precondition(version == 2 || !isFenced, "no isFenced in version \(version)")
            writer.writeInt32(brokerID)
            writer.writeString(host, flexible: true)
            writer.writeInt32(port)
            writer.writeNullableString(rack, flexible: true)
            if version == 2 { writer.writeBool(isFenced) }
            writer.writeUInt8(0)
        }
    }
}
