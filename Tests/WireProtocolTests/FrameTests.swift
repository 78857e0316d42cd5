// SPDX-License-Identifier: Apache-2.0

import Primitives
import Testing
import WireProtocol

@Suite("Frames")
struct FrameTests {
    @Test("both ends say exactly the bytes of the vectors")
    func transcript() throws {
        var story = Story()
        try story.client("hello-client")
        story.deliver()
        try story.server("hello-server")
        story.deliver()
        let deadline = story.pair.now.advanced(byMilliseconds: 1500)
        let trim = try story.pair.client.open(
            Admin.topicTrim.descriptor, Payload(Samples.trimRequest), deadline: deadline, at: story.pair.now)
        try story.client("request-unary")
        let request = StreamSample.Request(topic: "orders", acks: -1)
        let produce = try story.pair.client.open(Clients.session.descriptor, Payload(request), at: story.pair.now)
        try story.client("request-streaming")
        let item = StreamSample.Item(sequence: 7, partition: PartitionIndex(3))
        #expect(try story.pair.client.send(Payload(item, attachments: [SharedBytes("0123456789")]), on: produce))
        try story.client("data")
        story.pair.client.sendEnd(on: produce)
        try story.client("data-end")
        story.deliver()
        story.pair.server.respond(Payload(Samples.trimResponse), on: trim)
        try story.server("response")
        story.deliver()
        story.pair.client.cancel(produce)
        try story.client("cancel")
        story.deliver()
        story.pair.now = story.pair.now.advanced(byMilliseconds: 15_000)
        story.pair.client.advance(to: story.pair.now)
        try story.client("ping")
        story.deliver()
        try story.server("ping-acknowledgement")
        story.deliver()
        story.pair.server.leave(reason: "the node is stopping")
        try story.server("goaway")
    }

    @Test("the frames a story does not reach are written as their vectors say")
    func errorAndCredit() throws {
        var story = Story()
        story.pair.exchange()
        let id = try story.pair.client.open(
            Admin.topicTrim.descriptor, Payload(Samples.trimRequest), at: story.pair.now)
        story.deliver()
        story.pair.server.fail(Samples.error, on: id)
        try story.server("error")
        story.deliver()
        let produce = try story.pair.client.open(Clients.session.descriptor, Payload(), at: story.pair.now)
        let size = 524_288 - FrameHeader.byteCount - FrameHeader.trailerByteCount
        #expect(try story.pair.client.send(.zeros(size), on: produce))
        story.deliver()
        story.pair.server.taken(524_288, on: produce)
        try story.server("credit")
    }

    @Test("a frame is nothing until its last byte is there", arguments: FrameVector.all)
    func prefixes(vector: FrameVector) throws {
        let bytes = try Vectors.bytes(vector.name)
        for count in 0..<bytes.count {
            var assembler = FrameAssembler()
            assembler.append(bytes.slice(from: 0, count: count))
            #expect(try assembler.next(payloadBytesMax: 1 << 20, messageBytesMax: 1 << 20) == nil)
            assembler.append(bytes.slice(from: count, count: bytes.count - count))
            let frame = try assembler.next(payloadBytesMax: 1 << 20, messageBytesMax: 1 << 20)
            #expect(frame?.header == vector.header)
            #expect(assembler.byteCount == 0)
        }
    }

