// SPDX-License-Identifier: Apache-2.0

internal import Coordinator
internal import Primitives
internal import StorageEngine

/// A snapshot of this controller on its way to its disk.
enum SnapshotJob {
    case encoding(RaftSnapshot)
    case synchronizing(RaftSnapshot, FileID, DiskTicket)
}

/// A snapshot that the leader sends.
struct IncomingSnapshot {
    let position: LogPosition
    let file: FileID
    var written: Int64
}

/// A snapshot for those that follow from further back than the recent entries.
enum FeedSnapshot {
    case encoding
    case ready(LogPosition, SharedBytes)
}

extension QuorumController {
    // MARK: Taken here

    /// The image is a value, so encoding it holds nobody up: it is done elsewhere, and the disk synchronizes meanwhile.
    ///
    /// - Returns: Whether one was begun.
    func snapshotIfDue() -> Bool {
        guard snapshotJob == nil, incoming == nil, recordCountSinceSnapshot > 0 else { return false }
        let byteCount = store.log.byteCount - byteCountAtSnapshot
        guard
            isSnapshotOverdue || recordCountSinceSnapshot >= settings[.metadataSnapshotRecords]
                || byteCount >= Int64(settings[.metadataSnapshotBytes])
        else { return false }
        // Counts from here in either case: a full disk is not asked again after every command.
        recordCountSinceSnapshot = 0
        byteCountAtSnapshot = store.log.byteCount
        isSnapshotOverdue = false
        let described = core.snapshot(at: nextOffset)
        snapshotJob = .encoding(described)
        encode(described) { [weak self] bytes in self?.writeSnapshot(described, bytes) }
        return true
    }

    private func encode(_ described: RaftSnapshot, _ done: @escaping (SharedBytes) -> Void) {
        let metadata = MetadataSnapshot(
            image: image, nextOffset: described.position.end, term: described.position.term)
        let snapshot = QuorumSnapshot(voters: described.voters, metadata: metadata)
        port.offload({ snapshot.encoded() }, done)
    }

    private func writeSnapshot(_ described: RaftSnapshot, _ bytes: SharedBytes) {
        guard case .encoding(described)? = snapshotJob, failure == nil else { return }
        do throws(DiskFault) {
            let file = try store.snapshots.begin(described.position)
            do throws(DiskFault) { try store.disk.write([bytes], to: file, at: 0) } catch {
                store.disk.close(file)
                throw error
            }
            let ticket = store.nextTicket()
            snapshotJob = .synchronizing(described, file, ticket)
            store.disk.submitSynchronize(file, ticket: ticket)
            store.disk.flushSubmissions()
        } catch { abandonSnapshot() }
    }

    /// Goes on with the snapshot that is being written.
    ///
    /// - Returns: Whether it is in its place now.
    func advanceSnapshot(_ completions: [DiskCompletion]) -> Bool {
        guard case .synchronizing(let described, let file, let ticket)? = snapshotJob,
            let completion = completions.first(where: { $0.ticket == ticket })
        else { return false }
        snapshotJob = nil
        store.disk.close(file)
        // The leader's snapshot took the place of the log meanwhile.
        guard described.position.end > core.newestSnapshot.position.end else { return false }
        guard case .synchronized = completion.outcome else {
            counters.snapshotFaultCount += 1
            return false
        }
        do throws(DiskFault) { try store.snapshots.publish(described.position) } catch {
            counters.snapshotFaultCount += 1
            return false
        }
        counters.snapshotCount += 1
        do throws(MetadataFault) {
            try store.dropPrefix(before: described.position.end, at: time.wallClock)
        } catch { counters.snapshotFaultCount += 1 }
        byteCountAtSnapshot = store.log.byteCount
        step(.snapshotTaken(described))
        return true
    }

    private func abandonSnapshot() {
        snapshotJob = nil
        counters.snapshotFaultCount += 1
    }

    // MARK: For other controllers

