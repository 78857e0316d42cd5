// SPDX-License-Identifier: Apache-2.0

internal import Coordinator
internal import Groups
internal import Primitives
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
    case look(RPCError)
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
        let image = await image()
        let coordinator = try coordinator(of: request.groupID, in: image)
        guard request.localOnly || coordinator == identity.id else {
            var forwarded = request
            forwarded.localOnly = true
            return try await peers.ask(coordinator, in: image, Admin.groupOffsetReset, forwarded)
        }
        let group = GroupID(request.groupID)
        try await checkNoMembers(group, mayBeNew: !request.selection.isEmpty)
        let questions = try await questions(request, group)
        let answers = await newOffsets(questions)
        var response = Admin.GroupOffsetResetResponse()
        response.partitions = zip(questions, answers).map { reset($0, $1) }
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

    private func newOffsets(_ questions: [ResetQuestion]) async -> [Result<Offset, ResetFailure>] {
        let now = await ask { $1($0.wallClock) }
        let answers = await look(
            up: questions.map { question in
                PartitionQuestion(
                    topic: question.partition.topic, partition: question.partition.partition,
                    timestamp: question.target.timestampWanted(at: now))
            })
        return zip(questions, answers).map { question, answer in
            answer.mapError { .look($0) }.flatMap { $0.newOffset(question) }
        }
    }

    private func reset(_ question: ResetQuestion, _ answer: Result<Offset, ResetFailure>) -> Admin.OffsetReset {
        .with {
            $0.topic = question.partition.topic
            $0.partition = question.partition.partition
            $0.previousOffset = question.previous
            switch answer {
            case .success(let offset): $0.newOffset = offset
            case .failure(.nothingCommitted):
                $0.error = RPCError(
                    .refused, "nothing is committed for \(question.partition)",
                    remedy: "Say earliest, latest, an offset or a time.")
            case .failure(.look(let error)): $0.error = error
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

extension Admin.OffsetTarget {
    /// The time whose first record is wanted; nil where the target needs none.
    fileprivate func timestampWanted(at now: Timestamp) -> Timestamp? {
        switch kind {
        case .timestamp: timestamp
        case .duration: now.advanced(byMilliseconds: -durationMilliseconds)
        case .earliest, .latest, .offset, .shiftBy, .current, .unspecified: nil
        }
    }
}

extension PartitionAnswer {
    /// The offset that a target means in a partition, inside its log.
    fileprivate func newOffset(_ question: ResetQuestion) -> Result<Offset, ResetFailure> {
        let (start, end) = (logStartOffset, highWatermark)
        func inside(_ offset: Int64) -> Offset { min(max(start, Offset(offset)), end) }
        let target = question.target
        switch target.kind {
        case .earliest: return .success(start)
        case .latest: return .success(end)
        case .offset: return .success(inside(target.offset.rawValue))
        case .shiftBy:
            guard let previous = question.previous else { return .failure(.nothingCommitted) }
            let (sum, overflow) = previous.rawValue.addingReportingOverflow(target.shiftBy)
            return .success(overflow ? (target.shiftBy < 0 ? start : end) : inside(sum))
        case .current:
            guard let previous = question.previous else { return .failure(.nothingCommitted) }
            return .success(inside(previous.rawValue))
        case .timestamp, .duration: return .success(offset ?? end)
        case .unspecified: preconditionFailure("a reset without a target")
        }
    }
}
