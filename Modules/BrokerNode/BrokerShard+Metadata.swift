// SPDX-License-Identifier: Apache-2.0

package import ControllerNode
internal import Coordinator
internal import Groups
internal import KafkaProtocol
internal import Primitives
internal import StorageEngine

extension BrokerShard {
    /// Number of the shard that runs the controller of a node that is its own cluster.
    package static let controllerShard = 0

    /// Hands a command to the controller. The reply comes when every shard works on what the command led to.
    func command<Command: ControllerCommand>(
        _ command: Command, then continuation: @escaping (Result<Command.Outcome, SubmitRefusal>) -> Void
    ) {
        ask(
            Self.controllerShard,
            { shard, reply in
                guard let port = shard.controllerPort else { return reply(.failure(.unavailable(nil))) }
                port.submit(command) { result in
                    // Publications travel the same mailboxes before this question, so they are applied when it is answered.
                    shard.askAll({ $1(()) }) { (_: [Void]) in reply(result) }
                }
            }, then: continuation)
    }

    /// Sends a publication of the controller to all shards. Runs on the controller's shard.
    package func distribute(_ publication: MetadataPublication) {
        askAll({ shard, reply in reply(shard.apply(publication)) }) { (_: [Void]) in }
    }

    /// Makes this shard's partitions what the metadata says.
    func apply(_ publication: MetadataPublication) {
        image = publication.image
        imageOffset = publication.nextOffset
        configs = EffectiveConfigs(settings: node.settings, image: image, node: node.id)
        brokerEpoch = image.broker(node.id)?.epoch ?? brokerEpoch
        if !publication.delta.losses.isEmpty { lossReports.becomeDue() }
        if !publication.delta.quotas.isEmpty { quotasChanged() }
        if publication.delta.configs.contains(where: \.isOfClientMetrics) {
            clientSubscriptions = image.clientMetrics()
        }
        for topic in publication.delta.removedTopics { remove(topic) }
        if !publication.delta.brokers.isEmpty { reassignLed(with: Set(publication.delta.brokers)) }
        for topic in publication.delta.topics {
            let settings = PartitionSettings(configs, topic: topic.name)
            for partition in topic.partitions { apply(partition, of: topic, settings) }
        }
        if publication.delta.configs.contains(where: \.affectsEveryTopic) {
            for partition in partitions.values { refreshSettings(of: partition) }
        } else {
            let changed = Set(publication.delta.configs.compactMap(\.topicName))
            guard !changed.isEmpty else { return }
            for partition in partitions.values where changed.contains(partition.topic) {
                refreshSettings(of: partition)
            }
        }
    }

    private func apply(_ delta: PartitionDelta, of topic: TopicDelta, _ settings: PartitionSettings) {
        let id = PartitionID(topic: topic.id, index: delta.index)
        guard shard(of: id) == index else { return }
        guard delta.new.replicas.contains(node.id) else { return retire(id) }
        if let partition = partitions[id] ?? open(id, topic: topic.name, settings) { assign(delta.new, to: partition) }
    }

    private func refreshSettings(of partition: Partition) {
        partition.settings = PartitionSettings(configs, topic: partition.topic)
        if partition.isLeader, let image = image.partition(partition.id), image.leaderEpoch == partition.leaderEpoch {
            reassign(partition, image)
        }
    }

    // MARK: Partitions

    /// Opens the log of a replica, made when it is new; it has no role yet.
    func open(_ id: PartitionID, topic: String, _ settings: PartitionSettings) -> Partition? {
        do {
            let folder = LogDirectory.folder(topicName: topic, index: id.index)
            let wasHere = disk.exists(folder)
            let log = try PartitionLog(
                opening: folder, of: id, configuration: settings.log,
                at: wallClock, on: disk)
            metrics.recovered(log.recovery)
            let partition = Partition(id: id, topic: topic, node: node.id, log: log, settings: settings)
            partition.repairer = repairer
            partition.isDoubtful = !log.damages.isEmpty
            partition.mustAskPeers = wasHere && !(log.recovery.wasClean && log.damages.isEmpty)
            partitions[id] = partition
            if !log.damages.isEmpty { repairer.damaged(partition) }
            // What recovery found is not known to be durable before it has been synchronized.
            markAwaited(partition)
            metrics.unopened[id] = nil
            reportRecovery(of: log)
            return partition
        } catch {
            metrics.unopened[id] = "\(topic)-\(id.index)"
            logger.error("partition \(topic)-\(id.index) cannot be opened: \(error)")
            if case .disk(let fault) = error { noteFault(.disk(fault)) }
            return nil
        }
    }

    private func reportRecovery(of log: PartitionLog) {
        if log.recovery.cutByteCount > 0 {
            logger.notice("\(log.folder): cut \(log.recovery.cutByteCount) bytes of an unfinished write")
        }
    }

    private func remove(_ topic: DeletedTopic) {
        for shell in groups.sorted(by: { $0.key < $1.key }).map(\.value) { shell.topicsDeleted([topic.name]) }
        metrics.unopened = metrics.unopened.filter { $0.key.topic != topic.id }
        for id in partitions.keys.sorted() where id.topic == topic.id { retire(id) }
    }

    /// Gives a replica up that the metadata does not assign to this broker any more, with its records.
    private func retire(_ id: PartitionID) {
        guard let partition = partitions.removeValue(forKey: id) else { return }
        abdicate(partition, because: .partitionGone)
        metrics.departed(partition)
        delete(partition)
    }

    private func delete(_ partition: Partition) {
        do throws(LogFault) {
            let folder = try partition.withLog { log throws(LogFault) in try log.markDeleted(on: disk) }
            removeFolder(folder)
        } catch {
            logger.error("\(partition.folder) cannot be deleted: \(error)")
            noteFault(error)
        }
    }

    /// Removes what is left of a deleted partition, off this thread.
    func removeFolder(_ folder: String) {
        let ticket = nextTicket()
        awaitDisk(ticket) { [self] outcome in
            if case .failed(let fault) = outcome { logger.warning("\(folder) cannot be removed: \(fault)") }
        }
        disk.submitRemove(folder, ticket: ticket)
    }
}

extension ConfigResource {
    fileprivate var affectsEveryTopic: Bool {
        switch self {
        case .topic, .clientMetrics: false
        case .broker, .brokerDefaults: true
        }
    }

    fileprivate var isOfClientMetrics: Bool {
        if case .clientMetrics = self { return true }
        return false
    }

    fileprivate var topicName: String? {
        if case .topic(let name) = self { return name }
        return nil
    }
}
