// SPDX-License-Identifier: Apache-2.0

internal import ControllerNode
internal import Coordinator
internal import Groups
internal import KafkaProtocol
internal import Primitives
internal import StorageEngine

extension BrokerShard {
    /// Number of the shard that runs the controller of a node that is its own cluster.
    static let controllerShard = 0

    /// Hands a command to the controller. The reply comes when every shard works on what the command led to.
    func command<Command: ControllerCommand>(
        _ command: Command, then continuation: @escaping (Result<Command.Outcome, SubmitRefusal>) -> Void
    ) {
        ask(
            Self.controllerShard,
            { shard, reply in
                guard let controller = shard.controller else { return reply(.failure(.unavailable(nil))) }
                controller.submit(command) { result in
                    // Publications travel the same mailboxes before this question, so they are applied when it is answered.
                    shard.askAll({ $1(()) }) { (_: [Void]) in reply(result) }
                }
            }, then: continuation)
    }

    /// Sends a publication of the controller to all shards. Runs on the controller's shard.
    func distribute(_ publication: MetadataPublication) {
        askAll({ shard, reply in reply(shard.apply(publication)) }) { (_: [Void]) in }
    }

    /// Makes this shard's partitions what the metadata says.
    func apply(_ publication: MetadataPublication) {
        image = publication.image
        imageOffset = publication.nextOffset
        configs = EffectiveConfigs(settings: node.settings, image: image, node: node.id)
        brokerEpoch = image.broker(node.id)?.epoch ?? brokerEpoch
        for topic in publication.delta.removedTopics { remove(topic) }
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
        guard let partition = partitions[id] else { return open(id, topic: topic.name, delta.new, settings) }
        partition.leaderEpoch = delta.new.leaderEpoch
    }

    private func refreshSettings(of partition: Partition) {
        partition.settings = PartitionSettings(configs, topic: partition.topic)
    }

    // MARK: Partitions

    /// Opens the log of a partition, made when it is new, and serves it.
    func open(_ id: PartitionID, topic: String, _ assigned: PartitionImage, _ settings: PartitionSettings) {
        do {
            let log = try PartitionLog(
                opening: LogDirectory.folder(topicName: topic, index: id.index), of: id, configuration: settings.log,
                at: wallClock, on: disk)
            metrics.recovered(log.recovery)
            let partition = Partition(
                id: id, topic: topic, log: log, leaderEpoch: assigned.leaderEpoch, settings: settings)
            partitions[id] = partition
            // What recovery found is not known to be durable before it has been synchronized.
            markAwaited(partition)
            metrics.unopened[id] = nil
            reportRecovery(of: log)
            if topic == OffsetsTopic.name { coordinate(partition) }
        } catch {
            metrics.unopened[id] = "\(topic)-\(id.index)"
            logger.error("partition \(topic)-\(id.index) cannot be opened: \(error)")
            if case .disk(let fault) = error { noteFault(.disk(fault)) }
        }
    }

    private func reportRecovery(of log: PartitionLog) {
        if log.recovery.cutByteCount > 0 {
            logger.notice("\(log.folder): cut \(log.recovery.cutByteCount) bytes of an unfinished write")
        }
        for damage in log.damages {
            logger.error(
                "\(log.folder): offsets \(damage.offsets) are damaged at byte \(damage.position) of segment \(damage.segment)"
            )
        }
    }

    private func coordinate(_ partition: Partition) {
        let shell = GroupShell(partition: partition, shard: self)
        groups[partition.id.index] = shell
        shell.load()
    }

    private func remove(_ topic: DeletedTopic) {
        for shell in groups.sorted(by: { $0.key < $1.key }).map(\.value) { shell.topicsDeleted([topic.name]) }
        metrics.unopened = metrics.unopened.filter { $0.key.topic != topic.id }
        for (id, partition) in partitions.sorted(by: { $0.key < $1.key }) where id.topic == topic.id {
            partitions[id] = nil
            metrics.departed(partition)
            if topic.name == OffsetsTopic.name { groups.removeValue(forKey: id.index)?.resign() }
            partition.failPending(.partitionGone)
            partition.wakeWatchers()
            delete(partition)
        }
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
    fileprivate var affectsEveryTopic: Bool { topicName == nil }

    fileprivate var topicName: String? {
        if case .topic(let name) = self { return name }
        return nil
    }
}
