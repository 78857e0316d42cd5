// SPDX-License-Identifier: Apache-2.0

internal import DequeModule
internal import KafkaProtocol
package import Primitives
package import Transport

/// One client's connection: requests are worked on as they come, answers leave in the order of the requests.
package final class KafkaConnection: FrameHandler {
    /// A request that came, and its answer when that waits for earlier ones.
    private struct Slot {
        /// Of the request.
        let byteCount: Int
        var answer: Answer?
    }

    /// What goes out for one request.
    enum Answer {
        /// Nothing: the client asked for none (acks=0).
        case none
        case bytes([UInt8])
        /// Record bytes belong at the cuts.
        case records([UInt8], cuts: [RecordsCut], records: [FetchedRecords])

        /// What the client receives, size prefix included.
        var byteCount: Int {
            switch self {
            case .none: 0
            case .bytes(let bytes): bytes.count
            case .records(let bytes, let cuts, _): cuts.reduce(bytes.count) { $0 + $1.byteCount }
            }
        }
    }

    private unowned let shard: BrokerShard
    private(set) var stream: (any ClientStream)?
    private var slots: Deque<Slot> = []
    private var firstSlot: UInt64 = 0
    /// Of the requests of `slots`.
    private var unansweredByteCount = 0
    private var isPaused = false
    private var isDraining = false
    private var mutedUntil: Instant?
    private var muteTimer: TimerID?
    /// What came with the read that was under way when reading stopped, for when it goes on.
    private var heldBack: [SharedBytes] = []
    /// Of the client id that asked last, as of a generation of quotas.
    private var rates: (clientID: String, generation: UInt64, rates: ClientRates?)?
    /// What the client says it is (KIP-511), for metrics and describe.
    var software = (name: "", version: "")

    package init(shard: BrokerShard) { self.shard = shard }

    /// Requests of one connection that may be unanswered at once; reading stops above and starts again at half.
    static let unansweredCountMax = 256

    var isOpen: Bool { stream != nil }
    var unansweredCount: Int { slots.count }

    // MARK: Requests

    package func opened(_ connection: FrameConnection) { opened(on: connection) }

    package func opened(on stream: any ClientStream) { self.stream = stream }

    package func received(_ frame: SharedBytes) {
        guard stream != nil, !isDraining else { return }
        guard mutedUntil == nil else { return heldBack.append(frame) }
        slots.append(Slot(byteCount: frame.count))
        unansweredByteCount += frame.count
        stream?.hold(frame.count)
        shard.serve(frame, on: self, slot: firstSlot + UInt64(slots.count - 1))
        if slots.count >= Self.unansweredCountMax || unansweredByteCount >= shard.limits.connectionRequestByteCountMax {
            pause()
        }
    }

    package func receivedAll() {}

    package func writabilityChanged(_ isWritable: Bool) {
        // A client that does not take its answers gets no more work done.
        if isWritable { resumeIfPossible() } else { pause() }
    }

    package func draining() {
        isDraining = true
        if slots.isEmpty { stream?.close() }
    }

    package func closed(_ reason: CloseReason) {
        guard let stream else { return }
        stream.hold(-unansweredByteCount)
        self.stream = nil
        slots = []
        unansweredByteCount = 0
        unmute()
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
        guard isPaused, mutedUntil == nil, slots.count <= Self.unansweredCountMax / 2,
            unansweredByteCount <= shard.limits.connectionRequestByteCountMax / 2
        else { return }
        isPaused = false
        stream?.resumeReading()
    }

    // MARK: Quotas

    /// The quotas of the client that asks now.
    ///
    /// A connection has one client id as a rule, so it is looked up once for each change of quotas.
    func rates(ofClient clientID: String?) -> ClientRates? {
        let clientID = clientID ?? ""
        if let rates, rates.generation == shard.quotaGeneration, rates.clientID == clientID { return rates.rates }
        let found = shard.rates(ofClient: clientID)
        rates = (clientID, shard.quotaGeneration, found)
        return found
    }

    /// Longest silence after one answer: a year. What is owed beyond it stays owed.
    private static let muteNanosecondsMax: Int64 = 365 * 86_400 * 1_000_000_000

    /// Reads nothing for a time; what was read already is answered.
    func mute(forNanoseconds nanoseconds: Int64) {
        guard stream != nil else { return }
        mute(until: Instant(nanoseconds: shard.now.nanoseconds + min(nanoseconds, Self.muteNanosecondsMax)))
    }

    private func mute(until deadline: Instant) {
        if let mutedUntil, mutedUntil >= deadline { return }
        if let muteTimer { shard.cancel(muteTimer) }
        mutedUntil = deadline
        shard.mutedConnections[ObjectIdentifier(self)] = self
        muteTimer = shard.schedule(at: deadline) { [self] in unmute() }
        pause()
    }

    /// The quotas changed: waits as long as the new ones say.
    func reviewMute() {
        let now = shard.now
        let wait = rates(ofClient: rates?.clientID)?.waitNanoseconds(at: now) ?? 0
        guard wait > 0 else { return unmute() }
        mutedUntil = nil
        mute(forNanoseconds: wait)
    }

    private func unmute() {
        guard mutedUntil != nil else { return }
        mutedUntil = nil
        if let muteTimer { shard.cancel(muteTimer) }
        muteTimer = nil
        shard.mutedConnections[ObjectIdentifier(self)] = nil
        guard stream != nil else { return heldBack = [] }
        let frames = heldBack
        heldBack = []
        for frame in frames { received(frame) }
        resumeIfPossible()
    }

    // MARK: Answers

    /// Takes the answer to the request of `slot` and sends all that are now in turn.
    func complete(_ slot: UInt64, _ answer: Answer) {
        guard let stream, slot >= firstSlot else { return }
        let place = Int(slot - firstSlot)
        precondition(place < slots.count, "slot \(slot) of \(firstSlot)+\(slots.count)")
        guard place == 0 else { return slots[place].answer = answer }
        removeFirstSlot(stream)
        send(answer, on: stream)
        while let next = slots.first?.answer {
            removeFirstSlot(stream)
            send(next, on: stream)
        }
        if isDraining, slots.isEmpty { return stream.close() }
        if isPaused, stream.pendingOutputByteCount < shard.limits.resumeOutputByteCount { resumeIfPossible() }
    }

    private func removeFirstSlot(_ stream: any ClientStream) {
        let byteCount = slots.removeFirst().byteCount
        firstSlot += 1
        unansweredByteCount -= byteCount
        stream.hold(-byteCount)
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
