// SPDX-License-Identifier: Apache-2.0

internal import Primitives
internal import RecordBatch
internal import Transport
internal import WireProtocol

/// Passes items of one produce stream on to the broker that leads their partitions.
///
/// Lives on the loop of the stream, with a connection of its own, so that nothing hops. What waits here is bounded by the
/// credit of the stream: an item keeps its share until it is answered.
final class ProduceRelay {
    private let stream: RPCRawStream
    private var unsent: [Payload] = []
    private var isSending = false
    private let link: Link

    /// What the observer of the stream needs, which is called before the stream is known.
    private final class Link {
        /// Items that are not answered, by number.
        var open: [Int: (recordCount: UInt64, byteCount: UInt64)] = [:]
        var error: RPCError?
        let answered: (Int, Result<StoredItem, RPCError>) -> Void

        init(answered: @escaping (Int, Result<StoredItem, RPCError>) -> Void) { self.answered = answered }

        func observe(_ event: RPCRawStream.Event) -> Int {
            switch event {
            case .item(let payload, let cost):
                take(payload)
                return cost
            case .ended(.success): fail(RPCError(.connectionLost, "the leader ended the stream early"))
            case .ended(.failure(let error)): fail(error)
            }
            return 0
        }

        private func take(_ payload: Payload) {
            let answer: Admin.ProduceAcknowledgement
            do throws(DecodeError) {
                answer = try payload.decoded()
            } catch {
                return fail(RPCError(.internalFault, "the leader's acknowledgement does not decode: \(error)"))
            }
            let number = Int(clamping: answer.sequence)
            guard let item = open.removeValue(forKey: number) else { return }
            answered(
                number,
                answer.error.map { .failure($0) }
                    ?? .success(
                        StoredItem(
                            baseOffset: answer.baseOffset, logAppendTime: answer.logAppendTime,
                            recordCount: item.recordCount, byteCount: item.byteCount)))
        }

        func fail(_ error: RPCError) {
            self.error = error
            let unanswered = open.keys.sorted()
            open = [:]
            for number in unanswered { answered(number, .failure(error)) }
        }
    }

    /// - Parameters:
    ///   - client: On the loop of the caller; nobody else uses it.
    ///   - answered: Called for each item once, by its number.
    init(
        _ request: Admin.ProduceRequest, over client: RPCClient,
        answered: @escaping (Int, Result<StoredItem, RPCError>) -> Void
    ) {
        var forwarded = request
        forwarded.localOnly = true
        let link = Link(answered: answered)
        self.link = link
        var takeCost: ((Int) -> Void)?
        stream = client.openRaw(Admin.produce, Payload(forwarded)) { event in
            let cost = link.observe(event)
            if cost > 0 { takeCost?(cost) }
        }
        takeCost = { [stream] in stream.taken($0) }
    }

    /// Whether the leader still takes items.
    var isOpen: Bool { link.error == nil }

    /// Passes an item on.
    ///
    /// - Parameter number: Comes back with the answer. Ascending.
    func send(_ bytes: SharedBytes, to partition: PartitionIndex, number: Int) {
        if let error = link.error { return link.answered(number, .failure(error)) }
        link.open[number] = (Self.recordCount(of: bytes), UInt64(bytes.count))
        let item = Admin.ProduceItem.with { ($0.sequence, $0.partition) = (UInt64(number), partition) }
        unsent.append(Payload(item, attachments: [bytes]))
        sendNext()
    }

    /// Gives the stream up.
    func cancel() { stream.cancel() }

    private func sendNext() {
        guard !isSending, !unsent.isEmpty else { return }
        isSending = true
        stream.send(unsent.removeFirst()) { [self] error in
            isSending = false
            if let error { return link.fail(error) }
            sendNext()
        }
    }

    /// As the headers claim: the leader checks them.
    private static func recordCount(of bytes: SharedBytes) -> UInt64 {
        var batches = Batches(bytes)
        var count: UInt64 = 0
        while case .success(let batch?) = Result(catching: { try batches.next() }) {
            count += UInt64(max(0, batch.header.recordCount))
        }
        return count
    }
}
