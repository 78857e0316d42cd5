// SPDX-License-Identifier: Apache-2.0

import KafkaProtocol
import Primitives
import Testing

@Suite("Consumer protocol")
struct ConsumerProtocolTests {
    private static let joins = (try? Vector.all().filter { $0.name.hasPrefix("JoinGroup-v5-request-") }) ?? []

    @Test("the subscriptions that real clients join with name their topic")
    func subscriptions() throws {
        var clients = 0
        for vector in Self.joins where !vector.name.hasSuffix("-java") {
            var reader = ByteReader(vector.bytes)
            _ = try IncomingRequest(decoding: &reader)
            let request = try JoinGroupRequest(decoding: &reader, version: 5)
            for offered in request.protocols {
                #expect(try ConsumerProtocolSubscription(versioned: offered.metadata).topics == ["recorded"])
            }
            clients += 1
        }
        #expect(clients >= 3)
    }

    @Test("a version to come is read as the newest known, whatever follows it")
    func futureVersion() throws {
        var subscription = ConsumerProtocolSubscription()
        subscription.topics = ["orders"]
        subscription.rackID = "r1"
        var bytes = subscription.versioned(3).array
        bytes[1] = 9
        #expect(try ConsumerProtocolSubscription(versioned: SharedBytes(bytes + [1, 2, 3])) == subscription)
    }

    @Test("a negative version is refused")
    func negativeVersion() {
        #expect(throws: DecodeError.self) { try ConsumerProtocolAssignment(versioned: [0xff, 0xff, 0, 0, 0, 0]) }
    }
}
