// SPDX-License-Identifier: Apache-2.0

internal import Coordinator
internal import KafkaProtocol
internal import Primitives
internal import RecordBatch
internal import Replication
internal import StorageEngine

extension BrokerShard {
    func produce(_ request: ProduceRequest, _ context: RequestContext) {
        var items: [(id: PartitionID?, item: ProducedRecords)] = []
        for topic in request.topicData {
            for partition in topic.partitionData {
                let records = records(of: partition, of: topic, in: request, context)
                // Most requests are for one partition: there is nothing to split and nothing to gather.
                if topic.partitionData.count == 1, request.topicData.count == 1 {
                    return produceOne(records, request, context)
                }
                items.append((records.addressed.id, records))
            }
        }
        let (home, rate) = (index, context.rates?.request)
        askPartitions(
            items,
            { shard, _, records, reply in
                shard.charging(shard.index == home ? nil : rate) { shard.take(records, reply: reply) }
            }
        ) { [self] answers in
            answerProduce(request, answers, context)
        }
    }

    private func produceOne(_ records: ProducedRecords, _ request: ProduceRequest, _ context: RequestContext) {
        let owner = records.addressed.id.map { shard(of: $0) } ?? index
        let reply: ProduceReply = { [self] answer in answerOne(request, answer, context) }
        guard owner != index else { return take(records, reply: reply) }
        let rate = context.rates?.request
        ask(owner, { shard, reply in shard.charging(rate) { shard.take(records, reply: reply) } }, then: reply)
    }

    private func records(
        of partition: ProduceRequest.PartitionProduceData, of topic: ProduceRequest.TopicProduceData,
        in request: ProduceRequest, _ context: RequestContext
    ) -> ProducedRecords {
        ProducedRecords(
            addressed: address(partition.index, of: topic, context), bytes: partition.records,
            acks: RequiredAcks(rawValue: request.acks), timeoutMilliseconds: Int64(max(0, request.timeoutMs)),
            transactionalID: request.transactionalID, version: context.version)
    }

    private func address(
        _ index: Int32, of topic: ProduceRequest.TopicProduceData, _ context: RequestContext
    ) -> Addressed {
        context.version >= 13 ? address(topic.topicID, index) : address(topic.name, index)
    }

    /// As `answerProduce`; records that were taken are answered in memory that serves all requests for one partition.
    private func answerOne(
        _ request: ProduceRequest, _ answer: Result<ProducedBatch, ProduceFailure>, _ context: RequestContext
    ) {
        guard request.acks != 0, case .success = answer else { return answerProduce(request, [answer], context) }
        let wait = context.rates?.produce?.use(Double(context.byteCount), at: now) ?? 0
        let topic = request.topicData[0]
        singleAnswer.responses[0].name = topic.name
        singleAnswer.responses[0].topicID = topic.topicID
        singleAnswer.responses[0].partitionResponses[0] = partitionResponse(
            topic.partitionData[0].index, answer, version: context.version)
        respond(singleAnswer, to: context, waitNanoseconds: wait, for: .producerByteRate)
    }

    private func answerProduce(
        _ request: ProduceRequest, _ answers: [Result<ProducedBatch, ProduceFailure>], _ context: RequestContext
    ) {
        let wait = context.rates?.produce?.use(Double(context.byteCount), at: now) ?? 0
        guard request.acks != 0 else {
            // Without an answer, closing is the only way to say no; the client then asks for new metadata.
            let failures = answers.compactMap(\.failure)
            for failure in failures { metrics.rejectedBatch(failure.kafkaCode) }
            if !failures.isEmpty { context.connection.stream?.close() }
            respondNothing(to: context, errorCode: (failures.first?.kafkaCode ?? .none).rawValue)
            if let rates = context.rates {
                mute(context, Throttle(rates, wait, for: .producerByteRate, at: now))
            }
            return
        }
        var response = ProduceResponse()
        var leaders = CurrentLeaders()
        var next = 0
        response.responses.reserveCapacity(request.topicData.count)
        for topic in request.topicData {
            var topicResponse = ProduceResponse.TopicProduceResponse()
            topicResponse.name = topic.name
            topicResponse.topicID = topic.topicID
            topicResponse.partitionResponses.reserveCapacity(topic.partitionData.count)
            for partition in topic.partitionData {
                let answer = answers[next]
                var one = partitionResponse(partition.index, answer, version: context.version)
                if context.version >= 10, let code = answer.failure?.kafkaCode,
                    let leader = leaders.leader(
                        of: address(partition.index, of: topic, context), refused: code, by: self)
                {
                    one.currentLeader = ProduceResponse.LeaderIdAndEpoch(leader)
                }
                topicResponse.partitionResponses.append(one)
                next += 1
            }
            response.responses.append(topicResponse)
        }
        response.nodeEndpoints = leaders.endpoints(reachedBy: context.connection, on: self)
            .map { ProduceResponse.NodeEndpoint($0) }
        respond(response, to: context, waitNanoseconds: wait, for: .producerByteRate)
    }

    private func partitionResponse(
        _ index: Int32, _ answer: Result<ProducedBatch, ProduceFailure>, version: Int16
    ) -> ProduceResponse.PartitionProduceResponse {
        var response = ProduceResponse.PartitionProduceResponse()
        response.index = index
        switch answer {
        case .success(let batch):
            response.baseOffset = batch.baseOffset.rawValue
            response.logAppendTimeMs = batch.logAppendTime.rawValue
            response.logStartOffset = batch.logStartOffset.rawValue
        case .failure(let failure):
            metrics.rejectedBatch(failure.kafkaCode)
            response.errorCode = failure.kafkaCode.rawValue
            response.baseOffset = -1
            if version >= 8 {
                response.errorMessage = failure.message
                if let index = failure.recordIndex {
                    var record = ProduceResponse.BatchIndexAndErrorMessage()
                    record.batchIndex = Int32(index)
                    record.batchIndexErrorMessage = failure.message
                    response.recordErrors = [record]
                }
            }
        }
        return response
    }
}

