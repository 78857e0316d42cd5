// SPDX-License-Identifier: Apache-2.0

public import Primitives

/// A message that consumers put into the opaque bytes of a group, with its version in front.
///
/// Versions only ever append fields, so one to come is read as the newest that is known, and what follows is ignored.
public protocol ConsumerProtocolMessage: ProtocolMessage {}

extension ConsumerProtocolSubscription: ConsumerProtocolMessage {}
extension ConsumerProtocolAssignment: ConsumerProtocolMessage {}

extension ConsumerProtocolMessage {
    /// Reads metadata or assignment of a member whose protocol type is `consumer`.
    ///
    /// - Throws: `.invalidValue` for a negative version, else what is wrong with the bytes.
    public init(versioned bytes: SharedBytes) throws(DecodeError) {
        var reader = ByteReader(bytes)
        let version = min(try reader.readInt16(), Self.validVersions.upperBound)
        try self.init(decoding: &reader, version: version)
    }

    /// The bytes as a member sends them: the version, then the message.
    public func versioned(_ version: Int16) -> SharedBytes {
        var writer = ByteWriter()
        writer.writeInt16(version)
        encode(into: &writer, version: version)
        return writer.shared
    }
}
