// SPDX-License-Identifier: Apache-2.0

import KafkaProtocol
import Primitives
import Testing

/// One message in one version, for parameterized tests.
struct MessageVersion: CustomStringConvertible, Sendable {
    var message: any RandomMessage.Type
    var version: Int16
    var description: String { "\(message) v\(version)" }

    static let all = everyMessage.flatMap { message in
        message.validVersions.map { MessageVersion(message: message, version: $0) }
    }
}

private func encoded(_ message: some ProtocolMessage, version: Int16) -> SharedBytes {
    var writer = ByteWriter()
    message.encode(into: &writer, version: version)
    return writer.shared
}

/// Decodes all of `bytes`; trailing bytes are an error too.
private func decode<Message: ProtocolMessage>(
    _ type: Message.Type, _ bytes: SharedBytes, version: Int16
) throws -> Message {
    var reader = ByteReader(bytes)
    let message = try Message(decoding: &reader, version: version)
    try reader.finish()
    return message
}

private func expectRoundTrip<Message: ProtocolMessage>(_ message: Message, version: Int16) throws {
    let bytes = encoded(message, version: version)
    let copy = try decode(Message.self, bytes, version: version)
    #expect(copy == message)
    #expect(encoded(copy, version: version) == bytes)
}

@Suite("Every message in every version")
struct MessageRoundTripTests {
    @Test("a message of defaults comes back as it was", arguments: MessageVersion.all)
    func defaults(_ subject: MessageVersion) throws {
        func check<Message: RandomMessage>(_ type: Message.Type) throws {
            try expectRoundTrip(Message(), version: subject.version)
        }
        try check(subject.message)
    }

    @Test("messages filled at random come back as they were", arguments: MessageVersion.all)
    func random(_ subject: MessageVersion) throws {
        func check<Message: RandomMessage>(_ type: Message.Type) throws {
            for seed in 1...20 as ClosedRange<UInt64> {
                var random = RandomFields(seed: seed)
                try expectRoundTrip(type.random(&random, version: subject.version), version: subject.version)
            }
        }
        try check(subject.message)
    }

    @Test("a message cut short anywhere is refused", arguments: MessageVersion.all)
    func prefixes(_ subject: MessageVersion) {
        func check<Message: RandomMessage>(_ type: Message.Type) {
            for seed in 1...3 as ClosedRange<UInt64> {
                var random = RandomFields(seed: seed)
                let bytes = encoded(type.random(&random, version: subject.version), version: subject.version)
                let accepted = (0..<bytes.count).filter { count in
                    (try? decode(type, bytes.slice(from: 0, count: count), version: subject.version)) != nil
                }
                #expect(accepted == [])
            }
        }
        check(subject.message)
    }

    /// What decodes from garbage need not be what garbage meant, but it is a message: it can be sent again.
    @Test("garbled bytes are refused or decode to something that can be encoded", arguments: MessageVersion.all)
    func garbled(_ subject: MessageVersion) throws {
        func check<Message: RandomMessage>(_ type: Message.Type) throws {
            for seed in 1...40 as ClosedRange<UInt64> {
                var random = RandomFields(seed: seed)
                var bytes = encoded(type.random(&random, version: subject.version), version: subject.version).array
                guard !bytes.isEmpty else { continue }
                for _ in 0...random.index(below: 3) {
                    bytes[random.index(below: bytes.count)] = random.integer()
                }
                guard let message = try? decode(type, SharedBytes(bytes), version: subject.version) else { continue }
                let again = encoded(message, version: subject.version)
                #expect(try encoded(decode(type, again, version: subject.version), version: subject.version) == again)
            }
        }
        try check(subject.message)
    }

    @Test("versions there is no code for are refused", arguments: everyMessage.indices)
    func unknownVersions(_ index: Int) {
        func check<Message: RandomMessage>(_ type: Message.Type) {
            let valid = type.validVersions
            for version in [valid.lowerBound - 1, valid.upperBound + 1, .min, .max] {
                #expect(throws: DecodeError(.invalidValue(Int64(version)), at: 0)) {
                    try decode(type, SharedBytes([UInt8](repeating: 0, count: 64)), version: version)
                }
            }
        }
        check(everyMessage[index])
    }

    @Test("unknown tagged fields are skipped", arguments: MessageVersion.all)
    func unknownTags(_ subject: MessageVersion) throws {
        func check<Message: RandomMessage>(_ type: Message.Type) throws {
            guard let since = type.flexibleSince, subject.version >= since else { return }
            // The tagged fields of the message itself are its last byte: a count of none.
            var bytes = encoded(Message(), version: subject.version).array
            #expect(bytes.removeLast() == 0)
            bytes += [2, 0x63, 3, 1, 2, 3, 0x80, 0x80, 0x04, 0]
            #expect(try decode(type, SharedBytes(bytes), version: subject.version) == Message())
        }
        try check(subject.message)
    }
}
