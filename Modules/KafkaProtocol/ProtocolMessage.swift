// SPDX-License-Identifier: Apache-2.0

public import Primitives

/// A message of the Kafka protocol: what follows the header in a frame, or travels inside another message.
///
/// A value holds the fields of all versions; `version` picks those that are on the wire. Decoding leaves the others at
/// their defaults.
public protocol ProtocolMessage: Equatable, Sendable {
    /// Versions that can be decoded and encoded.
    static var validVersions: ClosedRange<Int16> { get }
    /// First version with compact lengths and tagged fields (KIP-482); nil when there is none.
    static var flexibleSince: Int16? { get }

    /// All fields at the protocol's defaults.
    init()

    /// Reads one message and leaves `reader` behind it; whether that is the end of the frame is for the caller to check.
    ///
    /// Bytes and records share the reader's memory. Unknown tagged fields are skipped.
    /// - Throws: `.invalidValue` for a version outside `validVersions`, else what is wrong with the bytes.
    init(decoding reader: inout ByteReader, version: Int16) throws(DecodeError)

    /// Appends the message.
    ///
    /// - Precondition: `version` is valid; a field that it lacks has its default, unless Kafka lets it be dropped; no
    ///   field is nil where the version has no null; no string is longer than 32,767 bytes (texts for people are cut).
    func encode(into writer: inout ByteWriter, version: Int16)
}

/// What a client sends.
public protocol ProtocolRequest: ProtocolMessage {
    /// What answers it, in the same version.
    associatedtype Response: ProtocolResponse
    /// The API it belongs to.
    static var apiKey: APIKey { get }
}

/// What a broker answers.
public protocol ProtocolResponse: ProtocolMessage {
    /// The API it belongs to.
    static var apiKey: APIKey { get }
}

/// A struct inside a message, as decoding sees it.
protocol DecodableStructure: Equatable, Sendable {
    init(decoding reader: inout ByteReader, version: Int16) throws(DecodeError)
}

/// A struct inside a message that holds no external records, as encoding sees it.
protocol EncodableStructure {
    func encode(into writer: inout ByteWriter, version: Int16)
}

typealias WireStructure = DecodableStructure & EncodableStructure

/// 128 bits that name something other than a topic, such as a log directory (KIP-858).
public struct ProtocolUUID: Hashable, Sendable {
    /// The first eight bytes on the wire.
    public let high: UInt64
    /// The last eight bytes on the wire.
    public let low: UInt64

    /// Both halves, most significant first.
    public init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }

    /// Means "none" on the wire.
    public static let zero = ProtocolUUID(high: 0, low: 0)
}
