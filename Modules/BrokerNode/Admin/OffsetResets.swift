// SPDX-License-Identifier: Apache-2.0

internal import Coordinator
internal import Groups
internal import Primitives
internal import StorageEngine
internal import WireProtocol

/// A partition whose committed offset is to move.
private struct ResetQuestion: Sendable {
    let partition: TopicPartition
    let previous: Offset?
    let target: Admin.OffsetTarget
}

/// Why a target gives no offset.
private enum ResetFailure: Error, Sendable {
    /// The target counts from the committed offset, and there is none.
    case nothingCommitted
    case read(RecordReadFailure)
}

extension AdminService {
    func groupOffsetReset(
        _ request: Admin.GroupOffsetResetRequest
    ) async throws -> Admin.GroupOffsetResetResponse {
        guard !request.groupID.isEmpty else { throw RPCError(GroupRefusal.invalidGroupID, group: "") }
        guard request.target.kind != .unspecified else {
            throw RPCError(
                .invalidRequest, "the reset has no target",
                remedy: "Say earliest, latest, an offset, a time, a shift, a duration or current.")
        }
        let group = GroupID(request.groupID)
        try await checkNoMembers(group, mayBeNew: !request.selection.isEmpty)
        let questions = try await questions(request, group)
        let (answers, image) = await newOffsets(questions)
        var response = Admin.GroupOffsetResetResponse()
        response.partitions = zip(questions, answers).map { question, answer in
            reset(question, answer, image)
        }
        guard !request.validateOnly else { return response }
        try await commit(&response.partitions, of: group)
        return response
    }

    /// - Parameter mayBeNew: Partitions are named, so that a group can be given offsets before its first member joins.
    private func checkNoMembers(_ group: GroupID, mayBeNew: Bool) async throws(RPCError) {
        let descriptions = await describe([group])
        let known = await knownGroups(ifMissingIn: descriptions)
        for description in descriptions {
            if let refusal = description.refusal, refusal != .groupNotFound || !mayBeNew {
                throw RPCError(refusal, group: group.rawValue, known: known)
            }
            if !description.members.isEmpty { throw RPCError(.groupIsNotEmpty, group: group.rawValue) }
        }
    }

    /// The partitions chosen, each once and sorted, with what is committed for them.
    private func questions(
        _ request: Admin.GroupOffsetResetRequest, _ group: GroupID
    ) async throws(RPCError) -> [ResetQuestion] {
        let (image, hasOffsets) = await ask { $1(($0.image, $0.hasOffsetsTopic)) }
        let fetched = hasOffsets ? await committedOffsets([group]) : []
        if let refusal = fetched.first?.refusal { throw RPCError(refusal, group: group.rawValue) }
        var committed: [TopicPartition: Offset] = [:]
        for partition in fetched.first?.partitions ?? [] {
            committed[partition.partition] = partition.committed?.offset
        }
        let chosen = request.selection.flatMap { topic in
            let all = image.topic(named: topic.topic)?.partitions.indices.map { PartitionIndex(Int32($0)) }
            // An unknown topic is answered as its partition 0.
            let indices = topic.partitions.isEmpty ? all ?? [PartitionIndex(0)] : topic.partitions
            return indices.map { TopicPartition(topic: topic.topic, partition: $0) }
        }
        let partitions = request.selection.isEmpty ? committed.keys.sorted() : Set(chosen).sorted()
        return partitions.map {
            ResetQuestion(partition: $0, previous: committed[$0], target: request.target)
        }
    }

    private func newOffsets(
        _ questions: [ResetQuestion]
    ) async -> ([Result<Offset, ResetFailure>], MetadataImage) {
        await ask { shard, reply in
            let items = questions.map { question in
                (
                    id: shard.address(question.partition.topic, question.partition.partition.rawValue).id,
                    item: question
                )
            }
            shard.askPartitions(items, { $0.newOffset($2, in: $1, reply: $3) }) { reply(($0, shard.image)) }
        }
    }