extension ProduceResponse {
    /// For one partition, with its fields still to be set.
    static var single: ProduceResponse {
        var topic = TopicProduceResponse()
        topic.partitionResponses = [PartitionProduceResponse()]
        var response = ProduceResponse()
        response.responses = [topic]
        return response
    }
}

/// The records of one partition of a produce request.
struct ProducedRecords: Sendable {
    let addressed: Addressed
    let bytes: SharedBytes?
    let acks: RequiredAcks?
    /// How long the client waits for acknowledgement by all replicas.
    let timeoutMilliseconds: Int64
    let transactionalID: String?
    /// Of the request.
    let version: Int16
}

extension BrokerShard {
    typealias ProduceReply = (Result<ProducedBatch, ProduceFailure>) -> Void

    /// Validates what a client sent to a partition of this shard, and stages it.
    func take(_ records: ProducedRecords, reply: @escaping ProduceReply) {
        guard case .known(let id) = records.addressed else {
            return reply(.failure(records.addressed.isUnknownTopicID ? .unknownTopicID : .unknownPartition))
        }
        guard let partition = partitions[id] else { return reply(.failure(.unknownPartition)) }
        guard let acks = records.acks else { return reply(.failure(.invalidAcks)) }
        guard !partition.settings.isInternal else { return reply(.failure(.internalTopic)) }
        if let failure = refusal(of: acks, by: partition) { return reply(.failure(failure)) }
        let wall = wallClock
        do throws(BatchRefusal) {
            let rules = partition.settings.batchRules(at: wall)
            let valid = try codecs.validator.validate(records.bytes ?? .empty, rules: rules)
            let patience = AppendPatience(
                acks: acks, deadline: now.advanced(byMilliseconds: records.timeoutMilliseconds))
            // One look at the attributes: whoever uses no transactions pays for no more.
            guard valid.header.isOrdinary else {
                return takeTransactional(valid, records, in: partition, patience, reply: reply)
            }
            try stage(valid, in: partition, patience, at: wall, reply: reply)
        } catch {
            reply(.failure(.invalid(error)))
        }
    }

    /// Why a partition of this shard takes no records now.
    func refusal(of acks: RequiredAcks, by partition: Partition) -> ProduceFailure? {
        guard partition.isLeader else { return .notLeader }
        guard directory == .healthy else { return .directory(directory) }
        // Only who asks for all replicas pays for a copy of what is known of them.
        guard acks == .all, let leader = partition.leader, leader.isUnderMinInSync else { return nil }
        return .notEnoughReplicas(
            inSync: leader.assignment.inSync.count, min: partition.settings.inSyncReplicasMin)
    }

    func stage(
        _ valid: ValidatedBatch, in partition: Partition, _ patience: AppendPatience, at wall: Timestamp,
        reply: @escaping ProduceReply
    ) throws(BatchRefusal) {
        let settings = partition.settings
        var batch = valid.batch
        if let codec = settings.storedCodec, codec != batch.header.codec {
            batch = try recompressed(valid, to: codec).batch
            guard batch.bytes.count <= settings.batchBytesMax else {
                throw .tooLarge(byteCount: batch.bytes.count, byteCountMax: settings.batchBytesMax)
            }
        }
        if settings.stampsAppendTime {
            let header = batch.header(stampedAt: wall, .logAppendTime)
            stage(batch, header: header, in: partition, patience, logAppendTime: wall, at: wall, reply: reply)
        } else if !valid.statesMaxTimestamp {
            let header = batch.header(stampedAt: valid.maxTimestamp, .createTime)
            stage(batch, header: header, in: partition, patience, at: wall, reply: reply)
        } else {
            stage(batch, in: partition, patience, at: wall, reply: reply)
        }
    }

    private func recompressed(_ valid: ValidatedBatch, to codec: Codec) throws(BatchRefusal) -> ValidatedBatch {
        do throws(RecordsError) {
            return try valid.recompressed(to: codec, using: codecs.decompressor, codecs.compressor)
        } catch {
            // It has just been walked, so only a refusal to expand is left.
            guard case .undecompressible(let refusal) = error else {
                preconditionFailure("a validated batch cannot be read again: \(error)")
            }
            throw .undecompressible(refusal)
        }
    }

    /// Stages a valid batch, to be written when the round ends.
    func stage(
        _ batch: Batch, header: BatchHeader? = nil, in partition: Partition, _ patience: AppendPatience,
        logAppendTime: Timestamp = .none, at wall: Timestamp, reply: @escaping ProduceReply
    ) {
        if !partition.hasStaged { markDirty(partition) }
        partition.append(batch, header: header, patience, logAppendTime: logAppendTime, at: wall, reply: reply)
    }
}

extension BatchHeader {
    /// Neither part of a transaction nor written by a broker.
    fileprivate var isOrdinary: Bool { !isTransactional && !isControl }
}

extension Batch {
    /// The header with another time, and the checksum that goes with it.
    fileprivate func header(stampedAt maxTimestamp: Timestamp, _ type: TimestampType) -> BatchHeader {
        var changed = header
        changed.maxTimestamp = maxTimestamp
        changed.timestampType = type
        changed.checksum = changed.computedChecksum(payload: payload)
        return changed
    }
}

extension Result {
    fileprivate var failure: Failure? {
        if case .failure(let failure) = self { return failure }
        return nil
    }
}
