// SPDX-License-Identifier: Apache-2.0

import Primitives
import WireProtocol

// Feeds arbitrary bytes to everything of the RPC that reads from the network. The first byte chooses what:
//
//   0  messages: what decodes must encode to something that decodes to the same
//   1  the rest as it is, to a fresh server, in pieces
//   2  the rest cut into frames with right checksums, to a server after the handshake, which answers
//   3  the same to a client with open calls
//
// Checksums are made to fit in 2 and 3: libFuzzer would not find its way past them.

/// The run loop of libFuzzer, which is linked in by `-sanitize=fuzzer`.
@_silgen_name("LLVMFuzzerRunDriver")
func runFuzzer(
    _ argumentCount: UnsafeMutablePointer<CInt>,
    _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>>,
    _ callback: @convention(c) (UnsafePointer<UInt8>?, Int) -> CInt
) -> CInt

/// Small limits, so that the fuzzer reaches them.
let limits: RPCLimits = {
    var limits = RPCLimits()
    limits.streamCountMax = 4
    limits.requestBytesMax = 4_000
    limits.frameBytesMax = 2_000
    limits.messageBytesMax = 1_000
    limits.streamCredit = 3_000
    limits.connectionCredit = 6_000
    limits.unflushedBytesHighWater = 2_000
    limits.unflushedBytesMax = 20_000
    return limits
}()
let start = Instant(nanoseconds: 1)

func newConnection(_ side: RPCConnection.Side) -> RPCConnection {
    RPCConnection(
        side, hello: .node(NodeID(1), role: .broker, clusterID: "c"), methods: Admin.methods, limits: limits, at: start)
}

/// Two ends with their hellos exchanged.
func openPair() -> (client: RPCConnection, server: RPCConnection) {
    var client = newConnection(.client)
    var server = newConnection(.server)
    for piece in client.takeOutput() { server.receive(piece, at: start) }
    for piece in server.takeOutput() { client.receive(piece, at: start) }
    precondition(client.isOpen && server.isOpen)
    _ = client.takeEvents()
    _ = server.takeEvents()
    return (client, server)
}

// MARK: Messages

func checkMessage<Content: Message>(_ type: Content.Type, _ bytes: SharedBytes) {
    guard let read = try? MessageDecoder.message(type, from: bytes) else { return }
    let written = MessageEncoder.bytes(of: read)
    do {
        // Bytes, not values: a NaN is not equal to itself.
        let again = MessageEncoder.bytes(of: try MessageDecoder.message(type, from: written))
        precondition(again == written, "\(Content.name) changes when it is written twice")
    } catch {
        preconditionFailure("\(Content.name) writes what it does not read: \(error)")
    }
}

func checkMessages(_ bytes: SharedBytes) {
    guard bytes.count > 1 else { return }
    let body = bytes.slice(from: 1, count: bytes.count - 1)
    switch bytes[0] % 10 {
    case 0: checkMessage(Admin.ClusterInfoResponse.self, body)
    case 1: checkMessage(Admin.MetricsResponse.self, body)
    case 2: checkMessage(Admin.TopicDescribeResponse.self, body)
    case 3: checkMessage(Admin.TopicCreateRequest.self, body)
    case 4: checkMessage(Admin.PartitionListResponse.self, body)
    case 5: checkMessage(Admin.GroupDescribeResponse.self, body)
    case 6: checkMessage(Admin.GroupLagResponse.self, body)
    case 7: checkMessage(Admin.ConfigDescribeResponse.self, body)
    case 8: checkMessage(Admin.GroupOffsetResetRequest.self, body)
    default: checkMessage(Hello.self, body)
    }
}

// MARK: Connections

/// What no peer may bring about.
func checkBounds(_ connection: RPCConnection) {
    let frame = FrameHeader.frameByteCount(payload: limits.frameBytesMax)
    precondition(connection.heldByteCount <= limits.connectionCredit + frame, "holds \(connection.heldByteCount)")
    precondition(connection.streamCount <= limits.streamCountMax, "\(connection.streamCount) calls")
    precondition(
        connection.isClosed || connection.unflushedByteCount <= limits.unflushedBytesMax + 2 * frame,
        "\(connection.unflushedByteCount) bytes wait")
}

