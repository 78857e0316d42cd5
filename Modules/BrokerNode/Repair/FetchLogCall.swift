// SPDX-License-Identifier: Apache-2.0

package import Primitives
package import RecordBatch
internal import StorageEngine
internal import Transport
package import WireProtocol

/// The giver's end of `Replicas.fetchLog`: finds the partition's shard and answers from its log.
enum FetchLogCall {
    /// - Precondition: the loop of the call is one of the shards'.
    static func begin(_ call: RPCCall, shards: ShardSet) {
        let request: Replicas.FetchLogRequest
        do throws(DecodeError) {
            request = try call.request.decoded()
        } catch {
            return call.fail(RPCError(.invalidRequest, "the FetchLogRequest does not decode: \(error)"))
        }
        shards[call.loop.index].fetchLog(request) { answer in
            call.respond(Payload(answer.response, attachments: answer.batches.isEmpty ? [] : [answer.batches]))
        }
    }
}

extension BrokerShard {
    /// Answers from the log of a partition, wherever it lives on this broker.
    package func fetchLog(_ request: Replicas.FetchLogRequest, reply: @escaping (ReplicaAnswerBytes) -> Void) {
        let id = PartitionID(topic: request.topicID, index: request.partitionIndex)
        askPartitions(
            [(id: id, item: request)],
            { shard, partition, request, reply in shard.fetchLog(request, of: partition, reply: reply) }
        ) { (answers: [ReplicaAnswerBytes]) in
            guard let answer = answers.first else { preconditionFailure("one question has no answer") }
            reply(answer)
        }
    }

    /// Most bytes in one answer, a first batch that is larger excepted.
    static let fetchLogByteCountMax = 4 << 20

    /// Gives batches of a log as they lie there, each one checked: what is damaged here mends nothing elsewhere.
    ///
    /// Any replica answers, whatever its role: offset and leader epoch name one record in all logs.
    func fetchLog(
        _ request: Replicas.FetchLogRequest, of partition: Partition?, reply: @escaping (ReplicaAnswerBytes) -> Void
    ) {
        var response = Replicas.FetchLogResponse()
        response.outcome = .notHere
        guard let partition, !isDraining, case .open = partition.log.state else {
            return reply(ReplicaAnswerBytes(response, .empty))
        }
        response.logStartOffset = partition.log.logStartOffset
        response.highWatermark = partition.highWatermark
        response.logEndOffset = partition.log.writtenOffset
        response.latestEpoch = partition.log.latestEpoch
        guard request.startOffset >= partition.log.logStartOffset, request.startOffset < partition.log.writtenOffset,
            request.endOffset > request.startOffset
        else {
            response.outcome = .outOfRange
            return reply(ReplicaAnswerBytes(response, .empty))
        }
        let byteCountMax = min(max(1, Int(request.byteCountMax)), Self.fetchLogByteCountMax)
        readChecked(partition, from: request.startOffset, byteCountMax: byteCountMax) { result in
            switch result {
            case .success(let read):
                let given = BatchRun(read.bytes).ending(before: request.endOffset)
                response.outcome = .given
                response.nextOffset = given.nextOffset ?? read.nextOffset
                reply(ReplicaAnswerBytes(response, given.bytes))
            case .failure(let refusal):
                response.outcome = refusal.fetchLogOutcome
                reply(ReplicaAnswerBytes(response, .empty))
            }
        }
    }
}

extension ReadRefusal {
    fileprivate var fetchLogOutcome: Replicas.FetchLogOutcome {
        switch self {
        case .damaged: .damaged
        case .offsetOutOfRange: .outOfRange
        case .cold, .disk, .closed: .notHere
        }
    }
}

/// Whole batches, one after the other, as another broker or the own log gave them.
package struct BatchRun: Sendable {
    package let bytes: SharedBytes

    package init(_ bytes: SharedBytes) { self.bytes = bytes }

    /// Header of the first batch; nil when there is none that reads.
    package var first: BatchHeader? {
        do throws(DecodeError) { return try BatchHeader(parsing: bytes) } catch { return nil }
    }

    /// Offset after the last batch that reads.
    package var nextOffset: Offset? {
        var next: Offset?
        walk { header, _ in
            next = header.nextOffset
            return true
        }
        return next
    }

    /// Without the batches that begin at `end` or later.
    package func ending(before end: Offset) -> BatchRun {
        var count = 0
        walk { header, position in
            guard header.baseOffset < end else { return false }
            count = position + header.totalByteCount
            return true
        }
        return BatchRun(bytes.slice(from: 0, count: count))
    }

    /// Without the batches that begin before `start`.
    package func beginning(at start: Offset) -> BatchRun {
        var skipped = 0
        walk { header, position in
            guard header.baseOffset < start else { return false }
            skipped = position + header.totalByteCount
            return true
        }
        return BatchRun(bytes.slice(from: skipped, count: bytes.count - skipped))
    }

    private func walk(_ visit: (BatchHeader, _ position: Int) -> Bool) {
        var position = 0
        do throws(DecodeError) {
            while position < bytes.count {
                let header = try BatchHeader(parsing: bytes, at: position)
                guard header.totalByteCount <= bytes.count - position, header.lastOffsetDelta >= 0,
                    visit(header, position)
                else { return }
                position += header.totalByteCount
            }
        } catch { return }
    }
}
