// SPDX-License-Identifier: Apache-2.0

internal import Coordinator
internal import Primitives
internal import RecordBatch
internal import StorageEngine
internal import Transport
internal import WireProtocol

/// How far a consume stream has come in one partition.
private struct ConsumeCursor: Sendable {
    let id: PartitionID
    /// The shard that owns the partition.
    let shard: Int
    /// Records below it are not wanted, though a batch may hold them.
    let start: Offset
    /// Where to stop, exclusive; nil goes on for ever.
    let end: Offset?
    /// The offset to read next.
    var next: Offset
    /// The high watermark or the last stable offset, as of the last read: the stream waits until it is higher.
    var bound: Offset
    var isDone = false
    var error: RPCError?
}

/// Records of one partition, cut to what the stream wants, and whether they reach its present end.
private struct ConsumeCut {
    var bytes = SharedBytes.empty
    var next: Offset
    var recordCount: Int64 = 0
}

extension AdminService {
    /// Bytes of one item when the client names no limit, and the most it may name: a frame has room for twice as much.
    private static let itemByteCountDefault = 1 << 20
    private static let itemByteCountMax = 8 << 20

    func consume(
        _ request: Admin.ConsumeRequest, into writer: RPCItemWriter<Admin.ConsumeItem>
    ) async throws -> Admin.ConsumeResponse {
        let image = await image()
        guard let topic = image.topic(named: request.topic) else {
            throw RPCError.unknownTopic(request.topic, in: image)
        }
        let chosen = try partitions(of: topic, chosen: request.partitions)
        let leaders = Dictionary(grouping: chosen) { topic.partitions[Int($0.rawValue)].leader }
        guard !request.localOnly, leaders.keys.contains(where: { $0 != identity.id }) else {
            return try await consumeHere(request, chosen, of: topic) { item, bytes in
                try await writer.send(item, attachments: bytes.isEmpty ? [] : [bytes])
            }
        }
        return try await consume(request, from: leaders, of: topic, image, into: writer)
    }

    /// Reads partitions that this broker leads.
    ///
    /// - Parameter send: Takes one item at a time and returns when the next may follow.
    func consumeHere(
        _ request: Admin.ConsumeRequest, _ chosen: [PartitionIndex], of topic: TopicImage,
        _ send: @Sendable (Admin.ConsumeItem, SharedBytes) async throws -> Void
    ) async throws -> Admin.ConsumeResponse {
        var cursors: [ConsumeCursor] = []
        for index in chosen {
            cursors.append(try await cursor(PartitionID(topic: topic.id, index: index), request))
        }
        var sentCount: Int64 = 0
        while cursors.contains(where: { !$0.isDone }) {
            var hasMoved = false
            for place in cursors.indices where !cursors[place].isDone {
                let before = cursors[place].next
                sentCount += try await sendPiece(&cursors[place], request, sentCount: sentCount, send)
                hasMoved = hasMoved || cursors[place].next > before
                if request.recordCountMax > 0, sentCount >= request.recordCountMax { return response(cursors) }
            }
            guard !hasMoved, cursors.contains(where: { !$0.isDone }) else { continue }
            try await waitForRecords(cursors, readsCommitted: request.isolationLevel == .readCommitted)
        }
        return response(cursors)
    }

    private func response(_ cursors: [ConsumeCursor]) -> Admin.ConsumeResponse {
        .with {
            $0.partitions = cursors.map { cursor in
                .with {
                    $0.partition = cursor.id.index
                    $0.nextOffset = cursor.next
                    $0.error = cursor.error
                }
            }
        }
    }

    private func partitions(
        of topic: TopicImage, chosen: [PartitionIndex]
    ) throws(RPCError) -> [PartitionIndex] {
        guard !chosen.isEmpty else { return topic.partitions.indices.map { PartitionIndex(Int32($0)) } }
        for index in chosen where !topic.partitions.indices.contains(Int(index.rawValue)) {
            throw .unknownPartition(index, of: topic)
        }
        return Set(chosen).sorted()
    }

