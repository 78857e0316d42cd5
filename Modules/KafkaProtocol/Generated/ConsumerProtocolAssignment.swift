// SPDX-License-Identifier: Apache-2.0
// Made by protocol-generator from Tables/ConsumerProtocolAssignment.kafka: change that, not this.

public import Primitives

/// ConsumerProtocolAssignment, versions 0-3.
public struct ConsumerProtocolAssignment: ProtocolMessage {
    public static var validVersions: ClosedRange<Int16> { 0...3 }
    public static var flexibleSince: Int16? { nil }

    public var assignedPartitions: [TopicPartition] = []
    public var userData: SharedBytes?

    public init() {}

    public init(decoding reader: inout ByteReader, version: Int16) throws(DecodeError) {
        try reader.checkVersion(version, in: Self.validVersions)
        assignedPartitions = try reader.readArray(flexible: false, elementByteCountMin: 6, version: version)
        userData = try reader.readNullableBytes(flexible: false)
    }

    public func encode(into writer: inout ByteWriter, version: Int16) {
        requireVersion(version, in: Self.validVersions)
        writer.writeArray(assignedPartitions, flexible: false, version: version)
        writer.writeNullableBytes(userData, flexible: false)
    }

    /// A struct inside `ConsumerProtocolAssignment`.
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
