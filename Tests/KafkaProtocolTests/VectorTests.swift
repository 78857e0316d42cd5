// SPDX-License-Identifier: Apache-2.0

import Foundation
import KafkaProtocol
import Primitives
import Testing

/// What a vector holds, header and all.
private enum Frame<Message: ProtocolMessage>: Equatable {
    case request(RequestHeader, Message)
    case response(ResponseHeader, Message)
    case data(Message)

    init(_ vector: Vector, _ bytes: SharedBytes) throws {
        var reader = ByteReader(bytes)
        switch vector.kind {
        case .request:
            guard case .supported(let key, let header) = try IncomingRequest(decoding: &reader) else {
                throw DecodeError(.invalidValue(-1), at: 0)
            }
            #expect(vector.messageName == "\(key.name)Request")
            #expect(header.apiVersion == vector.version)
            self = .request(header, try Message(decoding: &reader, version: vector.version))
        case .response:
            let header = try ResponseHeader(decoding: &reader, headerVersion: Self.headerVersion(of: vector))
            self = .response(header, try Message(decoding: &reader, version: vector.version))
        case .data:
            self = .data(try Message(decoding: &reader, version: vector.version))
        }
        try reader.finish()
    }

    private static func headerVersion(of vector: Vector) -> Int16 {
        guard let response = Message.self as? any ProtocolResponse.Type else { return 0 }
        return response.apiKey.responseHeaderVersion(for: vector.version)
    }

    func encoded(_ vector: Vector) -> SharedBytes {
        var writer = ByteWriter()
        switch self {
        case .request(let header, let message):
            let headerVersion = APIKey(rawValue: header.apiKey)?.requestHeaderVersion(for: vector.version) ?? 0
            header.encode(into: &writer, headerVersion: headerVersion)
            message.encode(into: &writer, version: vector.version)
        case .response(let header, let message):
            header.encode(into: &writer, headerVersion: Self.headerVersion(of: vector))
            message.encode(into: &writer, version: vector.version)
        case .data(let message):
            message.encode(into: &writer, version: vector.version)
        }
        return writer.shared
    }
}

@Suite("Vectors from other implementations")
struct VectorTests {
    private static let types = Dictionary(uniqueKeysWithValues: everyMessage.map { ("\($0)", $0) })

    @Test("a vector decodes, encodes to the same bytes, and is refused when cut short", arguments: try Vector.all())
    func vector(_ vector: Vector) throws {
        func check<Message: RandomMessage>(_ type: Message.Type) throws {
            let frame = try Frame<Message>(vector, vector.bytes)
            #expect(frame.encoded(vector) == vector.bytes)
            let accepted = (0..<vector.bytes.count).filter { count in
                (try? Frame<Message>(vector, vector.bytes.slice(from: 0, count: count))) != nil
            }
            #expect(accepted == [])
        }
        let type: any RandomMessage.Type = try #require(Self.types[vector.messageName])
        try check(type)
    }

    @Test("every message has a vector in every version")
    func coverage() throws {
        let have = Set(try Vector.all().map { "\($0.messageName) v\($0.version)" })
        let lacking = MessageVersion.all.map(\.description).filter { !have.contains($0) }
        #expect(lacking == [])
    }

    @Test("every vector says where it is from", arguments: try Vector.all())
    func origin(_ vector: Vector) throws {
        let text = try String(contentsOf: Vector.folder.appending(path: vector.name + ".txt"), encoding: .utf8)
        #expect(text.hasPrefix("Origin: "))
    }
}
