// SPDX-License-Identifier: Apache-2.0
// Made by protocol-generator from Tables/27-WriteTxnMarkers.kafka: change that, not this.

public import Primitives

/// WriteTxnMarkers request (API 27), versions 1-2.
public struct WriteTxnMarkersRequest: ProtocolRequest {
    public typealias Response = WriteTxnMarkersResponse
    public static var apiKey: APIKey { .writeTxnMarkers }
    public static var validVersions: ClosedRange<Int16> { 1...2 }
    public static var flexibleSince: Int16? { 1 }

    public var markers: [WritableTxnMarker] = []

    public init() {}

    public init(decoding reader: inout ByteReader, version: Int16) throws(DecodeError) {
        try reader.checkVersion(version, in: Self.validVersions)
        markers = try reader.readArray(flexible: true, elementByteCountMin: 17, version: version)
        try reader.skipTaggedFields()
    }

    public func encode(into writer: inout ByteWriter, version: Int16) {
        requireVersion(version, in: Self.validVersions)
        writer.writeArray(markers, flexible: true, version: version)
        writer.writeUInt8(0)
    }

    /// A struct inside `WriteTxnMarkersRequest`.
    public struct WritableTxnMarker: WireStructure {
        /// Producer.
        public var producerID: Int64 = 0
        public var producerEpoch: Int16 = 0
        public var transactionResult: Bool = false
        public var topics: [WritableTxnMarkerTopic] = []
        public var coordinatorEpoch: Int32 = 0
        /// In version 2.
        public var transactionVersion: Int8 = 0

        /// All fields at the protocol's defaults.
        public init() {}

        init(decoding reader: inout ByteReader, version: Int16) throws(DecodeError) {
            producerID = try reader.readInt64()
            producerEpoch = try reader.readInt16()
            transactionResult = try reader.readBool()
            topics = try reader.readArray(flexible: true, elementByteCountMin: 3, version: version)
            coordinatorEpoch = try reader.readInt32()
            if version == 2 { transactionVersion = try reader.readInt8() }
            try reader.skipTaggedFields()
        }

        func encode(into writer: inout ByteWriter, version: Int16) {
            writer.writeInt64(producerID)
            writer.writeInt16(producerEpoch)
            writer.writeBool(transactionResult)
            writer.writeArray(topics, flexible: true, version: version)
            writer.writeInt32(coordinatorEpoch)
            if version == 2 { writer.writeInt8(transactionVersion) }
            writer.writeUInt8(0)
        }
    }

    /// A struct inside `WriteTxnMarkersRequest`.
    public struct WritableTxnMarkerTopic: WireStructure {
        /// Topic.
        public var name: String = ""
        public var partitionIndexes: [Int32] = []

        /// All fields at the protocol's defaults.
        public init() {}

        init(decoding reader: inout ByteReader, version: Int16) throws(DecodeError) {
            name = try reader.readString(flexible: true)
            partitionIndexes = try reader.readIntegers(flexible: true)
            try reader.skipTaggedFields()
        }

        func encode(into writer: inout ByteWriter, version: Int16) {
            writer.writeString(name, flexible: true)
            writer.writeIntegers(partitionIndexes, flexible: true)
            writer.writeUInt8(0)
        }
    }
}

/// WriteTxnMarkers response (API 27), versions 1-2.
public struct WriteTxnMarkersResponse: ProtocolResponse {
    public static var apiKey: APIKey { .writeTxnMarkers }
    public static var validVersions: ClosedRange<Int16> { 1...2 }
    public static var flexibleSince: Int16? { 1 }

    public var markers: [WritableTxnMarkerResult] = []

    public init() {}

    public init(decoding reader: inout ByteReader, version: Int16) throws(DecodeError) {
        try reader.checkVersion(version, in: Self.validVersions)
        markers = try reader.readArray(flexible: true, elementByteCountMin: 10, version: version)
        try reader.skipTaggedFields()
    }

    public func encode(into writer: inout ByteWriter, version: Int16) {
        requireVersion(version, in: Self.validVersions)
        writer.writeArray(markers, flexible: true, version: version)
        writer.writeUInt8(0)
    }

    /// A struct inside `WriteTxnMarkersResponse`.
    public struct WritableTxnMarkerResult: WireStructure {
        /// Producer.
        public var producerID: Int64 = 0
        public var topics: [WritableTxnMarkerTopicResult] = []

        /// All fields at the protocol's defaults.
        public init() {}

        init(decoding reader: inout ByteReader, version: Int16) throws(DecodeError) {
            producerID = try reader.readInt64()
            topics = try reader.readArray(flexible: true, elementByteCountMin: 3, version: version)
            try reader.skipTaggedFields()
        }

        func encode(into writer: inout ByteWriter, version: Int16) {
            writer.writeInt64(producerID)
            writer.writeArray(topics, flexible: true, version: version)
            writer.writeUInt8(0)
        }
    }

    /// A struct inside `WriteTxnMarkersResponse`.
    public struct WritableTxnMarkerTopicResult: WireStructure {
        /// Topic.
        public var name: String = ""
        public var partitions: [WritableTxnMarkerPartitionResult] = []

        /// All fields at the protocol's defaults.
        public init() {}

        init(decoding reader: inout ByteReader, version: Int16) throws(DecodeError) {
            name = try reader.readString(flexible: true)
            partitions = try reader.readArray(flexible: true, elementByteCountMin: 7, version: version)
            try reader.skipTaggedFields()
        }

        func encode(into writer: inout ByteWriter, version: Int16) {
            writer.writeString(name, flexible: true)
            writer.writeArray(partitions, flexible: true, version: version)
            writer.writeUInt8(0)
        }
    }

    /// A struct inside `WriteTxnMarkersResponse`.
    public struct WritableTxnMarkerPartitionResult: WireStructure {
        public var partitionIndex: Int32 = 0
        public var errorCode: Int16 = 0

        /// All fields at the protocol's defaults.
        public init() {}

        init(decoding reader: inout ByteReader, version: Int16) throws(DecodeError) {
            partitionIndex = try reader.readInt32()
            errorCode = try reader.readInt16()
            try reader.skipTaggedFields()
        }

        func encode(into writer: inout ByteWriter, version: Int16) {
            writer.writeInt32(partitionIndex)
            writer.writeInt16(errorCode)
            writer.writeUInt8(0)
        }
    }
}
