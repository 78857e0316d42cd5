// SPDX-License-Identifier: Apache-2.0

public import Primitives

/// Number of a method on the wire. The high byte is its family: 1 admin; 2 replication; 3 controller; 4 transactions;
/// 5 clients.
public struct MethodID: Hashable, Comparable, Sendable, CustomStringConvertible {
    public let rawValue: UInt16
    @inlinable public init(_ rawValue: UInt16) { self.rawValue = rawValue }
    @inlinable public static func < (left: MethodID, right: MethodID) -> Bool { left.rawValue < right.rawValue }
    public var description: String {
        let digits = String(rawValue, radix: 16)
        return "0x" + String(repeating: "0", count: 4 - digits.count) + digits
    }
}

/// Who sends items between the request that opens a call and the response that closes it.
public enum CallShape: String, Sendable {
    case unary
    case serverStreaming
    case clientStreaming
    case bidirectional
}

/// What the connection and the catalogue need to know of a method, without its types.
public struct MethodDescriptor: Equatable, Sendable {
    public let id: MethodID
    public let name: String
    public let shape: CallShape
    /// Calling it changes something; its request then has `validateOnly`.
    public let isMutating: Bool
    /// A peer below this level is never sent the method.
    public let since: FeatureLevel
}

/// A method with the types of what travels: a request opens the call, items flow, one response or error closes it.
///
/// `NoItems` stands where a direction has no items.
public struct Method<Request: Message, Response: Message, ClientItem: Message, ServerItem: Message>: Sendable {
    public let descriptor: MethodDescriptor

    init(_ id: UInt16, _ name: String, isMutating: Bool = false, since: FeatureLevel = .first) {
        let shape: CallShape =
            switch (ClientItem.self == NoItems.self, ServerItem.self == NoItems.self) {
            case (true, true): .unary
            case (true, false): .serverStreaming
            case (false, true): .clientStreaming
            case (false, false): .bidirectional
            }
        descriptor = MethodDescriptor(
            id: MethodID(id), name: name, shape: shape, isMutating: isMutating, since: since)
    }

    /// Declares a method of another catalogue than the admin one: replication, controller, or a test's own.
    ///
    /// - Precondition: `id` is not used by any other method of the cluster.
    public static func declared(
        _ id: UInt16, _ name: String, isMutating: Bool = false, since: FeatureLevel = .first
    ) -> Self { Self(id, name, isMutating: isMutating, since: since) }

    public var id: MethodID { descriptor.id }
}

/// One request, one response.
public typealias UnaryMethod<Request: Message, Response: Message> = Method<Request, Response, NoItems, NoItems>
/// One request, items from the server, one closing response.
public typealias ServerStreamingMethod<Request: Message, Item: Message, Response: Message> =
    Method<Request, Response, NoItems, Item>
/// One request, items from the client, one closing response.
public typealias ClientStreamingMethod<Request: Message, Item: Message, Response: Message> =
    Method<Request, Response, Item, NoItems>

/// The item type of a direction that carries none.
public struct NoItems: Message {
    public init() {}
    public mutating func fields<Visitor: FieldVisitor>(_ visitor: inout Visitor) throws(DecodeError) {}
}

/// A message and the raw bytes that travel beside it, record batches mostly, which no encoder copies.
public struct Payload: Equatable, Sendable {
    /// The encoded message.
    public var message: SharedBytes
    /// Raw bytes after the message: one run when received; any number of runs, sent back to back, when sending.
    public var attachments: [SharedBytes]

    public init(message: SharedBytes = .empty, attachments: [SharedBytes] = []) {
        self.message = message
        self.attachments = attachments
    }

    /// Encodes `message`.
    public init(_ message: some Message, attachments: [SharedBytes] = []) {
        self.init(message: MessageEncoder.bytes(of: message), attachments: attachments)
    }

    /// Bytes of message and attachments together.
    public var byteCount: Int { attachments.reduce(message.count) { $0 + $1.count } }

    /// The attachment of a received payload; empty when there is none.
    public var attachment: SharedBytes {
        precondition(attachments.count <= 1, "a received payload has \(attachments.count) attachments")
        return attachments.first ?? .empty
    }

    /// The message, decoded.
    public func decoded<Content: Message>(as type: Content.Type = Content.self) throws(DecodeError) -> Content {
        try MessageDecoder.message(type, from: message)
    }
}
