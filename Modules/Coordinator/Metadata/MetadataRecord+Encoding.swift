// SPDX-License-Identifier: Apache-2.0

public import Primitives

/// Numbers of the record types on disk; a number is never given twice.
private enum RecordType: UInt32 {
    case topicCreated = 1
    case partitionCreated = 2
    case partitionChanged = 3
    case topicRemoved = 4
    case configSet = 5
    case configRemoved = 6
    case producerIDsAllocated = 7
    case featureLevelSet = 8
    case brokerRegistered = 9
    case brokerFencingChanged = 10
    case brokerUnregistered = 11
    case brokerShutdownStarted = 12
    case brokerDrainingChanged = 13
    case lossRecorded = 14
    case clientQuotaChanged = 15
}

extension MetadataRecord {
    /// The version that is written, of every type so far. It rises when an older reader would misread a record; a field
    /// that an older reader may skip does not raise it.
    static let version: UInt32 = 0

    /// Type, version, then fields by number.
    ///
    /// - SeeAlso: docs/formats/metadata.md
    public func encode(into writer: inout ByteWriter) {
        writer.writeUnsignedVarint32(type.rawValue)
        writer.writeUnsignedVarint32(Self.version)
        var fields = FieldWriter()
        swap(&fields.writer, &writer)
        write(into: &fields)
        swap(&fields.writer, &writer)
    }

    /// Reads one record that takes all of `bytes`.
    ///
    /// - Throws: `.invalidValue` for a type or version this code does not know, and for numbers out of their range.
    public init(decoding bytes: SharedBytes) throws(DecodeError) {
        var reader = ByteReader(bytes)
        let number = try reader.readUnsignedVarint32()
        guard let type = RecordType(rawValue: number) else { throw DecodeError(.invalidValue(Int64(number)), at: 0) }
        let versionPosition = reader.position
        let version = try reader.readUnsignedVarint32()
        guard version <= Self.version else { throw DecodeError(.invalidValue(Int64(version)), at: versionPosition) }
        let base = reader.position
        let fields = try FieldReader(reader.readBytes(count: reader.remaining), base: base)
        self = try Self.read(type, from: fields)
    }

    private var type: RecordType {
        switch self {
        case .topicCreated: .topicCreated
        case .partitionCreated: .partitionCreated
        case .partitionChanged: .partitionChanged
        case .topicRemoved: .topicRemoved
        case .configSet: .configSet
        case .configRemoved: .configRemoved
        case .producerIDsAllocated: .producerIDsAllocated
        case .featureLevelSet: .featureLevelSet
        case .brokerRegistered: .brokerRegistered
        case .brokerFencingChanged: .brokerFencingChanged
        case .brokerUnregistered: .brokerUnregistered
        case .brokerShutdownStarted: .brokerShutdownStarted
        case .brokerDrainingChanged: .brokerDrainingChanged
        case .lossRecorded: .lossRecorded
        case .clientQuotaChanged: .clientQuotaChanged
        }
    }

    private func write(into fields: inout FieldWriter) {
        switch self {
        case .topicCreated(let topic):
            fields.text(1, topic.name)
            fields.id(2, high: topic.id.high, low: topic.id.low)
        case .partitionCreated(let partition): partition.write(into: &fields)
        case .partitionChanged(let change): change.write(into: &fields)
        case .topicRemoved(let id): fields.id(1, high: id.high, low: id.low)
        case .configSet(let resource, let name, let value):
            resource.write(into: &fields)
            fields.text(4, name)
            fields.text(5, value)
        case .configRemoved(let resource, let name):
            resource.write(into: &fields)
            fields.text(4, name)
        case .producerIDsAllocated(let block):
            fields.integer(1, block.broker.rawValue)
            fields.integer(2, block.next.rawValue)
        case .featureLevelSet(let name, let level):
            fields.text(1, name)
            fields.integerUnlessZero(2, level)
        case .brokerRegistered(let broker): broker.write(into: &fields)
        case .brokerFencingChanged(let id, let epoch, let isFenced):
            fields.integer(1, id.rawValue)
            fields.integer(2, epoch.rawValue)
            fields.flag(3, isFenced)
        case .brokerUnregistered(let id, let epoch), .brokerShutdownStarted(let id, let epoch):
            fields.integer(1, id.rawValue)
            fields.integer(2, epoch.rawValue)
        case .brokerDrainingChanged(let id, let epoch, let isDraining):
            fields.integer(1, id.rawValue)
            fields.integer(2, epoch.rawValue)
            fields.flag(3, isDraining)
        case .lossRecorded(let manifest): manifest.write(into: &fields)
        case .clientQuotaChanged(let entity, let key, let limit):
            entity.write(into: &fields)
            fields.text(7, key.rawValue)
            if let limit { fields.number(8, limit) }
        }
    }

