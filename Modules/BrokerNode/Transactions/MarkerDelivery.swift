// SPDX-License-Identifier: Apache-2.0

internal import Coordinator
internal import KafkaProtocol
internal import Primitives
internal import StorageEngine
internal import Transactions
internal import WireProtocol

/// Brings the markers of one ended transaction to the leaders of its partitions, however often they move, until each
/// partition has its own.
///
/// The decision is in the log of `__transaction_state`: whoever coordinates next begins again where this one stops, and a
/// partition that gets its marker twice is none the worse.
final class MarkerDelivery {
    private static let callMilliseconds: Int64 = 10_000
    private static let pauseMillisecondsMin: Int64 = 20
    private static let pauseMillisecondsMax: Int64 = 1_000

    private let markers: TransactionMarkers
    private unowned let shard: BrokerShard
    private let onDone: () -> Void
    private var remaining: [TopicPartition]
    /// Brokers, this one included, that have not answered this attempt.
    private var outstanding = 0
    private var pauseMilliseconds = MarkerDelivery.pauseMillisecondsMin
    private var timer: TimerID?
    private var isCancelled = false

    /// - Parameter onDone: Called once, possibly before `begin` returns, unless `cancel` came first.
    init(_ markers: TransactionMarkers, shard: BrokerShard, onDone: @escaping () -> Void) {
        self.markers = markers
        self.shard = shard
        self.onDone = onDone
        remaining = markers.partitions
    }

    func begin() {
        // A partition whose topic is gone needs no marker.
        let here = remaining.compactMap { partition in
            shard.address(partition.topic, partition.partition.rawValue).id.map { (partition, $0) }
        }
        remaining = here.map(\.0)
        guard !remaining.isEmpty else { return onDone() }
        var byLeader: [NodeID: [(TopicPartition, PartitionID)]] = [:]
        for (partition, id) in here {
            guard let leader = shard.image.partition(id)?.leader, leader != .none else { continue }
            byLeader[leader, default: []].append((partition, id))
        }
        outstanding = byLeader.count
        guard outstanding > 0 else { return pause() }
        for (leader, partitions) in byLeader.sorted(by: { $0.key < $1.key }) {
            if leader == shard.node.id { writeHere(partitions) } else { send(partitions.map(\.0), to: leader) }
        }
    }

    func cancel() {
        isCancelled = true
        if let timer { shard.cancel(timer) }
        timer = nil
    }

    // MARK: Attempts

    private func writeHere(_ partitions: [(TopicPartition, PartitionID)]) {
        shard.writeMarkers(TransactionMarker(markers), to: partitions.map { $0.1 }) { [self] codes in
            answered(partitions.map(\.0), codes)
        }
    }

    private func send(_ partitions: [TopicPartition], to leader: NodeID) {
        guard let calls = shard.peerCalls, let endpoint = shard.image.broker(leader)?.rpc else {
            return answered(partitions, [])
        }
        calls.call(
            leader, at: endpoint, TransactionPeers.writeMarkers, .init(markers, to: partitions),
            withinMilliseconds: Self.callMilliseconds
        ) { [self] result in
            switch result {
            case .success(let response): answered(partitions, response.errorCodes.map { ErrorCode(rawValue: $0) })
            case .failure: answered(partitions, [])
            }
        }
    }

    /// - Parameter codes: Of the partitions, in order; none where nothing is known.
    private func answered(_ partitions: [TopicPartition], _ codes: [ErrorCode?]) {
        guard !isCancelled else { return }
        if codes.count == partitions.count {
            let done = zip(partitions, codes).filter { $0.1.map(\.endsDelivery) ?? false }.map(\.0)
            remaining.removeAll { done.contains($0) }
        }
        outstanding -= 1
        guard outstanding == 0 else { return }
        if remaining.isEmpty { onDone() } else { pause() }
    }

    private func pause() {
        timer = shard.schedule(afterMilliseconds: pauseMilliseconds) { [self] in
            timer = nil
            begin()
        }
        pauseMilliseconds = min(2 * pauseMilliseconds, Self.pauseMillisecondsMax)
    }
}

extension ErrorCode {
    /// Whether the partition needs no other attempt. A producer epoch that is too old says that a later one has written
    /// there, so nothing of this transaction is open.
    fileprivate var endsDelivery: Bool { self == .none || self == .invalidProducerEpoch }
}

extension BrokerShard {
    /// Writes a marker to partitions of this broker; one code for each, in order.
    func writeMarkers(
        _ marker: TransactionMarker, to partitions: [PartitionID?], then reply: @escaping ([ErrorCode]) -> Void
    ) {
        askPartitions(
            partitions.map { (id: $0, item: ()) },
            { shard, partition, _, reply in
                guard let partition else { return reply(.unknownTopicOrPartition) }
                shard.writeMarker(marker, to: partition) { result in
                    switch result {
                    case .success: reply(ErrorCode.none)
                    case .failure(let failure): reply(failure.kafkaCode)
                    }
                }
            }, then: reply)
    }
}

extension TransactionMarker {
    fileprivate init(_ markers: TransactionMarkers) {
        self.init(
            producerID: markers.producer.producerID, producerEpoch: markers.producer.producerEpoch,
            committed: markers.isCommit, coordinatorEpoch: markers.coordinatorEpoch.rawValue,
            transactionVersion: markers.version.rawValue)
    }

    init(_ request: TransactionPeers.WriteMarkersRequest) {
        self.init(
            producerID: request.producerID, producerEpoch: request.producerEpoch, committed: request.isCommit,
            coordinatorEpoch: request.coordinatorEpoch.rawValue, transactionVersion: request.transactionVersion)
    }
}

extension TransactionPeers.WriteMarkersRequest {
    fileprivate init(_ markers: TransactionMarkers, to partitions: [TopicPartition]) {
        self.init()
        producerID = markers.producer.producerID
        producerEpoch = markers.producer.producerEpoch
        isCommit = markers.isCommit
        coordinatorEpoch = markers.coordinatorEpoch
        transactionVersion = markers.version.rawValue
        self.partitions = partitions.map { TransactionPeers.Partition($0) }
    }
}

extension TransactionPeers.Partition {
    init(_ partition: TopicPartition) {
        self.init()
        topic = partition.topic
        index = partition.partition
    }
}
