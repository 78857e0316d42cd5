// SPDX-License-Identifier: Apache-2.0

internal import Coordinator
internal import Primitives
internal import RecordBatch
internal import Transport
internal import WireProtocol

/// What comes from one of several leaders.
private enum RelayEvent: Sendable {
    /// An item, and whom to tell that the next may follow.
    case item(Admin.ConsumeItem, SharedBytes, taken: CheckedContinuation<Void, Never>)
    case ended([Admin.ConsumedPartition])
}

extension AdminService {
    /// Reads partitions that several brokers lead, each from its leader, and puts the items into one stream as they come.
    ///
    /// Each leader has one item on its way at a time, so that a slow client is waited for everywhere.
    func consume(
        _ request: Admin.ConsumeRequest, from leaders: [NodeID: [PartitionIndex]], of topic: TopicImage,
        _ image: MetadataImage, into writer: RPCItemWriter<Admin.ConsumeItem>
    ) async throws -> Admin.ConsumeResponse {
        let (events, source) = AsyncStream.makeStream(of: RelayEvent.self)
        return try await withThrowingTaskGroup(of: Void.self) { group in
            for (leader, chosen) in leaders {
                group.addTask { [self] in
                    let ended = await part(of: request, chosen, led: leader, of: topic, image) { item, bytes in
                        await withCheckedContinuation { taken in
                            let event = RelayEvent.item(item, bytes, taken: taken)
                            if case .terminated = source.yield(event) { taken.resume() }
                        }
                        try Task.checkCancellation()
                    }
                    source.yield(.ended(ended))
                }
            }
            let result: Result<[Admin.ConsumedPartition], any Error>
            do {
                result = .success(try await forward(events, of: leaders.count, request, into: writer))
            } catch {
                result = .failure(error)
            }
            source.finish()
            group.cancelAll()
            // Whoever waits for its item to be taken must be told before the group can end.
            for await case .item(_, _, let taken) in events { taken.resume() }
            let partitions = try result.get()
            return .with { $0.partitions = partitions }
        }
    }

    /// Sends items on until every leader has ended or there are enough records.
    private func forward(
        _ events: AsyncStream<RelayEvent>, of leaderCount: Int, _ request: Admin.ConsumeRequest,
        into writer: RPCItemWriter<Admin.ConsumeItem>
    ) async throws -> [Admin.ConsumedPartition] {
        var next: [PartitionIndex: Offset] = [:]
        var ended: [Admin.ConsumedPartition] = []
        var openCount = leaderCount
        var recordCount: Int64 = 0
        events: for await event in events {
            switch event {
            case .item(let item, let bytes, let taken):
                defer { taken.resume() }
                try await writer.send(item, attachments: bytes.isEmpty ? [] : [bytes])
                next[item.partition] = item.nextOffset
                recordCount += item.recordCount(in: bytes)
                if request.recordCountMax > 0, recordCount >= request.recordCountMax { break events }
            case .ended(let partitions):
                ended += partitions
                openCount -= 1
                if openCount == 0 { break events }
            }
        }
        try Task.checkCancellation()
        let told = Set(ended.map(\.partition))
        let cutShort = next.filter { !told.contains($0.key) }.map { partition, offset in
            Admin.ConsumedPartition.with { ($0.partition, $0.nextOffset) = (partition, offset) }
        }
        return (ended + cutShort).sorted { $0.partition < $1.partition }
    }

    /// Reads what one broker leads; an error stands for all partitions that it could not be asked about.
    private func part(
        of request: Admin.ConsumeRequest, _ chosen: [PartitionIndex], led leader: NodeID, of topic: TopicImage,
        _ image: MetadataImage, _ send: @Sendable (Admin.ConsumeItem, SharedBytes) async throws -> Void
    ) async -> [Admin.ConsumedPartition] {
        func failed(_ error: (PartitionIndex) -> RPCError) -> [Admin.ConsumedPartition] {
            chosen.map { index in .with { ($0.partition, $0.nextOffset, $0.error) = (index, Offset(-1), error(index)) }
            }
        }
        guard leader != .none else { return failed { .leaderless(topic.name, $0) } }
        do {
            guard leader != identity.id else {
                return try await consumeHere(request, chosen, of: topic, send).partitions
            }
            var forwarded = request
            forwarded.partitions = chosen
            forwarded.localOnly = true
            let stream = try peers.client(of: leader, in: image).open(Admin.consume, forwarded)
            for try await item in stream.items { try await send(item.message, item.attachment) }
            return try await stream.response().partitions
        } catch {
            return failed { _ in error as? RPCError ?? RPCError(.cancelled, "the stream was given up") }
        }
    }
}

extension Admin.ConsumeItem {
    /// How many of the records are wanted.
    fileprivate func recordCount(in bytes: SharedBytes) -> Int64 {
        var batches = Batches(bytes)
        var count: Int64 = 0
        while case .success(let batch?) = Result(catching: { try batches.next() }) {
            let header = batch.header
            let (first, last) = (
                max(header.baseOffset, startOffset), min(header.nextOffset, endOffset ?? header.nextOffset)
            )
            count += min(Int64(header.recordCount), max(0, last.distance(from: first)))
        }
        return count
    }
}
