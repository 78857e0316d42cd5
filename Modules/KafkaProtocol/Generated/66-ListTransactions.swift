// SPDX-License-Identifier: Apache-2.0
// Made by protocol-generator from Tables/66-ListTransactions.kafka: change that, not this.

public import Primitives

/// ListTransactions request (API 66), versions 0-2.
public struct ListTransactionsRequest: ProtocolRequest {
    public typealias Response = ListTransactionsResponse
    public static var apiKey: APIKey { .listTransactions }
    public static var validVersions: ClosedRange<Int16> { 0...2 }
    public static var flexibleSince: Int16? { 0 }

    public var stateFilters: [String] = []
    /// Producer.
    public var producerIDFilters: [Int64] = []
    /// In versions from 1.
    public var durationFilter: Int64 = -1
    /// In version 2.
    public var transactionalIDPattern: String?

    public init() {}

    public init(decoding reader: inout ByteReader, version: Int16) throws(DecodeError) {
        try reader.checkVersion(version, in: Self.validVersions)
        stateFilters = try reader.readStrings(flexible: true)
        producerIDFilters = try reader.readIntegers(flexible: true)
        if version >= 1 { durationFilter = try reader.readInt64() }
        if version == 2 { transactionalIDPattern = try reader.readNullableString(flexible: true) }
        try reader.skipTaggedFields()
    }

    public func encode(into writer: inout ByteWriter, version: Int16) {
        requireVersion(version, in: Self.validVersions)
        precondition(version >= 1 || durationFilter == -1, "no durationFilter in version \(version)")
        precondition(version == 2 || transactionalIDPattern == nil, "no transactionalIDPattern in version \(version)")
        writer.writeStrings(stateFilters, flexible: true)
        writer.writeIntegers(producerIDFilters, flexible: true)
        if version >= 1 { writer.writeInt64(durationFilter) }
        if version == 2 { writer.writeNullableString(transactionalIDPattern, flexible: true) }
        writer.writeUInt8(0)
    }
}

/// ListTransactions response (API 66), versions 0-2.
public struct ListTransactionsResponse: ProtocolResponse {
    public static var apiKey: APIKey { .listTransactions }
    public static var validVersions: ClosedRange<Int16> { 0...2 }
    public static var flexibleSince: Int16? { 0 }

    public var throttleTimeMs: Int32 = 0
    public var errorCode: Int16 = 0
    public var unknownStateFilters: [String] = []
    public var transactionStates: [TransactionState] = []

    public init() {}

    public init(decoding reader: inout ByteReader, version: Int16) throws(DecodeError) {
        try reader.checkVersion(version, in: Self.validVersions)
        throttleTimeMs = try reader.readInt32()
        errorCode = try reader.readInt16()
        unknownStateFilters = try reader.readStrings(flexible: true)
        transactionStates = try reader.readArray(flexible: true, elementByteCountMin: 11, version: version)
        try reader.skipTaggedFields()
    }

    public func encode(into writer: inout ByteWriter, version: Int16) {
        requireVersion(version, in: Self.validVersions)
        writer.writeInt32(throttleTimeMs)
        writer.writeInt16(errorCode)
        writer.writeStrings(unknownStateFilters, flexible: true)
        writer.writeArray(transactionStates, flexible: true, version: version)
        writer.writeUInt8(0)
    }

    /// A struct inside `ListTransactionsResponse`.
    public struct TransactionState: WireStructure {
        /// Transactional id.
        public var transactionalID: String = ""
        /// Producer.
        public var producerID: Int64 = 0
        public var transactionState: String = ""

        /// All fields at the protocol's defaults.
        public init() {}

        init(decoding reader: inout ByteReader, version: Int16) throws(DecodeError) {
            transactionalID = try reader.readString(flexible: true)
            producerID = try reader.readInt64()
            transactionState = try reader.readString(flexible: true)
            try reader.skipTaggedFields()
        }

        func encode(into writer: inout ByteWriter, version: Int16) {
            writer.writeString(transactionalID, flexible: true)
            writer.writeInt64(producerID)
            writer.writeString(transactionState, flexible: true)
            writer.writeUInt8(0)
        }
    }
}