    // MARK: Where to begin and to end

    private func cursor(_ id: PartitionID, _ request: Admin.ConsumeRequest) async throws -> ConsumeCursor {
        let (start, end, follow) = (request.start, request.end, request.follow)
        let readsCommitted = request.isolationLevel == .readCommitted
        let shard = await ask { $1($0.shard(of: id)) }
        let found: Result<ConsumeCursor, RecordReadFailure> = await ask(shard) { owner, reply in
            guard let partition = owner.partitions[id] else { return reply(.failure(.partitionGone)) }
            guard partition.isLeader else { return reply(.failure(.notLeader)) }
            owner.resolve(start, in: partition) { startResult in
                owner.resolve(end, in: partition) { endResult in
                    do throws(RecordReadFailure) {
                        let bound = readsCommitted ? partition.lastStableOffset : partition.highWatermark
                        // Without an end, a stream that does not follow ends where the log ends now.
                        let offset = try startResult.get() ?? bound
                        let limit = try endResult.get() ?? (follow ? nil : bound)
                        reply(
                            .success(
                                ConsumeCursor(
                                    id: id, shard: shard, start: offset, end: limit, next: offset,
                                    bound: bound)))
                    } catch {
                        reply(.failure(error))
                    }
                }
            }
        }
        do throws(RecordReadFailure) {
            return try found.get()
        } catch {
            throw RPCError(error, request.topic, id.index)
        }
    }

    // MARK: Sending

    /// Sends the next records of one partition, if there are any.
    ///
    /// - Returns: how many were sent.
    private func sendPiece(
        _ cursor: inout ConsumeCursor, _ request: Admin.ConsumeRequest, sentCount: Int64,
        _ send: @Sendable (Admin.ConsumeItem, SharedBytes) async throws -> Void
    ) async throws -> Int64 {
        let (id, next, readsCommitted) = (cursor.id, cursor.next, request.isolationLevel == .readCommitted)
        let limit = request.itemBytesMax > 0 ? Int(request.itemBytesMax) : Self.itemByteCountDefault
        let result: Result<RecordPiece, RecordReadFailure> = await ask(cursor.shard) { shard, reply in
            shard.readPiece(
                of: shard.partitions[id], from: next, readsCommitted: readsCommitted,
                byteCountMax: min(limit, Self.itemByteCountMax), reply: reply)
        }
        let piece: RecordPiece
        let cut: ConsumeCut
        do throws(RecordReadFailure) {
            piece = try result.get()
            let countMax = request.recordCountMax > 0 ? request.recordCountMax - sentCount : .max
            cut = try self.cut(piece.bytes, at: cursor, recordCountMax: countMax)
        } catch .draining {
            throw RPCError(.unavailable, "the node is stopping", remedy: "Read on from offset \(next) later.")
        } catch {
            cursor.error = RPCError(error, request.topic, id.index)
            cursor.isDone = true
            return 0
        }
        cursor.next = cut.next
        cursor.bound = readsCommitted ? piece.lastStableOffset : piece.highWatermark
        let isAtEnd = cursor.end.map { cut.next >= $0 } ?? false
        let isCaughtUp = isAtEnd || cut.next >= cursor.bound
        cursor.isDone = isAtEnd || (isCaughtUp && !request.follow)
        guard !cut.bytes.isEmpty || cursor.isDone else { return 0 }
        let item = Admin.ConsumeItem.with {
            $0.partition = id.index
            $0.startOffset = max(cursor.start, next)
            $0.endOffset = cursor.end
            $0.nextOffset = cut.next
            $0.highWatermark = piece.highWatermark
            $0.lastStableOffset = piece.lastStableOffset
            $0.logStartOffset = piece.logStartOffset
            $0.abortedTransactions = piece.abortedTransactions.map { aborted in
                .with {
                    $0.producerID = aborted.producerID
                    $0.firstOffset = aborted.firstOffset
                }
            }
            $0.isCaughtUp = isCaughtUp
        }
        try await send(item, cut.bytes)
        return cut.recordCount
    }

