// SPDX-License-Identifier: Apache-2.0

internal import Coordinator
internal import DequeModule
internal import KafkaProtocol
internal import Primitives
internal import RecordBatch
internal import Transport
internal import WireProtocol

/// Where the batches of one item went.
struct StoredItem: Sendable {
    let baseOffset: Offset
    let logAppendTime: Timestamp
    let recordCount: UInt64
    let byteCount: UInt64

    /// On its way to a leader that is not asked whether it has come.
    static let unknown = StoredItem(baseOffset: Offset(-1), logAppendTime: .none, recordCount: 0, byteCount: 0)
}

/// One produce stream: batches in, an acknowledgement for each item out, in the order of the items. What another broker
/// leads is passed on to it.
///
/// An item's credit goes back to the client when its acknowledgement has left, so what one stream holds in memory is
/// bounded by its credit, however slow the disk is.
final class ProduceCall: @unchecked Sendable {
    // Proof of @unchecked: the `let`s are immutable; all else is touched on `call.loop` only, where `begin` and the call's
    // events run and where the shards' answers are sent.
    private let call: RPCCall
    private let shards: ShardSet
    private let peers: PeerBrokers
    /// Streams to other leaders, opened with the first item for them.
    private var relays: [NodeID: ProduceRelay] = [:]
    /// The shard that asks for this stream: that of the connection, where the loops are the node's own.
    private let home: Int

    private var request = Admin.ProduceRequest()
    private var acks = RequiredAcks.all
    private var items: Deque<Item> = []
    /// Number of the first entry of `items`, counted from 0 over the whole stream.
    private var firstNumber = 0
    private var sums = Admin.ProduceResponse()
    private var isSending = false
    private var isAnswering = false
    private var hasEnded = false
    private var isOver = false

    private typealias Answer = Result<StoredItem, RPCError>

    private struct Item {
        let sequence: UInt64
        let partition: PartitionIndex
        /// Credit that it holds.
        let cost: Int
        var timer: ShardTimer?
        var answer: Answer?
    }

    init(_ call: RPCCall, shards: ShardSet, peers: PeerBrokers) {
        self.call = call
        self.shards = shards
        self.peers = peers
        home = shards.loops.firstIndex { $0 === call.loop } ?? BrokerShard.controllerShard
    }

    /// Checks the request and takes items from here on. Runs on the call's loop.
    func begin() {
        call.observe { [self] event in receive(event) }
        do throws(DecodeError) {
            request = try call.request.decoded()
        } catch {
            return call.fail(RPCError(.invalidRequest, "the ProduceRequest does not decode: \(error)"))
        }
        guard let acks = RequiredAcks(rawValue: request.acks) else {
            let remedy = "Say 0, 1 or -1 (all in-sync replicas)."
            return call.fail(RPCError(.invalidRequest, "acks is \(request.acks)", remedy: remedy))
        }
        self.acks = acks
        // Said at once, so that a tool does not have to send records to learn of a misspelt name.
        shards.loops[home].execute { [shards, home, call, topic = request.topic] in
            let image = shards[home].image
            if image.topic(named: topic) == nil { call.fail(.unknownTopic(topic, in: image)) }
        }
    }

    private func receive(_ event: RPCCall.Event) {
        switch event {
        case .item(let payload, let cost): take(payload, cost: cost)
        case .end:
            hasEnded = true
            answerReady()
        case .abandoned:
            isOver = true
            for item in items { item.timer?.cancel() }
            items = []
            closeRelays()
        }
    }

    private func take(_ payload: Payload, cost: Int) {
        let message: Admin.ProduceItem
        do throws(DecodeError) {
            message = try payload.decoded()
        } catch {
            return call.fail(RPCError(.invalidRequest, "the ProduceItem does not decode: \(error)"))
        }
        let number = firstNumber + items.count
        items.append(
            Item(
                sequence: message.sequence, partition: message.partition, cost: cost, timer: deadline(of: number)))
        let bytes = payload.attachment
        shards.loops[home].execute { [self, topic = request.topic, acks] in
            let shard = shards[home]
            let id = shard.address(topic, message.partition.rawValue).id
            if let id, let leader = shard.image.partition(id)?.leader, leader != shard.node.id, !request.localOnly {
                let image = shard.image
                return call.loop.execute { [self] in
                    pass(bytes, to: message.partition, led: leader, image, number: number)
                }
            }
            shard.askPartitions(
                [(id, bytes)],
                { shard, partition, bytes, reply in
                    shard.take(whole: bytes, into: partition, acks: acks, reply: reply)
                }
            ) { [self] answers in
                let answer = answers[0].mapError { RPCError($0, topic, message.partition, in: shard.image) }
                call.loop.execute { [self] in answered(number, answer) }
            }
        }
    }

    private func pass(
        _ bytes: SharedBytes, to partition: PartitionIndex, led leader: NodeID, _ image: MetadataImage, number: Int
    ) {
        guard leader != .none else { return answered(number, .failure(.leaderless(request.topic, partition))) }
        do throws(RPCError) {
            try relay(to: leader, image).send(bytes, to: partition, number: number)
        } catch {
            return answered(number, .failure(error))
        }
        // Only failures of such items are answered.
        if acks == .none { answered(number, .success(.unknown)) }
    }

    private func relay(to leader: NodeID, _ image: MetadataImage) throws(RPCError) -> ProduceRelay {
        if let known = relays[leader], known.isOpen { return known }
        let relay = ProduceRelay(request, over: try peers.makeClient(of: leader, in: image, on: call.loop)) {
            [weak self] number, answer in self?.answered(number, answer)
        }
        relays[leader] = relay
        return relay
    }