    @Test("any byte changed makes a typed error and never another frame", arguments: FrameVector.all)
    func damage(vector: FrameVector) throws {
        let bytes = try Vectors.bytes(vector.name).array
        for index in bytes.indices {
            for bit in 0..<8 {
                var damaged = bytes
                damaged[index] ^= 1 << UInt8(bit)
                var assembler = FrameAssembler()
                assembler.append(SharedBytes(damaged))
                let error = #expect(throws: RPCError.self) {
                    try assembler.next(payloadBytesMax: 1 << 20, messageBytesMax: 1 << 20)
                }
                let expected: RPCErrorCode =
                    switch index {
                    case 0..<3: .wrongMagic
                    case 3: .unsupportedVersion
                    case 4..<32: .headerChecksumMismatch
                    default: .payloadChecksumMismatch
                    }
                #expect(error?.code == expected, "bit \(bit) of byte \(index)")
            }
        }
    }

    @Test("another protocol is refused by its first byte")
    func otherProtocol() {
        var assembler = FrameAssembler()
        assembler.append(SharedBytes("G"))
        let error = #expect(throws: RPCError.self) {
            try assembler.next(payloadBytesMax: 1, messageBytesMax: 1)
        }
        #expect(error?.code == .wrongMagic)
        #expect(error?.remedy.contains("9190") == true)
    }

    @Test("a claimed length above the limit is refused by the header alone")
    func claimedLength() {
        for (payload, message) in [(4_000_000_000, 0), (1001, 1001), (1001, 5)] {
            var writer = ByteWriter()
            FrameHeader(.data, stream: StreamID(1), payloadByteCount: payload, messageByteCount: message)
                .write(to: &writer)
            var assembler = FrameAssembler()
            assembler.append(writer.shared)
            let error = #expect(throws: RPCError.self) {
                try assembler.next(payloadBytesMax: 1000, messageBytesMax: 1000)
            }
            #expect(error?.code == .invalidLength)
        }
    }

    @Test("a message longer than its payload is refused")
    func messageBeyondPayload() {
        var writer = ByteWriter()
        FrameHeader(.data, stream: StreamID(1), payloadByteCount: 5, messageByteCount: 6).write(to: &writer)
        let error = #expect(throws: RPCError.self) { try FrameHeader(parsing: writer.shared) }
        #expect(error?.code == .invalidLength)
    }

    @Test("undefined types and flags are refused")
    func undefined() throws {
        let bytes = try Vectors.bytes("ping").array
        for (index, value, code) in [
            (4, 0, RPCErrorCode.unknownFrameType), (4, 10, .unknownFrameType), (5, 4, .unexpectedFrame),
        ] {
            var header = Array(bytes[0..<28])
            header[index] = UInt8(value)
            var writer = ByteWriter()
            writer.writeBytes(header)
            writer.writeInteger(CRC32C.checksum(of: header))
            let error = #expect(throws: RPCError.self) { try FrameHeader(parsing: writer.shared) }
            #expect(error?.code == code)
        }
    }

    @Test("a small frame in a large read is copied, so keeping it does not keep the read")
    func smallFramesAreCopied() throws {
        let small = try Vectors.bytes("data")
        var read = small.array
        while read.count < 4096 { read += small.array }
        let shared = SharedBytes(read)
        var assembler = FrameAssembler()
        assembler.append(shared)
        let frame = try #require(try assembler.next(payloadBytesMax: 1 << 20, messageBytesMax: 1 << 20))
        #expect(!isInside(frame.payload.attachment, shared))
        var single = FrameAssembler()
        single.append(small)
        let alone = try #require(try single.next(payloadBytesMax: 1 << 20, messageBytesMax: 1 << 20))
        #expect(isInside(alone.payload.attachment, small))
    }

    private func isInside(_ part: SharedBytes, _ whole: SharedBytes) -> Bool {
        whole.withUnsafeBytes { outer in
            part.withUnsafeBytes { inner in
                guard let start = outer.baseAddress, let first = inner.baseAddress else { return false }
                return start <= first && first < start + outer.count
            }
        }
    }
}

/// A pair whose every word is compared with a vector.
private struct Story {
    var pair: Pair

    init() {
        pair = Pair()
        let now = pair.now
        pair.client = RPCConnection(
            .client, hello: .client(wants: .broker), methods: Admin.methods + Clients.methods, at: now)
        pair.server = RPCConnection(
            .server, hello: .node(NodeID(1), role: .broker, clusterID: Samples.clusterID),
            methods: Admin.methods + Clients.methods,
            at: now)
    }

    private var toServer: [SharedBytes] = []
    private var toClient: [SharedBytes] = []

    mutating func client(_ name: String) throws {
        let output = pair.client.takeOutput()
        let expected = try Vectors.bytes(name).array
        #expect(output.flatMap(\.array) == expected, "\(name)")
        toServer += output
    }

    mutating func server(_ name: String) throws {
        let output = pair.server.takeOutput()
        let expected = try Vectors.bytes(name).array
        #expect(output.flatMap(\.array) == expected, "\(name)")
        toClient += output
    }

    /// Delivers what was compared, and whatever else there is.
    mutating func deliver() {
        for piece in toServer + pair.client.takeOutput() { pair.server.receive(piece, at: pair.now) }
        for piece in toClient { pair.client.receive(piece, at: pair.now) }
        toServer = []
        toClient = []
    }
}

/// A frame vector and its header.
struct FrameVector: Sendable, CustomTestStringConvertible {
    let name: String
    let header: FrameHeader

    var testDescription: String { name }

    private init(
        _ name: String, _ type: FrameType, _ stream: UInt64, _ flags: FrameFlags = [], method: UInt16 = 0,
        deadline: UInt32 = 0, payload: Int = 0, message: Int? = nil
    ) {
        self.name = name
        header = FrameHeader(
            type, flags: flags, method: MethodID(method), stream: StreamID(stream), deadlineMilliseconds: deadline,
            payloadByteCount: payload, messageByteCount: message ?? payload)
    }

    static let all: [FrameVector] = [
        FrameVector("hello-client", .hello, 0, payload: 27),
        FrameVector("hello-server", .hello, 0, payload: 49),
        FrameVector("request-unary", .request, 1, .end, method: 0x0115, deadline: 1500, payload: 18),
        FrameVector("request-streaming", .request, 2, method: 0x0501, payload: 10),
        FrameVector("response", .response, 1, payload: 19),
        FrameVector("error", .error, 1, payload: 71),
        FrameVector("data", .data, 2, payload: 14, message: 4),
        FrameVector("data-end", .data, 2, .end),
        FrameVector("credit", .credit, 2, payload: 4),
        FrameVector("cancel", .cancel, 2),
        FrameVector("ping", .ping, 0, payload: 2),
        FrameVector("ping-acknowledgement", .ping, 0, .acknowledgement, payload: 2),
        FrameVector("goaway", .goaway, 0, payload: 24),
    ]
}