    /// Cuts batches off that begin at the end or beyond, or come after the batch that reaches the count.
    private func cut(
        _ bytes: SharedBytes, at cursor: ConsumeCursor, recordCountMax: Int64
    ) throws(RecordReadFailure) -> ConsumeCut {
        var cut = ConsumeCut(next: cursor.next)
        var batches = Batches(bytes)
        do {
            while cut.recordCount < recordCountMax, let batch = try batches.next() {
                let header = batch.header
                if let end = cursor.end, header.baseOffset >= end { break }
                cut.bytes = bytes.slice(from: 0, count: batches.position)
                cut.next = header.nextOffset
                // Records of the batch outside the range do not count.
                let first = max(header.baseOffset, cursor.next)
                let last = min(header.nextOffset, cursor.end ?? header.nextOffset)
                cut.recordCount += min(Int64(header.recordCount), max(0, last.distance(from: first)))
            }
        } catch {
            throw .unreadable(at: cut.next)
        }
        return cut
    }

    // MARK: Following

    /// Returns when one of the partitions has records above what was read, is gone, or the caller gave up.
    private func waitForRecords(_ cursors: [ConsumeCursor], readsCommitted: Bool) async throws {
        let signal = RecordSignal()
        let waiting = Dictionary(grouping: cursors.filter { !$0.isDone }, by: \.shard).sorted { $0.key < $1.key }
        var watches: [(shard: Int, watch: UInt64, ids: [PartitionID])] = []
        for (shard, cursors) in waiting {
            let watched = cursors.map { ($0.id, $0.bound) }
            let watch: UInt64 = await ask(shard) { shard, reply in
                reply(shard.watch(watched, readsCommitted: readsCommitted) { signal.fire() })
                if shard.isDraining { signal.fire() }
            }
            watches.append((shard, watch, watched.map(\.0)))
        }
        await signal.wait()
        for (shard, watch, ids) in watches {
            shards.loops[shard].execute { [shards] in shards[shard].unwatch(watch, ids) }
        }
        try Task.checkCancellation()
    }
}

extension BrokerShard {
    /// The offset of a place in a partition; nil where the place is "no end".
    fileprivate func resolve(
        _ position: Admin.Position?, in partition: Partition,
        reply: @escaping (Result<Offset?, RecordReadFailure>) -> Void
    ) {
        guard let position else { return reply(.success(nil)) }
        let (start, end) = (partition.log.logStartOffset, partition.highWatermark)
        switch position.kind {
        case .unspecified: reply(.success(nil))
        case .earliest: reply(.success(start))
        case .latest: reply(.success(end))
        case .offset: reply(.success(position.offset))
        case .countFromEnd: reply(.success(max(start, end.backed(by: position.offset.rawValue))))
        case .timestamp:
            offset(in: partition, atOrAfter: position.timestamp) { reply($0.map { $0 ?? end }) }
        }
    }

    /// The first record at or after `timestamp` that consumers see; nil when there is none.
    func offset(
        in partition: Partition, atOrAfter timestamp: Timestamp,
        reply: @escaping (Result<Offset?, RecordReadFailure>) -> Void
    ) {
        let bound = partition.highWatermark
        warming({ [self] () throws(ReadRefusal) in
            try partition.withLog { log throws(ReadRefusal) in
                try log.offset(atOrAfter: timestamp, below: bound, on: disk)
            }
        }) { reply($0.map { $0?.offset }.mapError { .log($0) }) }
    }
}

extension Offset {
    /// `count` records before, but not before 0; nothing for a negative count.
    fileprivate func backed(by count: Int64) -> Offset { Offset(rawValue - min(max(0, count), rawValue)) }
}