    private static func read(_ type: RecordType, from fields: FieldReader) throws(DecodeError) -> MetadataRecord {
        switch type {
        case .topicCreated: .topicCreated(TopicRecord(name: try fields.text(1), id: try fields.topicID(2)))
        case .partitionCreated: .partitionCreated(try PartitionRecord(reading: fields))
        case .partitionChanged: .partitionChanged(try PartitionChangeRecord(reading: fields))
        case .topicRemoved: .topicRemoved(try fields.topicID(1))
        case .configSet:
            .configSet(try ConfigResource(reading: fields), name: try fields.text(4), value: try fields.text(5))
        case .configRemoved: .configRemoved(try ConfigResource(reading: fields), name: try fields.text(4))
        case .producerIDsAllocated:
            .producerIDsAllocated(
                ProducerIDsRecord(
                    broker: NodeID(try fields.integer(1, default: nil)),
                    next: ProducerID(try fields.integer(2, default: nil))))
        case .featureLevelSet: .featureLevelSet(name: try fields.text(1), level: try fields.integer(2))
        case .brokerRegistered: .brokerRegistered(try BrokerRecord(reading: fields))
        case .brokerFencingChanged:
            .brokerFencingChanged(try fields.brokerID(), epoch: try fields.brokerEpoch(), isFenced: fields.has(3))
        case .brokerUnregistered: .brokerUnregistered(try fields.brokerID(), epoch: try fields.brokerEpoch())
        case .brokerShutdownStarted: .brokerShutdownStarted(try fields.brokerID(), epoch: try fields.brokerEpoch())
        case .brokerDrainingChanged:
            .brokerDrainingChanged(try fields.brokerID(), epoch: try fields.brokerEpoch(), isDraining: fields.has(3))
        case .lossRecorded: .lossRecorded(try LossManifest(reading: fields))
        case .clientQuotaChanged:
            .clientQuotaChanged(
                try QuotaEntity(reading: fields), try QuotaKey(reading: fields), limit: try fields.quotaLimit())
        }
    }
}

extension FieldReader {
    fileprivate func topicID(_ number: UInt32) throws(DecodeError) -> TopicID {
        let (high, low) = try id(number)
        return TopicID(high: high, low: low)
    }

    func partitionID() throws(DecodeError) -> PartitionID {
        let index: Int32 = try integer(2)
        guard index >= 0 else { throw invalid(2, Int64(index)) }
        return PartitionID(topic: try topicID(1), index: PartitionIndex(index))
    }

    fileprivate func port(_ number: UInt32) throws(DecodeError) -> UInt16 {
        let port: Int32 = try integer(number)
        guard let port = UInt16(exactly: port) else { throw invalid(number, Int64(port)) }
        return port
    }

    fileprivate func optionalIncarnation(_ number: UInt32) throws(DecodeError) -> IncarnationID? {
        guard has(number) else { return nil }
        let (high, low) = try id(number)
        return IncarnationID(high: high, low: low)
    }

    func optionalOffset(_ number: UInt32) throws(DecodeError) -> Offset? {
        has(number) ? Offset(try integer(number)) : nil
    }

    fileprivate func brokerID() throws(DecodeError) -> NodeID { NodeID(try integer(1, default: nil)) }
    fileprivate func brokerEpoch() throws(DecodeError) -> BrokerEpoch { BrokerEpoch(try integer(2, default: nil)) }
}

extension PartitionRecord {
    fileprivate func write(into fields: inout FieldWriter) {
        fields.id(1, high: id.topic.high, low: id.topic.low)
        fields.integerUnlessZero(2, id.index.rawValue)
        fields.integers(3, replicas)
        fields.integers(4, inSyncReplicas)
        fields.integer(5, leader.rawValue)
        fields.integerUnlessZero(6, leaderEpoch.rawValue)
        fields.integerUnlessZero(7, partitionEpoch.rawValue)
        fields.integersUnlessEmpty(8, eligibleLeaderReplicas)
        if lastKnownLeader != .none { fields.integer(9, lastKnownLeader.rawValue) }
        fields.integersUnlessEmpty(10, addingReplicas)
        fields.integersUnlessEmpty(11, removingReplicas)
    }

    fileprivate init(reading fields: FieldReader) throws(DecodeError) {
        self.init(
            id: try fields.partitionID(), replicas: try fields.integers(3), inSyncReplicas: try fields.integers(4),
            leader: NodeID(try fields.integer(5, default: nil)), leaderEpoch: LeaderEpoch(try fields.integer(6)),
            partitionEpoch: PartitionEpoch(try fields.integer(7)),
            eligibleLeaderReplicas: try fields.integers(8),
            lastKnownLeader: NodeID(try fields.integer(9, default: NodeID.none.rawValue)),
            addingReplicas: try fields.integers(10), removingReplicas: try fields.integers(11))
    }
}

