// SPDX-License-Identifier: Apache-2.0
// Made by protocol-generator from Tables/35-DescribeLogDirs.kafka: change that, not this.

public import Primitives

/// DescribeLogDirs request (API 35), versions 0-5.
public struct DescribeLogDirsRequest: ProtocolRequest {
    public typealias Response = DescribeLogDirsResponse
    public static var apiKey: APIKey { .describeLogDirs }
    public static var validVersions: ClosedRange<Int16> { 0...5 }
    public static var flexibleSince: Int16? { 2 }

    public var topics: [DescribableLogDirTopic]? = []

    public init() {}

    public init(decoding reader: inout ByteReader, version: Int16) throws(DecodeError) {
        try reader.checkVersion(version, in: Self.validVersions)
        let flexible = version >= 2
        topics = try reader.readNullableArray(
            flexible: flexible, elementByteCountMin: flexible ? 3 : 6, version: version)
        if flexible { try reader.skipTaggedFields() }
    }

    public func encode(into writer: inout ByteWriter, version: Int16) {
        requireVersion(version, in: Self.validVersions)
        let flexible = version >= 2
        writer.writeNullableArray(topics, flexible: flexible, version: version)
        if flexible { writer.writeUInt8(0) }
    }

    /// A struct inside `DescribeLogDirsRequest`.
    public struct DescribableLogDirTopic: WireStructure {
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

/// DescribeLogDirs response (API 35), versions 0-5.
public struct DescribeLogDirsResponse: ProtocolResponse {
    public static var apiKey: APIKey { .describeLogDirs }
    public static var validVersions: ClosedRange<Int16> { 0...5 }
    public static var flexibleSince: Int16? { 2 }

    public var throttleTimeMs: Int32 = 0
    /// In versions from 3.
    public var errorCode: Int16 = 0
    public var results: [DescribeLogDirsResult] = []

    public init() {}

    public init(decoding reader: inout ByteReader, version: Int16) throws(DecodeError) {
        try reader.checkVersion(version, in: Self.validVersions)
        let flexible = version >= 2
        throttleTimeMs = try reader.readInt32()
        if version >= 3 { errorCode = try reader.readInt16() }
        results = try reader.readArray(flexible: flexible, elementByteCountMin: flexible ? 5 : 8, version: version)
        if flexible { try reader.skipTaggedFields() }
    }

    public func encode(into writer: inout ByteWriter, version: Int16) {
        requireVersion(version, in: Self.validVersions)
        let flexible = version >= 2
        writer.writeInt32(throttleTimeMs)
        if version >= 3 { writer.writeInt16(errorCode) }
        writer.writeArray(results, flexible: flexible, version: version)
        if flexible { writer.writeUInt8(0) }
    }

    /// A struct inside `DescribeLogDirsResponse`.
    public struct DescribeLogDirsResult: WireStructure {
        public var errorCode: Int16 = 0
        public var logDir: String = ""
        public var topics: [DescribeLogDirsTopic] = []
        /// In versions from 4.
        public var totalBytes: Int64 = -1
        /// In versions from 4.
        public var usableBytes: Int64 = -1
        /// In version 5.
        public var isCordoned: Bool = false

        /// All fields at the protocol's defaults.
        public init() {}

        init(decoding reader: inout ByteReader, version: Int16) throws(DecodeError) {
            let flexible = version >= 2
            errorCode = try reader.readInt16()
            logDir = try reader.readString(flexible: flexible)
            topics = try reader.readArray(flexible: flexible, elementByteCountMin: flexible ? 3 : 6, version: version)
            if version >= 4 { totalBytes = try reader.readInt64() }
            if version >= 4 { usableBytes = try reader.readInt64() }
            if version == 5 { isCordoned = try reader.readBool() }
            if flexible { try reader.skipTaggedFields() }
        }

        func encode(into writer: inout ByteWriter, version: Int16) {
            let flexible = version >= 2
            writer.writeInt16(errorCode)
            writer.writeString(logDir, flexible: flexible)
            writer.writeArray(topics, flexible: flexible, version: version)
            if version >= 4 { writer.writeInt64(totalBytes) }
            if version >= 4 { writer.writeInt64(usableBytes) }
            if version == 5 { writer.writeBool(isCordoned) }
            if flexible { writer.writeUInt8(0) }
        }
    }

    /// A struct inside `DescribeLogDirsResponse`.
    public struct DescribeLogDirsTopic: WireStructure {
        /// Topic.
        public var name: String = ""
        public var partitions: [DescribeLogDirsPartition] = []

        /// All fields at the protocol's defaults.
        public init() {}

        init(decoding reader: inout ByteReader, version: Int16) throws(DecodeError) {
            let flexible = version >= 2
            name = try reader.readString(flexible: flexible)
            partitions = try reader.readArray(
                flexible: flexible, elementByteCountMin: flexible ? 22 : 21, version: version)
            if flexible { try reader.skipTaggedFields() }
        }

        func encode(into writer: inout ByteWriter, version: Int16) {
            let flexible = version >= 2
            writer.writeString(name, flexible: flexible)
            writer.writeArray(partitions, flexible: flexible, version: version)
            if flexible { writer.writeUInt8(0) }
        }
    }

    /// A struct inside `DescribeLogDirsResponse`.
    public struct DescribeLogDirsPartition: WireStructure {
        public var partitionIndex: Int32 = 0
        public var partitionSize: Int64 = 0
        public var offsetLag: Int64 = 0
        public var isFutureKey: Bool = false

        /// All fields at the protocol's defaults.
        public init() {}

        init(decoding reader: inout ByteReader, version: Int16) throws(DecodeError) {
            let flexible = version >= 2
            partitionIndex = try reader.readInt32()
            partitionSize = try reader.readInt64()
            offsetLag = try reader.readInt64()
            isFutureKey = try reader.readBool()
            if flexible { try reader.skipTaggedFields() }
        }

        func encode(into writer: inout ByteWriter, version: Int16) {
            let flexible = version >= 2
            writer.writeInt32(partitionIndex)
            writer.writeInt64(partitionSize)
            writer.writeInt64(offsetLag)
            writer.writeBool(isFutureKey)
            if flexible { writer.writeUInt8(0) }
        }
    }
}
