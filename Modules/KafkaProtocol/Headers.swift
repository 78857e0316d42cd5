// SPDX-License-Identifier: Apache-2.0

public import Primitives

/// What stands before every request in its frame.
///
/// Version 0 ends after the correlation id, version 1 adds the client id, version 2 adds tagged fields. The first eight bytes
/// are the same in all, so that a broker can answer what it does not know.
public struct RequestHeader: Equatable, Sendable {
    /// The number of the API, also of one there is no code for.
    public var apiKey: Int16
    /// The version of the request, also one there is no code for.
    public var apiVersion: Int16
    /// Comes back in the response header.
    public var correlationID: Int32
    /// What the client calls itself; nil in version 0 and when it does not say.
    public var clientID: String?

    /// A header as a client writes it.
    public init(apiKey: Int16, apiVersion: Int16, correlationID: Int32, clientID: String?) {
        self.apiKey = apiKey
        self.apiVersion = apiVersion
        self.correlationID = correlationID
        self.clientID = clientID
    }

    /// Reads a header of the given header version, 0, 1 or 2.
    ///
    /// The client id has a 16-bit length in all of them: a broker must read it before it knows which versions it shares with
    /// the client (KIP-511).
    public init(decoding reader: inout ByteReader, headerVersion: Int16) throws(DecodeError) {
        apiKey = try reader.readInt16()
        apiVersion = try reader.readInt16()
        correlationID = try reader.readInt32()
        clientID = headerVersion >= 1 ? try reader.readNullableString(flexible: false) : nil
        if headerVersion >= 2 { try reader.skipTaggedFields() }
    }

    /// Appends the header in the given header version, 0, 1 or 2.
    public func encode(into writer: inout ByteWriter, headerVersion: Int16) {
        precondition((0...2).contains(headerVersion), "request header version \(headerVersion)")
        writer.writeInt16(apiKey)
        writer.writeInt16(apiVersion)
        writer.writeInt32(correlationID)
        if headerVersion >= 1 { writer.writeNullableString(clientID, flexible: false) }
        if headerVersion >= 2 { writer.writeUInt8(0) }
    }
}

/// The head of a frame that arrived, sorted by what a broker can do with it.
public enum IncomingRequest: Equatable, Sendable {
    /// There is code for it; the reader stands at the body.
    case supported(APIKey, RequestHeader)
    /// The API is known, this version is not; the body was not looked at and the header has no client id.
    ///
    /// For `.apiVersions` the answer is a version 0 `ApiVersionsResponse` with error 35 and the versions there are (KIP-511);
    /// for all others the connection is closed.
    case unsupportedVersion(APIKey, RequestHeader)
    /// Nothing is known but the first eight bytes; the connection is closed.
    case unknownAPI(RequestHeader)

    /// Reads the header of a request frame, whose length prefix is already gone.
    ///
    /// - Throws: when the header is cut short or malformed: nothing can be answered.
    public init(decoding reader: inout ByteReader) throws(DecodeError) {
        let start = reader
        let prefix = try RequestHeader(decoding: &reader, headerVersion: 0)
        guard let key = APIKey(rawValue: prefix.apiKey) else {
            self = .unknownAPI(prefix)
            return
        }
        guard key.validVersions.contains(prefix.apiVersion) else {
            self = .unsupportedVersion(key, prefix)
            return
        }
        reader = start
        let version = key.requestHeaderVersion(for: prefix.apiVersion)
        self = .supported(key, try RequestHeader(decoding: &reader, headerVersion: version))
    }
}

/// What stands before every response in its frame. Version 1 adds tagged fields.
public struct ResponseHeader: Equatable, Sendable {
    /// That of the request.
    public var correlationID: Int32

    /// The header of the answer to request `correlationID`.
    public init(correlationID: Int32) { self.correlationID = correlationID }

    /// Reads a header of the given header version, 0 or 1.
    public init(decoding reader: inout ByteReader, headerVersion: Int16) throws(DecodeError) {
        correlationID = try reader.readInt32()
        if headerVersion >= 1 { try reader.skipTaggedFields() }
    }

    /// Appends the header in the given header version, 0 or 1.
    public func encode(into writer: inout ByteWriter, headerVersion: Int16) {
        precondition((0...1).contains(headerVersion), "response header version \(headerVersion)")
        writer.writeInt32(correlationID)
        if headerVersion >= 1 { writer.writeUInt8(0) }
    }
}

extension APIKey {
    /// Whether `version` has compact lengths and tagged fields.
    public func isFlexible(_ version: Int16) -> Bool { flexibleSince.map { version >= $0 } ?? false }

    /// Version of the header before a request of `version`.
    public func requestHeaderVersion(for version: Int16) -> Int16 { isFlexible(version) ? 2 : 1 }

    /// Version of the header before a response of `version`: 0 for `.apiVersions` always, because the client does not yet
    /// know what the broker understands (KIP-511).
    public func responseHeaderVersion(for version: Int16) -> Int16 {
        self != .apiVersions && isFlexible(version) ? 1 : 0
    }
}
