// SPDX-License-Identifier: Apache-2.0

import Primitives
import Testing
import WireProtocol

@Suite("Random runs")
struct RandomRunTests {
    @Test("whatever is called, cut and delayed, nothing is lost, doubled or reordered", arguments: 0..<UInt64(60))
    func run(seed: UInt64) throws {
        var world = World(seed: seed)
        for _ in 0..<400 { try world.step() }
        try world.settle()
    }

    @Test("a conversation delivered byte by byte is the same as one delivered whole")
    func everyByte() throws {
        var whole = World(seed: 1, chunkBytesMax: 1 << 20)
        var bytewise = World(seed: 1, chunkBytesMax: 1)
        for _ in 0..<60 {
            try whole.step()
            try bytewise.step()
        }
        try whole.settle()
        try bytewise.settle()
    }
}

/// Two ends, a pipe each way that cuts bytes anywhere, and a model of what must arrive.
private struct World {
    private var entropy: Entropy
    private var pair: Pair
    private let chunkBytesMax: Int
    private var toServer: [UInt8] = []
    private var toClient: [UInt8] = []
    private var calls: [StreamID: Call] = [:]
    private var order: [StreamID] = []
    private static let streamCredit = 5_000
    private static let frameBytesMax = 3_000

    /// What one call has said and heard.
    private struct Call {
        let method: MethodDescriptor
        var isKnownToServer = false
        var clientSent = 0
        var serverHeard = 0
        var serverSent = 0
        var clientHeard = 0
        var hasEnded = false
        var serverHeardEnd = false
        var outcome: Outcome?
        /// Items in memory at each end, with what they cost.
        var heldByServer: [Int] = []
        var heldByClient: [Int] = []
    }

    private enum Outcome { case responded, failed, cancelled, expired }

    init(seed: UInt64, chunkBytesMax: Int = 700) {
        entropy = Entropy(seed: seed)
        self.chunkBytesMax = chunkBytesMax
        var limits = RPCLimits()
        limits.streamCredit = Self.streamCredit
        limits.connectionCredit = 12_000
        limits.frameBytesMax = Self.frameBytesMax
        limits.unflushedBytesHighWater = 8_000
        limits.streamCountMax = 10
        pair = Pair.open(clientLimits: limits, serverLimits: limits)
    }

    mutating func step() throws {
        switch entropy.index(below: 12) {
        case 0, 1: try openCall()
        case 2, 3: try sendItem(fromClient: true)
        case 4: try sendItem(fromClient: false)
        case 5: endItems()
        case 6: answer()
        case 7: cancel()
        case 8: take()
        case 9: try advance()
        default: try deliver()
        }
        try check()
    }

    /// Delivers everything, answers every call, and demands that both ends are idle and all items were heard.
    mutating func settle() throws {
        for _ in 0..<10_000 {
            try deliver()
            take(all: true)
            if toServer.isEmpty, toClient.isEmpty { break }
        }
        for id in order {
            guard var call = calls[id], call.outcome == nil else { continue }
            try #require(call.isKnownToServer)
            #expect(call.serverHeard == call.clientSent)
            #expect(call.clientHeard == call.serverSent)
            #expect(call.serverHeardEnd == call.hasEnded)
            pair.server.respond(.text("\(call.serverHeard)"), on: id)
            call.outcome = .responded
            calls[id] = call
        }
        for _ in 0..<1000 { try deliver() }
        #expect(pair.client.streamCount == 0 && pair.server.streamCount == 0)
        #expect(pair.client.heldByteCount == 0 && pair.server.heldByteCount == 0)
        #expect(pair.client.isOpen && pair.server.isOpen)
    }

    private var pick: StreamID? { mutating get { order.isEmpty ? nil : order[entropy.index(below: order.count)] } }

    private mutating func openCall() throws {
        let method = [Pair.unary.descriptor, Pair.download.descriptor, Pair.upload.descriptor, Pair.chat.descriptor][
            entropy.index(below: 4)]
        let deadline =
            entropy.chance(1, in: 4)
            ? pair.now.advanced(byMilliseconds: Int64(1 + entropy.index(below: 40))) : .distantFuture
        do throws(RPCError) {
            let id = try pair.client.open(method, .text("request"), deadline: deadline, at: pair.now)
            calls[id] = Call(method: method)
            order.append(id)
        } catch {
            #expect(error.code == .overloaded && pair.client.streamCount == 10)
        }
    }

    private mutating func sendItem(fromClient: Bool) throws {
        guard let id = pick, var call = calls[id], call.outcome == nil else { return }
        let attachment = SharedBytes([UInt8](repeating: 7, count: entropy.index(below: Self.frameBytesMax - 100)))
        if fromClient {
            guard [.clientStreaming, .bidirectional].contains(call.method.shape), !call.hasEnded else { return }
            let item = Payload(Credit.with { $0.byteCount = UInt32(call.clientSent + 1) }, attachments: [attachment])
            if try pair.client.send(item, on: id) { call.clientSent += 1 }
        } else {
            guard [.serverStreaming, .bidirectional].contains(call.method.shape), call.isKnownToServer else { return }
            let item = Payload(Credit.with { $0.byteCount = UInt32(call.serverSent + 1) }, attachments: [attachment])
            if try pair.server.send(item, on: id) { call.serverSent += 1 }
        }
        calls[id] = call
    }