extension PartitionChangeRecord {
    fileprivate func write(into fields: inout FieldWriter) {
        fields.id(1, high: id.topic.high, low: id.topic.low)
        fields.integerUnlessZero(2, id.index.rawValue)
        if let replicas { fields.integers(3, replicas) }
        if let inSyncReplicas { fields.integers(4, inSyncReplicas) }
        if let leader { fields.integer(5, leader.rawValue) }
        if let eligibleLeaderReplicas { fields.integers(6, eligibleLeaderReplicas) }
        if let lastKnownLeader { fields.integer(7, lastKnownLeader.rawValue) }
        if let addingReplicas { fields.integers(8, addingReplicas) }
        if let removingReplicas { fields.integers(9, removingReplicas) }
    }

    fileprivate init(reading fields: FieldReader) throws(DecodeError) {
        self.init(id: try fields.partitionID())
        if fields.has(3) { replicas = try fields.integers(3) }
        if fields.has(4) { inSyncReplicas = try fields.integers(4) }
        if fields.has(5) { leader = NodeID(try fields.integer(5)) }
        if fields.has(6) { eligibleLeaderReplicas = try fields.integers(6) }
        if fields.has(7) { lastKnownLeader = NodeID(try fields.integer(7)) }
        if fields.has(8) { addingReplicas = try fields.integers(8) }
        if fields.has(9) { removingReplicas = try fields.integers(9) }
    }
}

extension ConfigResource {
    fileprivate func write(into fields: inout FieldWriter) {
        switch self {
        case .topic(let name):
            fields.integer(1, Int8(1))
            fields.text(2, name)
        case .broker(let id):
            fields.integer(1, Int8(2))
            fields.integer(3, id)
        case .brokerDefaults: fields.integer(1, Int8(3))
        case .clientMetrics(let name):
            fields.integer(1, Int8(4))
            fields.text(2, name)
        }
    }

    fileprivate init(reading fields: FieldReader) throws(DecodeError) {
        let kind: Int8 = try fields.integer(1, default: nil)
        switch kind {
        case 1: self = .topic(try fields.text(2))
        case 2: self = .broker(try fields.integer(3, default: nil))
        case 3: self = .brokerDefaults
        case 4: self = .clientMetrics(try fields.text(2))
        default: throw fields.invalid(1, Int64(kind))
        }
    }
}

extension BrokerRecord {
    fileprivate func write(into fields: inout FieldWriter) {
        fields.integer(1, id.rawValue)
        fields.integer(2, epoch.rawValue)
        fields.id(3, high: incarnation.high, low: incarnation.low)
        fields.elements(4, listeners) { listener, fields in
            fields.text(1, listener.name)
            fields.text(2, listener.host)
            fields.integer(3, Int32(listener.port))
            fields.integerUnlessZero(4, Int16(listener.securityProtocol.rawValue))
        }
        if let rack { fields.text(5, rack) }
        fields.elements(6, features) { feature, fields in
            fields.text(1, feature.name)
            fields.integerUnlessZero(2, feature.levelMin)
            fields.integerUnlessZero(3, feature.levelMax)
        }
        fields.flag(7, isFenced)
        if let rpc {
            fields.text(8, rpc.host)
            fields.integer(9, Int32(rpc.port))
        }
        if let directory { fields.id(10, high: directory.high, low: directory.low) }
        fields.flag(11, isInControlledShutdown)
        fields.flag(12, isDraining)
    }

    fileprivate init(reading fields: FieldReader) throws(DecodeError) {
        let (high, low) = try fields.id(3)
        self.init(
            id: try fields.brokerID(), epoch: try fields.brokerEpoch(),
            incarnation: IncarnationID(high: high, low: low),
            listeners: try fields.elements(4, BrokerListener.init(reading:)), rack: try fields.optionalText(5),
            features: try fields.elements(6) { fields throws(DecodeError) in
                FeatureRange(
                    name: try fields.text(1), levelMin: try fields.integer(2), levelMax: try fields.integer(3))
            },
            isFenced: fields.has(7), rpc: fields.has(8) ? try RPCEndpoint(reading: fields) : nil,
            directory: try fields.optionalIncarnation(10), isInControlledShutdown: fields.has(11),
            isDraining: fields.has(12))
    }
}

extension RPCEndpoint {
    /// Fields 8 and 9 of a broker.
    fileprivate init(reading fields: FieldReader) throws(DecodeError) {
        self.init(host: try fields.text(8), port: try fields.port(9))
    }
}

extension BrokerListener {
    fileprivate init(reading fields: FieldReader) throws(DecodeError) {
        let port = try fields.port(3)
        let number: Int16 = try fields.integer(4)
        guard let byte = UInt8(exactly: number), let known = SecurityProtocol(rawValue: byte) else {
            throw fields.invalid(4, Int64(number))
        }
        self.init(name: try fields.text(1), host: try fields.text(2), port: port, securityProtocol: known)
    }
}
