// SPDX-License-Identifier: Apache-2.0

import Primitives
import Testing
import WireProtocol

@Suite("Handshake")
struct HandshakeTests {
    @Test("both ends learn who the other is and speak the lower level")
    func success() throws {
        var client = Hello.client(clusterID: Samples.clusterID, wants: .broker)
        client.featureLevel = FeatureLevel(3)
        var pair = Pair(clientHello: client)
        pair.exchange()
        guard case .handshakeCompleted(let server)? = pair.clientEvents.first else { return #expect(Bool(false)) }
        #expect(server.nodeID == NodeID(1) && server.role == .broker)
        #expect(pair.serverEvents.count == 1)
        #expect(pair.server.peer?.role == .client)
        #expect(pair.client.featureLevel == FeatureLevel(1))
        #expect(pair.server.featureLevel == FeatureLevel(1))
    }

    @Test(
        "a refusal says what was wanted and what is there",
        arguments: [
            (Hello.client(clusterID: "other"), RPCErrorCode.wrongCluster, "cluster other"),
            (Hello.client(wants: .controller), .wrongRole, "a controller was looked for; this is a broker"),
            (
                Hello.client().with { ($0.featureLevel, $0.featureLevelMin) = (FeatureLevel(9), FeatureLevel(8)) },
                .unsupportedVersion, "feature levels 8 to 9 of the client and 1 to 1 of the broker 1"
            ),
        ])
    func refusal(hello: Hello, code: RPCErrorCode, sentence: String) {
        var pair = Pair(clientHello: hello)
        pair.exchange()
        #expect(pair.clientEvents.map(\.code) == [code])
        #expect(pair.serverEvents.map(\.code) == [code])
        guard case .closed(let error?)? = pair.clientEvents.last else { return #expect(Bool(false)) }
        #expect(error.message.contains(sentence), "\(error.message)")
        #expect(!error.remedy.isEmpty)
        #expect(pair.client.isClosed && pair.server.isClosed)
    }

    @Test("a client refuses a node that does not check the cluster itself")
    func clientChecks() {
        var pair = Pair(
            clientHello: .client(clusterID: "a"), serverHello: .node(NodeID(1), role: .broker, clusterID: ""))
        pair.exchange()
        #expect(pair.client.isOpen)
        var wrong = Pair(clientHello: .client(clusterID: "a"))
        // The hello of a server of another cluster, to which nobody objected on the way.
        var other = RPCConnection(.client, hello: .client(clusterID: "b"), methods: [], at: wrong.now)
        for piece in other.takeOutput() { wrong.client.receive(piece, at: wrong.now) }
        wrong.collect()
        #expect(wrong.clientEvents.last?.code == .wrongCluster)
    }

    @Test("a process with several roles answers in the one that was looked for")
    func severalRoles() {
        var pair = Pair(clientHello: .client(wants: .controller), roles: [.broker, .controller])
        pair.exchange()
        #expect(pair.client.isOpen)
        #expect(pair.client.peer?.role == .controller)
    }

    @Test("a silent peer is given up after the handshake's time")
    func timeout() {
        var pair = Pair()
        #expect(pair.server.nextWakeup == pair.now.advanced(byMilliseconds: 5000))
        pair.now = pair.now.advanced(byMilliseconds: 4999)
        pair.server.advance(to: pair.now)
        #expect(!pair.server.isClosed)
        pair.now = pair.now.advanced(byMilliseconds: 1)
        pair.server.advance(to: pair.now)
        #expect(pair.server.takeEvents().last?.code == .handshakeTimeout)
        #expect(pair.server.nextWakeup == .distantFuture)
    }

    @Test("nothing but a small hello is taken before the handshake")
    func beforeHello() throws {
        for (type, code) in [
            (FrameType.request, RPCErrorCode.unexpectedFrame), (.data, .unexpectedFrame), (.ping, .unexpectedFrame),
            (.goaway, .unexpectedFrame), (.credit, .unexpectedFrame), (.cancel, .unexpectedFrame),
            (.response, .unexpectedFrame),
        ] {
            var pair = Pair()
            var writer = ByteWriter()
            let id = type == .ping || type == .goaway || type == .credit ? StreamID.connection : StreamID(1)
            FrameHeader(type, stream: id).write(to: &writer)
            pair.server.receive(writer.shared, at: pair.now)
            pair.collect()
            #expect(pair.serverEvents.last?.code == code, "\(type)")
        }
        var pair = Pair()
        var writer = ByteWriter()
        FrameHeader(.hello, stream: .connection, payloadByteCount: 5000, messageByteCount: 5000).write(to: &writer)
        pair.server.receive(writer.shared, at: pair.now)
        pair.collect()
        #expect(pair.serverEvents.last?.code == .invalidLength)
    }

    @Test("a second hello ends the connection")
    func secondHello() throws {
        var pair = Pair.open()
        pair.server.receive(try Vectors.bytes("hello-client"), at: pair.now)
        pair.collect()
        #expect(pair.serverEvents.last?.code == .unexpectedFrame)
    }
}

extension Hello {
    fileprivate func with(_ set: (inout Hello) -> Void) -> Hello {
        var copy = self
        set(&copy)
        return copy
    }
}