    func answer(_ read: SnapshotRead) {
        do throws(DiskFault) {
            guard let file = try store.snapshots.open(read.snapshot.position) else {
                return step(.snapshotRead(read, nil))
            }
            defer { store.disk.close(file) }
            let size = try store.disk.size(of: file)
            guard read.position <= size else { return step(.snapshotRead(read, nil)) }
            let bytes = try store.disk.read(file, at: read.position, count: read.byteCountMax)
            let chunk = SnapshotChunk(
                snapshot: read.snapshot, position: read.position, bytes: bytes,
                isLast: read.position + Int64(bytes.count) >= size)
            step(.snapshotRead(read, chunk))
        } catch {
            step(.snapshotRead(read, nil))
        }
    }

    /// Takes a piece of a snapshot that the leader sends; after the last one the metadata is that snapshot.
    func write(_ chunk: SnapshotChunk) {
        let position = chunk.snapshot.position
        do throws(DiskFault) {
            if chunk.position == 0 { try beginIncoming(position) }
            guard var receiving = incoming, receiving.position == position, receiving.written == chunk.position else {
                return step(.snapshotRefused(position))
            }
            try store.disk.write([chunk.bytes], to: receiving.file, at: chunk.position)
            receiving.written = chunk.nextPosition
            incoming = receiving
            guard chunk.isLast else {
                return step(.snapshotChunkWritten(position, nextPosition: chunk.nextPosition))
            }
            try store.disk.synchronize(receiving.file)
            install(chunk.snapshot, from: receiving)
        } catch {
            endIncoming()
            step(.snapshotRefused(position))
        }
    }

    private func beginIncoming(_ position: LogPosition) throws(DiskFault) {
        endIncoming()
        if case .synchronizing(_, let file, _)? = snapshotJob { store.disk.close(file) }
        snapshotJob = nil
        incoming = IncomingSnapshot(position: position, file: try store.snapshots.begin(position), written: 0)
    }

    private func endIncoming() {
        if let incoming { store.disk.close(incoming.file) }
        incoming = nil
    }

    private func install(_ described: RaftSnapshot, from receiving: IncomingSnapshot) {
        guard let loaded = readIncoming(receiving), loaded.position == described.position,
            loaded.voters == described.voters
        else {
            endIncoming()
            return step(.snapshotRefused(described.position))
        }
        endIncoming()
        do throws(MetadataFault) {
            do throws(DiskFault) { try store.snapshots.publish(described.position) } catch {
                throw MetadataFault(error)
            }
            try store.restartLog(at: described.position.end, time.wallClock)
        } catch {
            // The snapshot or the beginning of the log is in place, and the consensus does not know which.
            switch error {
            case .full(let fault), .failed(let fault): fail(.disk(fault))
            case .tooLarge, .closed: preconditionFailure("installing a snapshot gave \(error)")
            }
            return
        }
        let delta = MetadataDelta(from: image, to: loaded.metadata.image)
        (image, nextOffset) = (loaded.metadata.image, described.position.end)
        recent = RecentEntries(from: nextOffset)
        (feedSnapshot, recordCountSinceSnapshot, byteCountAtSnapshot) = (nil, 0, 0)
        step(.snapshotInstalled(described.position))
        publish(delta)
        tellObservers()
    }

    private func readIncoming(_ receiving: IncomingSnapshot) -> QuorumSnapshot? {
        do {
            let bytes = try store.disk.read(receiving.file, at: 0, count: Int(receiving.written))
            return try QuorumSnapshot(decoding: bytes)
        } catch {
            return nil
        }
    }

    // MARK: For those that follow

    /// A snapshot that the recent entries continue; nil while it is being made, after which observers are told.
    func snapshotForFeed() -> (position: LogPosition, bytes: SharedBytes)? {
        switch feedSnapshot {
        case .ready(let position, let bytes)? where position.end >= recent.start: return (position, bytes)
        case .encoding?: return nil
        case .ready?, nil: break
        }
        let described = core.snapshot(at: nextOffset)
        feedSnapshot = .encoding
        encode(described) { [weak self] bytes in
            guard let self, case .encoding? = feedSnapshot else { return }
            feedSnapshot = .ready(described.position, bytes)
            tellObservers()
        }
        if case .ready(let position, let bytes)? = feedSnapshot { return (position, bytes) }
        return nil
    }
}
