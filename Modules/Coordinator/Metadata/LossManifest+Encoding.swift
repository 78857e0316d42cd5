// SPDX-License-Identifier: Apache-2.0

internal import Primitives

extension LossManifest {
    func write(into fields: inout FieldWriter) {
        fields.id(1, high: partition.topic.high, low: partition.topic.low)
        fields.integerUnlessZero(2, partition.index.rawValue)
        fields.integer(3, leaderEpoch.rawValue)
        fields.integer(4, electedLeader.rawValue)
        if lastKnownLeader != .none { fields.integer(5, lastKnownLeader.rawValue) }
        fields.integersUnlessEmpty(6, inSyncReplicas)
        fields.integersUnlessEmpty(7, eligibleLeaderReplicas)
        fields.integer(8, time.rawValue)
        if let logEnd { fields.integer(9, logEnd.rawValue) }
        if let highWatermark { fields.integer(10, highWatermark.rawValue) }
        fields.elements(11, accounts) { account, fields in account.write(into: &fields) }
        fields.elements(12, groups) { group, fields in
            fields.text(1, group.group)
            fields.integer(2, group.committedOffset.rawValue)
        }
        fields.integerUnlessZero(13, leftOutGroupCount)
    }

    init(reading fields: FieldReader) throws(DecodeError) {
        self.init(
            partition: try fields.partitionID(), leaderEpoch: LeaderEpoch(try fields.integer(3, default: nil)),
            electedLeader: NodeID(try fields.integer(4, default: nil)),
            lastKnownLeader: NodeID(try fields.integer(5, default: NodeID.none.rawValue)),
            inSyncReplicas: try fields.integers(6), eligibleLeaderReplicas: try fields.integers(7),
            time: Timestamp(try fields.integer(8, default: nil)), logEnd: try fields.optionalOffset(9),
            highWatermark: try fields.optionalOffset(10))
        accounts = try fields.elements(11, ReplicaAccount.init(reading:))
        groups = try fields.elements(12) { fields throws(DecodeError) in
            TouchedGroup(group: try fields.text(1), committedOffset: Offset(try fields.integer(2, default: nil)))
        }
        leftOutGroupCount = try fields.integer(13)
    }
}

extension ReplicaAccount {
    fileprivate func write(into fields: inout FieldWriter) {
        fields.integer(1, replica.rawValue)
        fields.integer(2, from.rawValue)
        fields.integer(3, end.rawValue)
        fields.integerUnlessZero(4, recordCount)
        if lastTimestamp != .none { fields.integer(5, lastTimestamp.rawValue) }
        if let highWatermark { fields.integer(6, highWatermark.rawValue) }
        fields.elements(7, producers) { producer, fields in
            fields.integer(1, producer.id.rawValue)
            fields.integerUnlessZero(2, producer.epoch.rawValue)
            fields.integer(3, producer.firstOffset.rawValue)
            fields.integer(4, producer.lastOffset.rawValue)
            fields.integer(5, producer.recordCount)
        }
        fields.integerUnlessZero(8, leftOutProducerCount)
    }

    fileprivate init(reading fields: FieldReader) throws(DecodeError) {
        self.init(
            replica: NodeID(try fields.integer(1, default: nil)), from: Offset(try fields.integer(2, default: nil)),
            end: Offset(try fields.integer(3, default: nil)), recordCount: try fields.integer(4),
            lastTimestamp: Timestamp(try fields.integer(5, default: Timestamp.none.rawValue)),
            highWatermark: try fields.optionalOffset(6),
            producers: try fields.elements(7) { fields throws(DecodeError) in
                LostProducer(
                    id: ProducerID(try fields.integer(1, default: nil)), epoch: ProducerEpoch(try fields.integer(2)),
                    firstOffset: Offset(try fields.integer(3, default: nil)),
                    lastOffset: Offset(try fields.integer(4, default: nil)),
                    recordCount: try fields.integer(5, default: nil))
            },
            leftOutProducerCount: try fields.integer(8))
    }
}