    private mutating func endItems() {
        guard let id = pick, var call = calls[id], call.outcome == nil else { return }
        guard [.clientStreaming, .bidirectional].contains(call.method.shape) else { return }
        call.hasEnded = true
        calls[id] = call
        pair.client.sendEnd(on: id)
    }

    private mutating func answer() {
        guard let id = pick, var call = calls[id], call.outcome == nil, call.isKnownToServer else { return }
        if entropy.chance(1, in: 2) {
            pair.server.respond(.text("\(call.serverHeard)"), on: id)
            call.outcome = .responded
        } else {
            pair.server.fail(Samples.error, on: id)
            call.outcome = .failed
        }
        call.heldByServer = []
        calls[id] = call
    }

    private mutating func cancel() {
        guard entropy.chance(1, in: 3), let id = pick, var call = calls[id], call.outcome == nil else { return }
        pair.client.cancel(id)
        call.outcome = .cancelled
        call.heldByClient = []
        calls[id] = call
    }

    private mutating func take(all: Bool = false) {
        for id in order where all || entropy.chance(1, in: 2) {
            guard var call = calls[id] else { continue }
            for cost in call.heldByServer { pair.server.taken(cost, on: id) }
            for cost in call.heldByClient { pair.client.taken(cost, on: id) }
            call.heldByServer = []
            call.heldByClient = []
            calls[id] = call
        }
    }

    private mutating func advance() throws {
        pair.now = pair.now.advanced(byMilliseconds: Int64(entropy.index(below: 10)))
        pair.client.advance(to: pair.now)
        pair.server.advance(to: pair.now)
        try collect()
    }

    /// Moves one chunk each way.
    private mutating func deliver() throws {
        for piece in pair.client.takeOutput() {
            toServer += piece.array
            pair.client.flushed(piece.count)
        }
        for piece in pair.server.takeOutput() {
            toClient += piece.array
            pair.server.flushed(piece.count)
        }
        let toServerCount = min(toServer.count, 1 + entropy.index(below: chunkBytesMax))
        pair.server.receive(SharedBytes(Array(toServer.prefix(toServerCount))), at: pair.now)
        toServer.removeFirst(toServerCount)
        let toClientCount = min(toClient.count, 1 + entropy.index(below: chunkBytesMax))
        pair.client.receive(SharedBytes(Array(toClient.prefix(toClientCount))), at: pair.now)
        toClient.removeFirst(toClientCount)
        try collect()
    }

    private mutating func collect() throws {
        for event in pair.server.takeEvents() { try hear(event, atServer: true) }
        for event in pair.client.takeEvents() { try hear(event, atServer: false) }
    }

    private mutating func hear(_ event: RPCConnection.Event, atServer: Bool) throws {
        switch event {
        case .requestReceived(let id, let method, let payload, _):
            #expect(calls[id]?.method.id == method && payload == .text("request"))
            calls[id]?.isKnownToServer = true
        case .itemReceived(let id, let payload, let cost):
            let number = Int(try payload.decoded(as: Credit.self).byteCount)
            if atServer {
                calls[id]?.serverHeard += 1
                calls[id]?.heldByServer.append(cost)
                #expect(calls[id]?.serverHeard == number)
            } else {
                calls[id]?.clientHeard += 1
                calls[id]?.heldByClient.append(cost)
                #expect(calls[id]?.clientHeard == number)
            }
        case .endReceived(let id):
            #expect(calls[id]?.serverHeard == calls[id]?.clientSent)
            calls[id]?.serverHeardEnd = true
        case .responseReceived(let id, _):
            #expect(calls[id]?.outcome == .responded)
            #expect(calls[id]?.clientHeard == calls[id]?.serverSent)
        case .streamFailed(let id, let error):
            if error.code == .deadlineExceeded, calls[id]?.outcome == nil { calls[id]?.outcome = .expired }
            #expect(calls[id]?.outcome != nil, "\(error)")
            if atServer { calls[id]?.heldByServer = [] } else { calls[id]?.heldByClient = [] }
        case .writable: break
        case .handshakeCompleted, .peerIsLeaving, .closed: Issue.record("\(event)")
        }
    }

    /// What holds after every step.
    private func check() throws {
        let largest = FrameHeader.frameByteCount(payload: Self.frameBytesMax)
        for end in [pair.client, pair.server] {
            #expect(end.heldByteCount <= 12_000 + largest)
            #expect(end.partialFrameByteCount < largest)
        }
        for call in calls.values {
            #expect(call.heldByServer.reduce(0, +) <= Self.streamCredit + largest)
            #expect(call.heldByClient.reduce(0, +) <= Self.streamCredit + largest)
        }
        try #require(pair.client.isOpen && pair.server.isOpen)
    }
}
