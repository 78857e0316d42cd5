// SPDX-License-Identifier: Apache-2.0

public import Primitives

/// What a producer or consumer says to a broker: methods 0x0500 to 0x05ff and their messages.
public enum Clients {
    /// A Kafka connection inside a call: each item from the client is one request of the Kafka protocol, header and body
    /// in the attachment, without the size before them; the attachments of the broker's items, put together, are the
    /// answers, each behind its size, in the order of the requests.
    ///
    /// Addresses in the answers are those of the brokers' RPC endpoints: the session is a listener of its own.
    /// - SeeAlso: docs/decisions/0022-native-client.md
    public static let session = Method<SessionRequest, SessionResponse, SessionItem, SessionItem>(0x0501, "Session")

    /// Answer bytes in one item, unless it is the end of an answer.
    public static let itemByteCountMax = 1 << 20

    /// Every method above, ascending by id.
    public static let methods: [MethodDescriptor] = [session.descriptor]
}

extension Clients {
    /// Opens a session. Who asks says so in its ApiVersions request, as on any Kafka connection.
    public struct SessionRequest: Message {
        public init() {}
        public mutating func fields<Visitor: FieldVisitor>(_ visitor: inout Visitor) throws(DecodeError) {}
    }

    /// Everything that matters is in the attachment.
    public struct SessionItem: Message {
        public init() {}
        public mutating func fields<Visitor: FieldVisitor>(_ visitor: inout Visitor) throws(DecodeError) {}
    }

    /// The broker ended the session after its last answer: it stops, or the client said that no requests will follow.
    public struct SessionResponse: Message {
        public init() {}
        public mutating func fields<Visitor: FieldVisitor>(_ visitor: inout Visitor) throws(DecodeError) {}
    }
}

extension Catalogue {
    /// Everything of the client catalogue.
    public static var clients: Catalogue {
        var catalogue = Catalogue()
        catalogue.add(Clients.session)
        return catalogue
    }
}
