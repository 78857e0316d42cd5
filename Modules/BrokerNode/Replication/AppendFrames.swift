// SPDX-License-Identifier: Apache-2.0

internal import Primitives
internal import Replication
internal import WireProtocol

// What the replicas' cores say, as it stands in the frames of `Replicas.push`.

/// A frame to a follower as it is put together.
struct AppendFrameBuilder {
    private var frame = Replicas.AppendFrame()
    private var runs: [SharedBytes] = []
    /// Record bytes so far.
    private(set) var byteCount = 0

    var isEmpty: Bool { frame.partitions.isEmpty }
    var partitionCount: Int { frame.partitions.count }
    var payload: Payload { Payload(frame, attachments: runs) }

    mutating func add(_ header: AppendHeader, of partition: PartitionID, _ batches: SharedBytes = .empty) {
        frame.partitions.append(Replicas.PartitionAppend(header, of: partition, byteCount: batches.count))
        guard !batches.isEmpty else { return }
        runs.append(batches)
        byteCount += batches.count
    }
}

/// One partition of a frame as it arrived.
struct ReceivedAppend: Sendable {
    let partition: PartitionID
    let header: AppendHeader
    let batches: SharedBytes

    /// - Throws: when the message or its byte counts do not read.
    static func decode(_ payload: Payload) throws(DecodeError) -> [ReceivedAppend] {
        let frame: Replicas.AppendFrame = try payload.decoded()
        let runs = try frame.batches(in: payload.attachment)
        var appends: [ReceivedAppend] = []
        appends.reserveCapacity(frame.partitions.count)
        for (partition, batches) in zip(frame.partitions, runs) {
            appends.append(
                ReceivedAppend(
                    partition: PartitionID(topic: partition.topicID, index: partition.partitionIndex),
                    header: try AppendHeader(partition), batches: batches))
        }
        return appends
    }
}

/// What a follower says about one partition.
struct ReplicaAnswer: Sendable {
    let partition: PartitionID
    /// Of the append that is answered.
    let leaderEpoch: LeaderEpoch
    let answer: AppendAnswer
}

extension Replicas.PartitionAppend {
    fileprivate init(_ header: AppendHeader, of partition: PartitionID, byteCount: Int) {
        self.init()
        topicID = partition.topic
        partitionIndex = partition.index
        leaderEpoch = header.leaderEpoch
        previousOffset = header.previous.offset
        previousEpoch = header.previous.epoch
        highWatermark = header.highWatermark
        logStartOffset = header.logStart
        self.byteCount = Int32(byteCount)
        switch header.order {
        case .append: order = .append
        case .compare: order = .compare
        case .cut(let target, let ending):
            order = .cut
            (targetOffset, targetEpoch) = (target.offset, target.epoch)
            (endingOffset, endingEpoch) = (ending.offset, ending.epoch)
        case .restart(let offset, let ending):
            order = .restart
            targetOffset = offset
            (endingOffset, endingEpoch) = (ending.offset, ending.epoch)
        }
    }
}

extension AppendHeader {
    fileprivate init(_ append: Replicas.PartitionAppend) throws(DecodeError) {
        let ending = OffsetAndEpoch(append.endingOffset, append.endingEpoch)
        let order: AppendOrder
        switch append.order {
        case .append: order = .append
        case .compare: order = .compare
        case .cut: order = .cut(to: OffsetAndEpoch(append.targetOffset, append.targetEpoch), ifEnding: ending)
        case .restart: order = .restart(at: append.targetOffset, ifEnding: ending)
        case .unspecified: throw DecodeError(.invalidValue(Int64(append.order.rawValue)), at: 0)
        }
        self.init(
            leaderEpoch: append.leaderEpoch, previous: OffsetAndEpoch(append.previousOffset, append.previousEpoch),
            order: order, highWatermark: append.highWatermark, logStart: append.logStartOffset)
    }
}

extension Replicas.AppendFrameReply {
    init(_ answers: [ReplicaAnswer], brokerEpoch: BrokerEpochNumber) {
        self.init()
        self.brokerEpoch = brokerEpoch
        partitions = answers.map(Replicas.PartitionAnswer.init)
    }

    /// What was said of each partition.
    var answers: [ReplicaAnswer] { partitions.map(ReplicaAnswer.init) }
}

/// A broker's registration as it travels.
typealias BrokerEpochNumber = Int64

extension Replicas.PartitionAnswer {
    fileprivate init(_ answer: ReplicaAnswer) {
        self.init()
        topicID = answer.partition.topic
        partitionIndex = answer.partition.index
        leaderEpoch = answer.leaderEpoch
        switch answer.answer {
        case .accepted(let logEnd, let durableEnd):
            outcome = .accepted
            (logEndOffset, durableEndOffset) = (logEnd, durableEnd)
        case .diverged(let standing):
            outcome = .diverged
            logStartOffset = standing.logStart
            (logEndOffset, durableEndOffset) = (standing.logEnd, standing.durableEnd)
            epoch = standing.lastEpoch
        case .fenced(let current):
            outcome = .fenced
            epoch = current
        case .notHere: outcome = .notHere
        case .failed: outcome = .failed
        }
    }
}

extension ReplicaAnswer {
    fileprivate init(_ answer: Replicas.PartitionAnswer) {
        partition = PartitionID(topic: answer.topicID, index: answer.partitionIndex)
        leaderEpoch = answer.leaderEpoch
        switch answer.outcome {
        case .accepted:
            self.answer = .accepted(logEnd: answer.logEndOffset, durableEnd: answer.durableEndOffset)
        case .diverged:
            self.answer = .diverged(
                ReplicaStanding(
                    logStart: answer.logStartOffset, logEnd: answer.logEndOffset,
                    durableEnd: answer.durableEndOffset, lastEpoch: answer.epoch))
        case .fenced: self.answer = .fenced(current: answer.epoch)
        case .notHere: self.answer = .notHere
        case .failed, .unspecified: self.answer = .failed
        }
    }
}