    private func closeRelays() {
        for relay in relays.values { relay.cancel() }
        relays = [:]
    }

    /// The client's own limit for one item; none when it named none.
    private func deadline(of number: Int) -> ShardTimer? {
        guard request.timeoutMilliseconds > 0 else { return nil }
        return call.loop.schedule(afterMilliseconds: Int64(request.timeoutMilliseconds)) { [weak self] in
            guard let self, !isOver, number >= firstNumber else { return }
            answered(number, .failure(RPCError(late: request.topic, items[number - firstNumber].partition)))
        }
    }

    private func answered(_ number: Int, _ answer: Answer) {
        // After its deadline an item has its answer already.
        guard !isOver, number >= firstNumber, items[number - firstNumber].answer == nil else { return }
        items[number - firstNumber].timer?.cancel()
        items[number - firstNumber].answer = answer
        answerReady()
    }

    /// Answers the items at the front that are done, one at a time, and ends the call after the last one.
    private func answerReady() {
        // `send` may call back at once, from within.
        guard !isAnswering else { return }
        isAnswering = true
        defer { isAnswering = false }
        while !isSending, !isOver, let answer = items.first?.answer {
            let item = items.removeFirst()
            firstNumber += 1
            finish(item, answer)
        }
        guard hasEnded, items.isEmpty, !isSending, !isOver else { return }
        isOver = true
        closeRelays()
        call.respond(Payload(sums))
    }

    private func finish(_ item: Item, _ answer: Answer) {
        var acknowledgement = Admin.ProduceAcknowledgement()
        acknowledgement.sequence = item.sequence
        acknowledgement.partition = item.partition
        switch answer {
        case .success(let stored):
            sums.itemCount += 1
            sums.recordCount += stored.recordCount
            sums.byteCount += stored.byteCount
            acknowledgement.baseOffset = stored.baseOffset
            acknowledgement.logAppendTime = stored.logAppendTime
        case .failure(let error):
            sums.failedItemCount += 1
            acknowledgement.baseOffset = Offset(-1)
            acknowledgement.logAppendTime = .none
            acknowledgement.error = error
        }
        guard acks != .none || acknowledgement.error != nil else { return call.taken(item.cost) }
        isSending = true
        call.send(Payload(acknowledgement)) { [self] error in
            isSending = false
            call.taken(item.cost)
            if error != nil { isOver = true }
            answerReady()
        }
    }
}

extension RPCError {
    fileprivate init(late topic: String, _ partition: PartitionIndex) {
        self.init(
            kafka: .requestTimedOut, "the records for \(topic)-\(partition) were not safe in time; they may be stored",
            remedy: "Send them again; with a producer id they are not stored twice.")
    }
}

// MARK: On the partition's shard

extension BrokerShard {
    /// Stages all batches of one item, or none when one of them is not valid.
    ///
    /// A batch that the log itself refuses, an idempotent producer's out of order, does not take back those before it.
    func take(
        whole bytes: SharedBytes, into partition: Partition?, acks: RequiredAcks,
        reply: @escaping (Result<StoredItem, ProduceFailure>) -> Void
    ) {
        guard let partition else { return reply(.failure(.unknownPartition)) }
        let batches: [Batch]
        do throws(BatchesError) {
            batches = try wholeBatches(in: bytes)
        } catch {
            return reply(.failure(.malformed(error.decodeError)))
        }
        if batches.count > 1, let refusal = firstRefusal(of: batches, in: partition) {
            return reply(.failure(.invalid(refusal)))
        }
        let recordCount = batches.reduce(0) { $0 + UInt64(max(0, $1.header.recordCount)) }
        let gathering = Gathering<Result<ProducedBatch, ProduceFailure>>(count: batches.count) { results in
            if let failure = results.compactMap(\.failure).first { return reply(.failure(failure)) }
            guard case .success(let first)? = results.first else { preconditionFailure("an item without a batch") }
            reply(
                .success(
                    StoredItem(
                        baseOffset: first.baseOffset, logAppendTime: first.logAppendTime, recordCount: recordCount,
                        byteCount: UInt64(bytes.count))))
        }
        for (place, batch) in batches.enumerated() {
            let records = ProducedRecords(
                addressed: .known(partition.id), bytes: batch.bytes, acks: acks,
                timeoutMilliseconds: RPCClient.callMillisecondsDefault, transactionalID: nil, version: 13)
            take(records) { gathering.set($0, at: place) }
        }
    }

    private func wholeBatches(in bytes: SharedBytes) throws(BatchesError) -> [Batch] {
        guard !bytes.isEmpty else {
            throw .partial(at: 0, needed: BatchHeader.byteCount, available: 0)
        }
        var batches: [Batch] = []
        var rest = Batches(bytes)
        while let batch = try rest.next() { batches.append(batch) }
        return batches
    }

    private func firstRefusal(of batches: [Batch], in partition: Partition) -> BatchRefusal? {
        let rules = partition.settings.batchRules(at: wallClock)
        for batch in batches {
            do throws(BatchRefusal) {
                _ = try codecs.validator.validate(batch.bytes, rules: rules)
            } catch {
                return error
            }
        }
        return nil
    }
}

extension BatchesError {
    fileprivate var decodeError: DecodeError {
        switch self {
        case .partial(let position, let needed, let available):
            DecodeError(.truncated(needed: needed, available: available), at: position)
        case .garbage(_, let error): error
        }
    }
}

extension Result {
    fileprivate var failure: Failure? {
        if case .failure(let failure) = self { return failure }
        return nil
    }
}
