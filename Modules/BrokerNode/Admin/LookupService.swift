// SPDX-License-Identifier: Apache-2.0

internal import Coordinator
internal import Primitives
internal import StorageEngine
internal import WireProtocol

/// A question about one partition, wherever its leader is.
struct PartitionQuestion: Sendable {
    let topic: String
    let partition: PartitionIndex
    /// Find the first record at or after this time.
    var timestamp: Timestamp?
    /// Find the time of the first record at or after this offset.
    var offset: Offset?
}

/// What the leader of a partition said of it.
struct PartitionAnswer: Sendable {
    let logStartOffset: Offset
    let highWatermark: Offset
    /// Of the first record at or after the time that was asked for; nil where there is none.
    var offset: Offset?
    /// Of the first record at or after the offset that was asked for; nil where there is none.
    var timestamp: Timestamp?
}

extension AdminService {
    /// Asks the leader of each partition, here or elsewhere; the answers are in the order of the questions.
    func look(up questions: [PartitionQuestion]) async -> [Result<PartitionAnswer, RPCError>] {
        let image = await image()
        var answers: [Result<PartitionAnswer, RPCError>?] = Array(repeating: nil, count: questions.count)
        var byLeader: [NodeID: [Int]] = [:]
        for (place, question) in questions.enumerated() {
            let partition = image.partitionID(
                PartitionReference(topic: question.topic, index: question.partition)
            ).flatMap { image.partition($0) }
            guard let partition else {
                answers[place] = .failure(.unknown(question.topic, question.partition, in: image))
                continue
            }
            guard !partition.isOffline else {
                answers[place] = .failure(.leaderless(question.topic, question.partition))
                continue
            }
            byLeader[partition.leader, default: []].append(place)
        }
        let (mine, others) = (byLeader.removeValue(forKey: identity.id) ?? [], byLeader)
        let remote = await peers.askEach(
            others.keys.sorted(), in: image, Admin.offsetLookup, withinMilliseconds: PeerBrokers.workMilliseconds
        ) { id in
            .with { $0.lookups = (others[id] ?? []).map { Admin.OffsetLookup(questions[$0]) } }
        }
        for (place, answer) in zip(mine, await lookHere(mine.map { questions[$0] })) { answers[place] = answer }
        for (id, places) in others {
            for (number, place) in places.enumerated() {
                answers[place] = remote[id]?.flatMap { Self.answer(number, of: $0) }
            }
        }
        return answers.map { answer in
            guard let answer else { preconditionFailure("a question about a partition was put to nobody") }
            return answer
        }
    }

    private static func answer(
        _ number: Int, of response: Admin.OffsetLookupResponse
    ) -> Result<PartitionAnswer, RPCError> {
        guard response.answers.indices.contains(number) else {
            return .failure(RPCError(.internalFault, "the leader left a question out"))
        }
        let answer = response.answers[number]
        if let error = answer.error { return .failure(error) }
        return .success(
            PartitionAnswer(
                logStartOffset: answer.logStartOffset, highWatermark: answer.highWatermark, offset: answer.offset,
                timestamp: answer.timestamp))
    }

    /// What other brokers ask of this one as a leader.
    func offsetLookup(_ request: Admin.OffsetLookupRequest) async -> Admin.OffsetLookupResponse {
        let answers = await lookHere(request.lookups.map { PartitionQuestion($0) })
        return .with { $0.answers = answers.map { Admin.OffsetAnswer($0) } }
    }

    private func lookHere(_ questions: [PartitionQuestion]) async -> [Result<PartitionAnswer, RPCError>] {
        guard !questions.isEmpty else { return [] }
        return await ask { shard, reply in
            let items = questions.map { (id: shard.address($0.topic, $0.partition.rawValue).id, item: $0) }
            shard.askPartitions(items, { $0.look(up: $2, in: $1, reply: $3) }) { found in
                reply(
                    zip(questions, found).map { question, result in
                        result.mapError { RPCError($0, question.topic, question.partition) }
                    })
            }
        }
    }
}

extension BrokerShard {
    fileprivate func look(
        up question: PartitionQuestion, in partition: Partition?,
        reply: @escaping (Result<PartitionAnswer, RecordReadFailure>) -> Void
    ) {
        guard let partition, partition.isLeader else { return reply(.failure(.notLeader)) }
        let bounds = PartitionAnswer(
            logStartOffset: partition.log.logStartOffset, highWatermark: partition.highWatermark)
        if let timestamp = question.timestamp {
            return offset(in: partition, atOrAfter: timestamp) { found in
                reply(
                    found.map { offset in
                        var answer = bounds
                        answer.offset = offset
                        return answer
                    })
            }
        }
        guard let offset = question.offset, offset < bounds.highWatermark else { return reply(.success(bounds)) }
        // What was trimmed cannot be read any more: the first record is the first that is left.
        timestamp(ofFirstRecordIn: partition, from: max(bounds.logStartOffset, offset)) { found in
            reply(
                found.map { timestamp in
                    var answer = bounds
                    answer.timestamp = timestamp
                    return answer
                })
        }
    }
}

extension PartitionQuestion {
    fileprivate init(_ lookup: Admin.OffsetLookup) {
        self.init(
            topic: lookup.topic, partition: lookup.partition, timestamp: lookup.timestamp, offset: lookup.offset)
    }
}

extension Admin.OffsetLookup {
    fileprivate init(_ question: PartitionQuestion) {
        self.init()
        topic = question.topic
        partition = question.partition
        timestamp = question.timestamp
        offset = question.offset
    }
}

extension Admin.OffsetAnswer {
    fileprivate init(_ result: Result<PartitionAnswer, RPCError>) {
        self.init()
        switch result {
        case .success(let answer):
            logStartOffset = answer.logStartOffset
            highWatermark = answer.highWatermark
            offset = answer.offset
            timestamp = answer.timestamp
        case .failure(let error): self.error = error
        }
    }
}
