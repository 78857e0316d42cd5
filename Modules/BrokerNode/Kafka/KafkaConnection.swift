// SPDX-License-Identifier: Apache-2.0

internal import DequeModule
internal import KafkaProtocol
internal import Primitives
internal import Transport

/// One client's connection: requests are worked on as they come, answers leave in the order of the requests.
final class KafkaConnection: FrameHandler {
    /// An answer that waits for earlier ones.
    private enum Slot {
        case open
        case done(Answer)
    }

    /// What goes out for one request.
    enum Answer {
        /// Nothing: the client asked for none (acks=0).
        case none
        case bytes([UInt8])
        /// Record bytes belong at the cuts.
        case records([UInt8], cuts: [RecordsCut], records: [FetchedRecords])
    }

    private unowned let shard: BrokerShard
    private(set) var stream: (any ClientStream)?
    private var slots: Deque<Slot> = []
    private var firstSlot: UInt64 = 0
    private var isPaused = false
    private var isDraining = false
    /// What the client says it is (KIP-511), for metrics and describe.
    var clientSoftware = ""

    init(shard: BrokerShard) { self.shard = shard }

    /// Requests of one connection that may be unanswered at once; reading stops above and starts again at half.
    static let unansweredCountMax = 256

    var isOpen: Bool { stream != nil }
    var unansweredCount: Int { slots.count }

    // MARK: Requests

    func opened(_ connection: FrameConnection) { opened(on: connection) }

    func opened(on stream: any ClientStream) { self.stream = stream }

    func received(_ frame: SharedBytes) {
        guard stream != nil, !isDraining else { return }
        slots.append(.open)
        shard.serve(frame, on: self, slot: firstSlot + UInt64(slots.count - 1))
        if slots.count >= Self.unansweredCountMax { pause() }
    }

    func receivedAll() {}

    func writabilityChanged(_ isWritable: Bool) {
        // A client that does not take its answers gets no more work done.
        if isWritable { resumeIfPossible() } else { pause() }
    }

    func draining() {
        isDraining = true
        if slots.isEmpty { stream?.close() }
    }

    func closed(_ reason: CloseReason) {
        guard stream != nil else { return }
        stream = nil
        slots = []
    }

    /// Ends the connection because of what it sent.
    func reject(_ reason: RejectReason) {
        shard.metrics.count(reason)
        stream?.close()
    }

    private func pause() {
        guard !isPaused else { return }
        isPaused = true
        stream?.pauseReading()
    }

    private func resumeIfPossible() {
        guard isPaused, slots.count <= Self.unansweredCountMax / 2 else { return }
        isPaused = false
        stream?.resumeReading()
    }

    // MARK: Answers

    /// Takes the answer to the request of `slot` and sends all that are now in turn.
    func complete(_ slot: UInt64, _ answer: Answer) {
        guard let stream, slot >= firstSlot else { return }
        let place = Int(slot - firstSlot)
        precondition(place < slots.count, "slot \(slot) of \(firstSlot)+\(slots.count)")
        guard place == 0 else { return slots[place] = .done(answer) }
        slots.removeFirst()
        firstSlot += 1
        send(answer, on: stream)
        while case .done(let next)? = slots.first {
            slots.removeFirst()
            firstSlot += 1
            send(next, on: stream)
        }
        if isDraining, slots.isEmpty { return stream.close() }
        if isPaused, stream.pendingOutputByteCount < shard.limits.resumeOutputByteCount { resumeIfPossible() }
    }

    private func send(_ answer: Answer, on stream: any ClientStream) {
        switch answer {
        case .none: break
        case .bytes(let bytes): stream.write(bytes)
        case .records(let bytes, let cuts, let records): send(bytes, cuts, records, on: stream)
        }
    }

    private func send(_ bytes: [UInt8], _ cuts: [RecordsCut], _ records: [FetchedRecords], on stream: any ClientStream)
    {
        precondition(cuts.count == records.count, "\(cuts.count) cuts for \(records.count) runs of records")
        let whole = SharedBytes(bytes)
        var sent = 0
        for (cut, run) in zip(cuts, records) {
            stream.write(whole.slice(from: sent, count: cut.position - sent))
            sent = cut.position
            precondition(run.byteCount == cut.byteCount, "\(run.byteCount) bytes for a cut of \(cut.byteCount)")
            switch run {
            case .none: break
            case .bytes(let bytes): stream.write(bytes)
            case .file(let file):
                stream.writeFile(file.lease, position: file.position, count: file.byteCount)
            }
        }
        stream.write(whole.slice(from: sent, count: whole.count - sent))
    }
}
