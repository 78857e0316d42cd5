// SPDX-License-Identifier: Apache-2.0
// Made by protocol-generator from Tables/ConsumerProtocolSubscription.kafka: change that, not this.

public import Primitives

/// ConsumerProtocolSubscription, versions 0-3.
public struct ConsumerProtocolSubscription: ProtocolMessage {
    public static var validVersions: ClosedRange<Int16> { 0...3 }
    public static var flexibleSince: Int16? { nil }

    public var topics: [String] = []
    public var userData: SharedBytes?
    /// In versions from 1.
    public var ownedPartitions: [TopicPartition] = []
    /// In versions from 2.
    public var generationID: Int32 = -1
    /// In version 3.
    public var rackID: String?

    public init() {}

    public init(decoding reader: inout ByteReader, version: Int16) throws(DecodeError) {
        try reader.checkVersion(version, in: Self.validVersions)
        topics = try reader.readStrings(flexible: false)
        userData = try reader.readNullableBytes(flexible: false)
        if version >= 1 {
            ownedPartitions = try reader.readArray(flexible: false, elementByteCountMin: 6, version: version)
        }
        if version >= 2 { generationID = try reader.readInt32() }
        if version == 3 { rackID = try reader.readNullableString(flexible: false) }
    }

    public func encode(into writer: inout ByteWriter, version: Int16) {
        requireVersion(version, in: Self.validVersions)
        writer.writeStrings(topics, flexible: false)
        writer.writeNullableBytes(userData, flexible: false)
        if version >= 1 { writer.writeArray(ownedPartitions, flexible: false, version: version) }
        if version >= 2 { writer.writeInt32(generationID) }
        if version == 3 { writer.writeNullableString(rackID, flexible: false) }
    }

    /// A struct inside `ConsumerProtocolSubscription`.
    public struct TopicPartition: WireStructure {
        /// Topic.
        public var topic: String = ""
        public var partitions: [Int32] = []

        /// All fields at the protocol's defaults.
        public init() {}

        init(decoding reader: inout ByteReader, version: Int16) throws(DecodeError) {
            topic = try reader.readString(flexible: false)
            partitions = try reader.readIntegers(flexible: false)
        }

        func encode(into writer: inout ByteWriter, version: Int16) {
            writer.writeString(topic, flexible: false)
            writer.writeIntegers(partitions, flexible: false)
        }
    }
}
