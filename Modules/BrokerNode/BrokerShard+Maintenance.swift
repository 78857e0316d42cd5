// SPDX-License-Identifier: Apache-2.0

internal import ControllerNode
internal import Coordinator
internal import Primitives
package import StorageEngine

extension BrokerShard {
    /// How often the data folder is asked whether space is back.
    static let spaceCheckMilliseconds: Int64 = 500
    /// Bytes that a crash would make recovery scan, above which a checkpoint is written.
    static let checkpointByteCount: Int64 = 128 << 20

    /// Starts what happens by the clock: retention, checkpoints, forgetting of producers.
    private func startMaintenance() {
        schedule(afterMilliseconds: limits.retentionCheckMilliseconds) { [self] in
            maintainNext(partitions.keys.sorted()[...])
            startMaintenance()
        }
    }

    /// One partition a turn of the loop, so that ten thousand of them do not hold up the shard.
    private func maintainNext(_ rest: ArraySlice<PartitionID>) {
        guard let id = rest.first else { return }
        if let partition = partitions[id] { maintain(partition) }
        schedule(afterMilliseconds: 0) { [self] in maintainNext(rest.dropFirst()) }
    }

    private func maintain(_ partition: Partition) {
        let wall = wallClock
        do throws(LogFault) {
            try partition.withLog { log throws(LogFault) in
                log.expireProducers(at: wall)
                let decision = log.retention(at: wall, below: partition.highWatermark)
                if !decision.isEmpty {
                    try log.remove(decision, at: wall, on: disk)
                    metrics.removed(decision)
                }
                log.purgeRemoved(at: wall, on: disk, nextTicket: { nextTicket() })
            }
        } catch { noteFault(error) }
        checkpointIfDue(partition)
    }

    /// Bounds what recovery would have to scan.
    func checkpointIfDue(_ partition: Partition) {
        guard partition.log.byteCountBeyondCheckpoint > Self.checkpointByteCount else { return }
        do throws(LogFault) {
            // What is captured under load is written by a later call; that it is still due brings us here again.
            _ = try partition.withLog { log throws(LogFault) in try log.writeCheckpoint(on: disk) }
        } catch { noteFault(error) }
    }

    // MARK: Faults

    /// Takes note of a fault that a log met; a full disk or a failed synchronize concerns every shard.
    func noteFault(_ fault: LogFault) {
        switch fault {
        case .disk(let fault) where fault.isOutOfSpace: report(fault)
        case .disk(let fault):
            logger.error(
                "\(fault.operation) of \(fault.target) failed with error \(fault.errno)", limitedBy: "disk fault")
        case .failed(let fault): report(fault)
        case .closed: break
        }
    }

    private func report(_ fault: DiskFault) {
        ask(Self.controllerShard, { shard, reply in reply(shard.noteDirectoryFault(fault)) }, then: { (_: Void) in })
    }

    /// The shard that looks after the data folder tells the others when its health changed.
    private func noteDirectoryFault(_ fault: DiskFault) {
        guard var directory = logDirectory else { return }
        let before = directory.health
        do throws(DiskFault) {
            try directory.note(fault, on: disk)
        } catch {
            logger.error("the reserve of space cannot be given up: error \(error.errno)", limitedBy: "reserve")
        }
        logDirectory = directory
        guard directory.health != before else { return }
        broadcastHealth()
        switch directory.health {
        case .healthy: break
        case .full:
            logger.error("the disk is full (\(fault.target)): appends are refused until space is freed")
            schedule(afterMilliseconds: Self.spaceCheckMilliseconds) { [self] in checkSpace() }
        case .failed:
            logger.critical(
                "\(fault.operation) of \(fault.target) failed with error \(fault.errno): nothing is written until a restart"
            )
        }
    }

    private func broadcastHealth() {
        guard let directory = logDirectory else { return }
        let health = DirectoryHealth(directory.health)
        askAll({ shard, reply in reply(shard.directory = health) }) { (_: [Void]) in }
    }

