// SPDX-License-Identifier: Apache-2.0

import BrokerNode
import KafkaProtocol
import Primitives
import Transport

/// A Kafka client's connection to one broker: frames over the network of the simulator.
final class KafkaSession {
    private let client: SimulatedProcess
    private let clientID: String
    private var connection: Connection?
    private var isOver = false
    private var early: [SharedBytes] = []
    private var lastCorrelationID: Int32 = 0
    private var waiting: [Int32: (SharedBytes?) -> Void] = [:]
    /// The broker's end.
    private var stream: SimulatedClientStream?

    init(from client: SimulatedProcess, to broker: NodeID, in scene: BrokersScene) {
        self.client = client
        clientID = "\(client.address)"
        scene.network.connect(
            from: client, to: scene.address(broker),
            accepted: { [weak self] listener, connection in
                guard let broker = scene.broker(at: listener), broker.isServing, let self else {
                    return connection.close(from: listener)
                }
                stream = SimulatedClientStream(at: broker, over: connection) { [weak self] in self?.received($0) }
            },
            opened: { [weak self] connection in self?.opened(connection) })
    }

    var isOpen: Bool { !isOver }

    private func opened(_ connection: Connection?) {
        guard let connection else { return end() }
        guard !isOver else { return connection.close(from: client) }
        self.connection = connection
        connection.onLoss(at: client) { [weak self] in self?.end() }
        let frames = early
        early = []
        for frame in frames { send(frame) }
    }

    /// Every request that has no answer gets none.
    func end() {
        guard !isOver else { return }
        isOver = true
        connection?.close(from: client)
        let left = waiting.sorted { $0.key < $1.key }
        waiting = [:]
        for (_, answered) in left { answered(nil) }
    }

    /// Sends a request; `answered` gets nil when the connection ends first.
    func call<Request: ProtocolRequest>(
        _ request: Request, version: Int16, answered: @escaping (Request.Response?) -> Void
    ) {
        guard !isOver else { return answered(nil) }
        lastCorrelationID += 1
        var writer = ByteWriter(capacity: 256)
        let header = RequestHeader(
            apiKey: Request.apiKey.rawValue, apiVersion: version, correlationID: lastCorrelationID,
            clientID: clientID)
        header.encode(into: &writer, headerVersion: Request.apiKey.requestHeaderVersion(for: version))
        request.encode(into: &writer, version: version)
        waiting[lastCorrelationID] = { frame in
            guard let frame else { return answered(nil) }
            var reader = ByteReader(frame)
            do throws(DecodeError) {
                _ = try ResponseHeader(
                    decoding: &reader, headerVersion: Request.Response.apiKey.responseHeaderVersion(for: version))
                answered(try Request.Response(decoding: &reader, version: version))
            } catch { preconditionFailure("an answer to \(Request.apiKey) does not decode: \(error)") }
        }
        send(writer.shared)
    }

    private func send(_ frame: SharedBytes) {
        guard let connection else { return early.append(frame) }
        connection.send(from: client) { [weak self] in self?.stream?.received(frame) }
    }

    private func received(_ frame: SharedBytes) {
        var reader = ByteReader(frame)
        guard let id = try? reader.readInt32() else { preconditionFailure("an answer of \(frame.count) bytes") }
        waiting.removeValue(forKey: id)?(frame)
    }
}

/// The broker's end of it: what a socket is to a `KafkaConnection`.
private final class SimulatedClientStream: ClientStream {
    private let broker: SimulatedBroker
    private let shard: Int
    private let connection: Connection
    private let deliver: (SharedBytes) -> Void
    private var kafka: KafkaConnection!
    private var output: [UInt8] = []
    private var isPaused = false
    private var held: [SharedBytes] = []

    init(at broker: SimulatedBroker, over connection: Connection, deliver: @escaping (SharedBytes) -> Void) {
        self.broker = broker
        self.connection = connection
        self.deliver = deliver
        shard = broker.anyShard()
        broker.round(on: shard) { [self] shard in
            kafka = KafkaConnection(shard: shard)
            kafka.opened(on: self)
        }
        connection.onLoss(at: broker.process) { [self] in
            broker.round(on: shard) { [self] _ in kafka.closed(.peerClosed) }
        }
    }

    func received(_ frame: SharedBytes) {
        guard !isPaused else { return held.append(frame) }
        broker.round(on: shard) { [self] _ in kafka.received(frame) }
    }

    // MARK: ClientStream

    let peerHost = "client"
    let peerPort = 1
    let localHost = "broker"
    var localPort: Int { Int(broker.id.rawValue) }
    let isRPC = false
    let pendingOutputByteCount = 0

    func write(_ bytes: [UInt8]) {
        output += bytes
        flush()
    }

    func write(_ bytes: SharedBytes) { write(bytes.array) }

    func writeFile(_ lease: DescriptorLease, position: Int64, count: Int) {
        preconditionFailure("the simulated disk has no descriptors")
    }

    /// Sends the frames that are whole.
    private func flush() {
        while output.count >= 4 {
            let count = output[..<4].reduce(0) { $0 << 8 | Int($1) }
            guard output.count >= 4 + count else { return }
            let frame = SharedBytes(Array(output[4..<4 + count]))
            output.removeFirst(4 + count)
            let deliver = deliver
            connection.send(from: broker.process) { deliver(frame) }
        }
    }

    func pauseReading() { isPaused = true }
    func hold(_ byteCount: Int) {}

    func resumeReading() {
        isPaused = false
        let frames = held
        held = []
        for frame in frames { received(frame) }
    }

    func close() {
        connection.close(from: broker.process)
        kafka.closed(.closedHere)
    }
}
