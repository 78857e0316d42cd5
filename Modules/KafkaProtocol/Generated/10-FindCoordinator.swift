// SPDX-License-Identifier: Apache-2.0
// Made by protocol-generator from Tables/10-FindCoordinator.kafka: change that, not this.

public import Primitives

/// FindCoordinator request (API 10), versions 0-6.
public struct FindCoordinatorRequest: ProtocolRequest {
    public typealias Response = FindCoordinatorResponse
    public static var apiKey: APIKey { .findCoordinator }
    public static var validVersions: ClosedRange<Int16> { 0...6 }
    public static var flexibleSince: Int16? { 3 }

    /// In versions 0-3.
    public var key: String = ""
    /// In versions from 1.
    public var keyType: Int8 = 0
    /// In versions from 4.
    public var coordinatorKeys: [String] = []

    public init() {}

    public init(decoding reader: inout ByteReader, version: Int16) throws(DecodeError) {
        try reader.checkVersion(version, in: Self.validVersions)
        let flexible = version >= 3
        if version <= 3 { key = try reader.readString(flexible: flexible) }
        if version >= 1 { keyType = try reader.readInt8() }
        if version >= 4 { coordinatorKeys = try reader.readStrings(flexible: flexible) }
        if flexible { try reader.skipTaggedFields() }
    }

    public func encode(into writer: inout ByteWriter, version: Int16) {
        requireVersion(version, in: Self.validVersions)
        let flexible = version >= 3
        precondition(version <= 3 || key.isEmpty, "no key in version \(version)")
        precondition(version >= 1 || keyType == 0, "no keyType in version \(version)")
        precondition(version >= 4 || coordinatorKeys.isEmpty, "no coordinatorKeys in version \(version)")
        if version <= 3 { writer.writeString(key, flexible: flexible) }
        if version >= 1 { writer.writeInt8(keyType) }
        if version >= 4 { writer.writeStrings(coordinatorKeys, flexible: flexible) }
        if flexible { writer.writeUInt8(0) }
    }
}

/// FindCoordinator response (API 10), versions 0-6.
public struct FindCoordinatorResponse: ProtocolResponse {
    public static var apiKey: APIKey { .findCoordinator }
    public static var validVersions: ClosedRange<Int16> { 0...6 }
    public static var flexibleSince: Int16? { 3 }

    /// In versions from 1.
    public var throttleTimeMs: Int32 = 0
    /// In versions 0-3.
    public var errorCode: Int16 = 0
    /// In versions 1-3.
    public var errorMessage: String? = ""
    /// Broker. In versions 0-3.
    public var nodeID: Int32 = 0
    /// In versions 0-3.
    public var host: String = ""
    /// In versions 0-3.
    public var port: Int32 = 0
    /// In versions from 4.
    public var coordinators: [Coordinator] = []

    public init() {}

    public init(decoding reader: inout ByteReader, version: Int16) throws(DecodeError) {
        try reader.checkVersion(version, in: Self.validVersions)
        let flexible = version >= 3
        if version >= 1 { throttleTimeMs = try reader.readInt32() }
        if version <= 3 { errorCode = try reader.readInt16() }
        if version >= 1 && version <= 3 { errorMessage = try reader.readNullableString(flexible: flexible) }
        if version <= 3 { nodeID = try reader.readInt32() }
        if version <= 3 { host = try reader.readString(flexible: flexible) }
        if version <= 3 { port = try reader.readInt32() }
        if version >= 4 {
            coordinators = try reader.readArray(flexible: flexible, elementByteCountMin: 14, version: version)
        }
        if flexible { try reader.skipTaggedFields() }
    }

    public func encode(into writer: inout ByteWriter, version: Int16) {
        requireVersion(version, in: Self.validVersions)
        let flexible = version >= 3
        precondition(version <= 3 || errorCode == 0, "no errorCode in version \(version)")
        precondition(version <= 3 || nodeID == 0, "no nodeID in version \(version)")
        precondition(version <= 3 || host.isEmpty, "no host in version \(version)")
        precondition(version <= 3 || port == 0, "no port in version \(version)")
        precondition(version >= 4 || coordinators.isEmpty, "no coordinators in version \(version)")
        if version >= 1 { writer.writeInt32(throttleTimeMs) }
        if version <= 3 { writer.writeInt16(errorCode) }
        if version >= 1 && version <= 3 { writer.writeNullableText(errorMessage, flexible: flexible) }
        if version <= 3 { writer.writeInt32(nodeID) }
        if version <= 3 { writer.writeString(host, flexible: flexible) }
        if version <= 3 { writer.writeInt32(port) }
        if version >= 4 { writer.writeArray(coordinators, flexible: flexible, version: version) }
        if flexible { writer.writeUInt8(0) }
    }

    /// A struct inside `FindCoordinatorResponse`.
    public struct Coordinator: WireStructure {
        public var key: String = ""
        /// Broker.
        public var nodeID: Int32 = 0
        public var host: String = ""
        public var port: Int32 = 0
        public var errorCode: Int16 = 0
        public var errorMessage: String? = ""

        /// All fields at the protocol's defaults.
        public init() {}

        init(decoding reader: inout ByteReader, version: Int16) throws(DecodeError) {
            key = try reader.readString(flexible: true)
            nodeID = try reader.readInt32()
            host = try reader.readString(flexible: true)
            port = try reader.readInt32()
            errorCode = try reader.readInt16()
            errorMessage = try reader.readNullableString(flexible: true)
            try reader.skipTaggedFields()
        }

        func encode(into writer: inout ByteWriter, version: Int16) {
            writer.writeString(key, flexible: true)
            writer.writeInt32(nodeID)
            writer.writeString(host, flexible: true)
            writer.writeInt32(port)
            writer.writeInt16(errorCode)
            writer.writeNullableText(errorMessage, flexible: true)
            writer.writeUInt8(0)
        }
    }
}