    private func checkSpace() {
        guard var directory = logDirectory, DirectoryHealth(directory.health) == .full else { return }
        do throws(DiskFault) {
            _ = try directory.checkSpace(on: disk)
        } catch {
            logger.error("free space cannot be measured: error \(error.errno)", limitedBy: "free space")
        }
        logDirectory = directory
        guard DirectoryHealth(directory.health) != .healthy else {
            logger.notice("space is back: appends are taken again")
            return broadcastHealth()
        }
        schedule(afterMilliseconds: Self.spaceCheckMilliseconds) { [self] in checkSpace() }
    }

    // MARK: Opening

    /// Looks at the data folder, and removes what deleted partitions left.
    package func openDirectory() throws(StartFailure) {
        do throws(DiskFault) {
            let directory = try LogDirectory(on: disk)
            let contents = try directory.scan(on: disk)
            logDirectory = directory
            for folder in contents.leftovers { removeFolder(folder) }
            for (folder, fault) in contents.faults { logger.error("\(folder) cannot be read: \(fault)") }
        } catch {
            throw StartFailure.folderUnusable(path: node.dataDirectory, error)
        }
    }

    /// Puts aside folders of partitions that the metadata does not assign to this broker.
    ///
    /// Only once the metadata holds this broker's registration: what a controller that lags behind says may be older than
    /// the folder.
    package func putStraysAside() throws(DiskFault) {
        guard let directory = logDirectory else { return }
        for found in try directory.scan(on: disk).partitions where found.topicName != TopicName.clusterMetadata {
            guard image.partition(found.partition)?.replicas.contains(node.id) != true else { continue }
            try putAside(found.folder)
        }
    }

    /// Never deletes: a folder that no metadata speaks of may be all that is left of a topic.
    private func putAside(_ folder: String) throws(DiskFault) {
        let target = folder + ".stray"
        guard !disk.exists(target) else { return }
        try disk.rename(folder, to: target)
        logger.warning("\(folder) belongs to no replica of this broker; it was renamed to \(target)")
    }

    /// Has every shard open its partitions and keep them from then on. Runs on the controller's shard.
    ///
    /// The question travels the way that the image has gone, and arrives behind it.
    package func openPartitions(then done: @escaping () -> Void) {
        askAll({ shard, reply in
            shard.openAssignedPartitions()
            shard.startMaintenance()
            reply(())
        }) { (_: [Void]) in done() }
    }

    /// Opens the partitions that belong to this shard.
    private func openAssignedPartitions() {
        let start = now
        defer { metrics.recoveryNanoseconds = now.nanoseconds - start.nanoseconds }
        for topic in image.topicsByName() {
            let settings = PartitionSettings(configs, topic: topic.name)
            for (position, partition) in topic.partitions.enumerated() {
                let id = PartitionID(topic: topic.id, index: PartitionIndex(Int32(position)))
                guard shard(of: id) == index, partition.replicas.contains(node.id), partitions[id] == nil else {
                    continue
                }
                if let opened = open(id, topic: topic.name, settings) { assign(partition, to: opened) }
            }
        }
    }

    // MARK: Closing

    /// Makes everything durable and closes every log; afterwards the shard is of no use.
    ///
    /// - Returns: whether all of it worked.
    package func close() -> Bool {
        var isClean = true
        for (_, partition) in partitions.sorted(by: { $0.key < $1.key }) {
            partition.failPending(.shuttingDown)
            partition.wakeWatchers()
            do throws(LogFault) {
                try partition.withLog { log throws(LogFault) in try log.close(on: disk) }
            } catch {
                isClean = false
                logger.error("\(partition.folder) was not closed cleanly: \(error)")
            }
        }
        partitions = [:]
        do throws(MetadataFault) {
            try controller?.close(at: wallClock)
        } catch {
            logger.error("the metadata log was not closed cleanly: \(error)")
        }
        replicator.close()
        peerCalls = nil
        (controllerPort as? ControllerClient)?.close()
        controller = nil
        controllerPort = nil
        return isClean
    }

    /// Writes down that the broker stopped in order, for its next registration.
    package func leaveProofOfCleanShutdown() {
        guard let epoch = membership?.epoch else { return }
        membership = nil
        do throws(DiskFault) {
            try CleanShutdown.leave(epoch, on: disk)
        } catch {
            logger.error("the stop cannot be noted as clean: \(error.operation) failed with error \(error.errno)")
        }
    }
}
