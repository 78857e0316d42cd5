// SPDX-License-Identifier: Apache-2.0

internal import Coordinator
internal import FoundationEssentials
internal import Primitives

/// A record of `__loss_manifest`: JSON, for whoever has to explain a loss and has a consumer at hand.
///
/// - SeeAlso: docs/formats/loss-manifest.md
struct LossDocument: Encodable {
    /// A batch takes no further manifest above this.
    static let batchByteCountMax = 512 << 10

    struct Account: Encodable {
        var replica: Int32
        var firstOffset: Int64
        /// The last one is the one before.
        var endOffset: Int64
        var recordCount: Int64
        var lastTimestamp: Int64?
        var highWatermark: Int64?
        var producers: [Producer]
        var leftOutProducerCount: Int32
    }

    struct Producer: Encodable {
        var producerId: Int64
        var producerEpoch: Int16
        var firstOffset: Int64
        var lastOffset: Int64
        var recordCount: Int64
    }

    struct Group: Encodable {
        var group: String
        var committedOffset: Int64
    }

    var version = 1
    var topic: String
    var topicId: String
    var partition: Int32
    var leaderEpoch: Int32
    var electedLeader: Int32
    var lastKnownLeader: Int32?
    var inSyncReplicas: [Int32]
    var eligibleLeaderReplicas: [Int32]
    var timestamp: Int64
    var logEndOffset: Int64?
    var highWatermark: Int64?
    var firstLostOffset: Int64?
    var endLostOffset: Int64?
    var acknowledgedEndOffset: Int64?
    var replicas: [Account]
    var groups: [Group]
    var leftOutGroupCount: Int32
    var awaitedReplicas: [Int32]
    var isComplete: Bool

    init(_ loss: LossManifest, topic: String) {
        self.topic = topic
        topicId = loss.partition.topic.description
        partition = loss.partition.index.rawValue
        leaderEpoch = loss.leaderEpoch.rawValue
        electedLeader = loss.electedLeader.rawValue
        lastKnownLeader = loss.lastKnownLeader == .none ? nil : loss.lastKnownLeader.rawValue
        inSyncReplicas = loss.inSyncReplicas.map(\.rawValue)
        eligibleLeaderReplicas = loss.eligibleLeaderReplicas.map(\.rawValue)
        timestamp = loss.time.rawValue
        logEndOffset = loss.logEnd?.rawValue
        highWatermark = loss.highWatermark?.rawValue
        firstLostOffset = loss.lost?.lowerBound.rawValue
        endLostOffset = loss.lost?.upperBound.rawValue
        acknowledgedEndOffset = loss.acknowledgedEnd?.rawValue
        replicas = loss.accounts.map(Account.init)
        groups = loss.groups.map { Group(group: $0.group, committedOffset: $0.committedOffset.rawValue) }
        leftOutGroupCount = loss.leftOutGroupCount
        awaitedReplicas = loss.awaited.map(\.rawValue)
        isComplete = loss.isComplete
    }

    /// Of the record: one for each election.
    var key: String { "\(topicId):\(partition):\(leaderEpoch)" }

    /// Equal manifests have equal bytes.
    func encoded() -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        do {
            return [UInt8](try encoder.encode(self))
        } catch {
            preconditionFailure("the loss manifest \(key) does not encode: \(error)")
        }
    }
}

extension LossDocument.Account {
    fileprivate init(_ account: ReplicaAccount) {
        replica = account.replica.rawValue
        firstOffset = account.from.rawValue
        endOffset = account.end.rawValue
        recordCount = account.recordCount
        lastTimestamp = account.lastTimestamp == .none ? nil : account.lastTimestamp.rawValue
        highWatermark = account.highWatermark?.rawValue
        producers = account.producers.map {
            LossDocument.Producer(
                producerId: $0.id.rawValue, producerEpoch: $0.epoch.rawValue, firstOffset: $0.firstOffset.rawValue,
                lastOffset: $0.lastOffset.rawValue, recordCount: $0.recordCount)
        }
        leftOutProducerCount = account.leftOutProducerCount
    }
}
