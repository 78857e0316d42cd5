// SPDX-License-Identifier: Apache-2.0

internal import Primitives

/// Why a broker's replicas are in sync no longer.
enum Departure {
    /// Its log has all that it acknowledged: it was fenced, or stopped in order.
    case clean
    /// It crashed: the end of its log may be gone where acknowledging did not wait for the disk.
    case unclean
    /// It comes with another data folder.
    case lostData
}

/// Records decided so far and the image they lead to, for decisions that build upon themselves.
struct Draft {
    private(set) var image: MetadataImage
    private(set) var records: [MetadataRecord] = []
    private let inSyncReplicasMin: Int
    /// `min.insync.replicas` of the topic that was asked for last: decisions go topic by topic.
    private var lastInSyncMin: (topic: TopicID, value: Int)?

    init(_ state: ControllerState) {
        image = state.image
        inSyncReplicasMin = state.settings[.inSyncReplicasMinDefault]
    }

    mutating func add(_ record: MetadataRecord) {
        do throws(ReplayError) {
            try image.replay(record)
        } catch {
            preconditionFailure("decided \(record), which does not follow: \(error)")
        }
        records.append(record)
        if case .partitionChanged = record { return }
        lastInSyncMin = nil
    }

    /// Works out what a change of one partition entails, and adds its record.
    ///
    /// - Returns: Whether there was anything to change.
    @discardableResult
    mutating func change(_ id: PartitionID, _ body: (inout PartitionChange) -> Void = { _ in }) -> Bool {
        guard let before = image.partition(id) else { preconditionFailure("no partition \(id)") }
        var change = PartitionChange(id: id, before: before)
        body(&change)
        let inSyncMin = inSyncMin(of: id.topic)
        guard let record = change.record(inSyncMin: inSyncMin, isActive: image.isActive) else { return false }
        add(.partitionChanged(record))
        return true
    }

    /// Takes brokers out of the in-sync sets they are in, and leaderships with that.
    mutating func relieve(_ brokers: [NodeID], because departure: Departure) {
        for id in image.partitions(on: brokers) {
            change(id) { change in
                for broker in brokers { change.remove(broker, because: departure) }
            }
        }
    }

    /// Lets a broker that is active again lead what nobody leads.
    mutating func revive(_ broker: NodeID) {
        for id in image.partitions(on: broker) where image.partition(id)?.leader == NodeID.none { change(id) }
    }

    /// After `min.insync.replicas` changed: where fewer in-sync replicas suffice now, records are acknowledged that
    /// eligible leaders lack.
    mutating func reviewEligibleLeaders() {
        let isConcerned = records.contains { record in
            switch record {
            case .configSet(_, let name, _), .configRemoved(_, let name): name == "min.insync.replicas"
            default: false
            }
        }
        guard isConcerned else { return }
        for id in image.partitions(where: { !$0.eligibleLeaderReplicas.isEmpty }) { change(id) }
    }

    /// `min.insync.replicas` of a topic.
    private mutating func inSyncMin(of topic: TopicID) -> Int {
        if let lastInSyncMin, lastInSyncMin.topic == topic { return lastInSyncMin.value }
        let value = image.topic(topic).flatMap { image.inSyncReplicasMin(of: $0.name) } ?? inSyncReplicasMin
        lastInSyncMin = (topic, value)
        return value
    }
}

extension MetadataImage {
    /// Partitions with a replica on any of the brokers, in order of their ids.
    func partitions(on brokers: [NodeID]) -> [PartitionID] {
        guard brokers.count > 1 else { return brokers.first.map { partitions(on: $0) } ?? [] }
        return Set(brokers.flatMap { partitions(on: $0) }).sorted()
    }

    /// `min.insync.replicas` as set on the topic or for all brokers; nil: neither.
    func inSyncReplicasMin(of topic: String) -> Int? {
        let name = "min.insync.replicas"
        return (configValue(name, of: .topic(topic)) ?? configValue(name, of: .brokerDefaults)).flatMap { Int($0) }
    }
}