func feedRaw(_ bytes: SharedBytes) {
    var server = newConnection(.server)
    var position = 0
    var now = start
    while position < bytes.count {
        let count = min(bytes.count - position, 1 + Int(bytes[position]) % 100)
        server.receive(bytes.slice(from: position, count: count), at: now)
        checkBounds(server)
        position += count
        now = now.advanced(byMilliseconds: 1)
        server.advance(to: now)
    }
    server.receiveEnd()
    precondition(server.isClosed)
}

/// Reads a frame's description off the input: type, flags, method, stream, deadline, message length, payload.
func nextFrame(_ reader: inout ByteReader) throws(DecodeError) -> SharedBytes {
    let type = FrameType.allCases[Int(try reader.readUInt8()) % FrameType.allCases.count]
    let flags = FrameFlags(rawValue: try reader.readUInt8() & 3)
    let method = Admin.methods[Int(try reader.readUInt8()) % Admin.methods.count].id
    let stream = StreamID(UInt64(try reader.readUInt8() & 15))
    let deadline = UInt32(try reader.readUInt8())
    let size = min(Int(try reader.readUInt8()) * 16 + Int(try reader.readUInt8()) % 16, reader.remaining)
    let payload = try reader.readBytes(count: size)
    let isRequest = type == .request
    let header = FrameHeader(
        type, flags: flags, method: isRequest ? method : MethodID(0), stream: stream,
        deadlineMilliseconds: isRequest ? deadline : 0, payloadByteCount: size,
        messageByteCount: min(size, Int(deadline) * 16))
    var writer = ByteWriter()
    header.write(to: &writer)
    writer.writeBytes(payload)
    if size > 0 { writer.writeInteger(CRC32C.checksum(of: payload)) }
    return writer.shared
}

func feedFrames(_ bytes: SharedBytes, to connection: inout RPCConnection) {
    var reader = ByteReader(bytes)
    var now = start
    var costs: [(StreamID, Int)] = []
    while !connection.isClosed, let frame = try? nextFrame(&reader) {
        connection.receive(frame, at: now)
        checkBounds(connection)
        for event in connection.takeEvents() { react(to: event, &connection, &costs) }
        checkBounds(connection)
        now = now.advanced(byMilliseconds: Int64(frame[frame.count - 1]))
        connection.advance(to: now)
        for piece in connection.takeOutput() where piece.count % 3 != 0 { connection.flushed(piece.count) }
    }
    connection.receiveEnd()
    precondition(connection.isClosed && connection.streamCount == 0)
}

/// A node that answers at once, takes half of the items at once and the other half late.
func react(to event: RPCConnection.Event, _ connection: inout RPCConnection, _ costs: inout [(StreamID, Int)]) {
    switch event {
    case .requestReceived(let id, _, let payload, _):
        _ = try? connection.send(payload, on: id)
        if payload.byteCount % 2 == 0 { connection.respond(payload, on: id) }
    case .itemReceived(let id, let payload, let cost):
        if connection.side == .server { _ = try? connection.send(payload, on: id) }
        costs.append((id, cost))
        guard cost % 2 == 0 else { return }
        for (id, cost) in costs { connection.taken(cost, on: id) }
        costs = []
    case .endReceived(let id): connection.fail(RPCError(.refused, "no"), on: id)
    case .streamFailed(let id, _): costs.removeAll { $0.0 == id }
    case .responseReceived(let id, _): costs.removeAll { $0.0 == id }
    case .handshakeCompleted, .writable, .peerIsLeaving, .closed: break
    }
}

func feedClient(_ bytes: SharedBytes) {
    var (client, _) = openPair()
    for method in [Admin.topicList.descriptor, Replicas.push.descriptor, Clients.session.descriptor] {
        _ = try? client.open(method, Payload(), deadline: start.advanced(byMilliseconds: 500), at: start)
    }
    _ = try? client.send(Payload(Credit()), on: StreamID(3))
    feedFrames(bytes, to: &client)
}

func runOne(_ data: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    guard count > 1 else { return 0 }
    let bytes = SharedBytes(Array(UnsafeBufferPointer(start: data, count: count)))
    let rest = bytes.slice(from: 1, count: count - 1)
    switch bytes[0] % 4 {
    case 0: checkMessages(rest)
    case 1: feedRaw(rest)
    case 2:
        var (_, server) = openPair()
        feedFrames(rest, to: &server)
    default: feedClient(rest)
    }
    return 0
}

var argumentCount = CommandLine.argc
var arguments = CommandLine.unsafeArgv
let status = runFuzzer(&argumentCount, &arguments) { runOne($0, $1) }
precondition(status == 0, "the fuzzer ended with \(status)")