    private func reset(
        _ question: ResetQuestion, _ answer: Result<Offset, ResetFailure>, _ image: MetadataImage
    ) -> Admin.OffsetReset {
        let (topic, index) = (question.partition.topic, question.partition.partition)
        return .with {
            $0.topic = topic
            $0.partition = index
            $0.previousOffset = question.previous
            switch answer {
            case .success(let offset): $0.newOffset = offset
            case .failure(.nothingCommitted):
                $0.error = RPCError(
                    .refused, "nothing is committed for \(question.partition)",
                    remedy: "Say earliest, latest, an offset or a time.")
            case .failure(.read(.partitionGone)): $0.error = .unknown(topic, index, in: image)
            case .failure(.read(let failure)): $0.error = RPCError(failure, topic, index)
            }
            if $0.error != nil { $0.newOffset = question.previous ?? Offset(-1) }
        }
    }

    // MARK: Committing

    private func commit(_ resets: inout [Admin.OffsetReset], of group: GroupID) async throws(RPCError) {
        let places = resets.indices.filter { resets[$0].error == nil }
        guard !places.isEmpty else { return }
        try await ensureOffsetsTopic()
        let request = OffsetCommitRequest(
            group: group,
            partitions: places.map { place in
                OffsetCommitRequest.Partition(
                    TopicPartition(topic: resets[place].topic, partition: resets[place].partition),
                    offset: resets[place].newOffset)
            })
        let result: Result<[PartitionResult], GroupRefusal> = await ask { shard, reply in
            shard.askGroup(group, .commitOffsets(request)) { answer in
                guard case .commitOffsets(let result) = answer else {
                    preconditionFailure("a commit was answered with \(answer)")
                }
                reply(result)
            }
        }
        do throws(GroupRefusal) {
            for (place, result) in zip(places, try result.get()) {
                resets[place].error = result.refusal.map { RPCError($0, group: group.rawValue) }
            }
        } catch {
            throw RPCError(error, group: group.rawValue)
        }
    }

    private func ensureOffsetsTopic() async throws(RPCError) {
        let isThere = await ask { $1($0.hasOffsetsTopic) }
        guard !isThere else { return }
        if case .failure(let refusal) = try await command(EnsureInternalTopic(.consumerOffsets)) {
            throw RPCError(refusal)
        }
    }
}

extension BrokerShard {
    /// The offset that a target means in a partition, inside its log.
    fileprivate func newOffset(
        _ question: ResetQuestion, in partition: Partition?,
        reply: @escaping (Result<Offset, ResetFailure>) -> Void
    ) {
        guard let partition else { return reply(.failure(.read(.partitionGone))) }
        let (start, end) = (partition.log.logStartOffset, partition.highWatermark)
        func inside(_ offset: Int64) -> Offset { min(max(start, Offset(offset)), end) }
        let target = question.target
        switch target.kind {
        case .earliest: reply(.success(start))
        case .latest: reply(.success(end))
        case .offset: reply(.success(inside(target.offset.rawValue)))
        case .shiftBy:
            guard let previous = question.previous else { return reply(.failure(.nothingCommitted)) }
            let (sum, overflow) = previous.rawValue.addingReportingOverflow(target.shiftBy)
            reply(.success(overflow ? (target.shiftBy < 0 ? start : end) : inside(sum)))
        case .current:
            guard let previous = question.previous else { return reply(.failure(.nothingCommitted)) }
            reply(.success(inside(previous.rawValue)))
        case .timestamp: find(target.timestamp, in: partition, reply: reply)
        case .duration:
            find(wallClock.advanced(byMilliseconds: -target.durationMilliseconds), in: partition, reply: reply)
        case .unspecified: preconditionFailure("a reset without a target")
        }
    }

    private func find(
        _ timestamp: Timestamp, in partition: Partition, reply: @escaping (Result<Offset, ResetFailure>) -> Void
    ) {
        let end = partition.highWatermark
        offset(in: partition, atOrAfter: timestamp) { reply($0.map { $0 ?? end }.mapError { .read($0) }) }
    }
}
