// SPDX-License-Identifier: Apache-2.0

import Coordinator
import Primitives
import Testing

@Suite("metadata snapshots")
struct SnapshotTests {
    @Test("an image comes back from its snapshot, with its place in the log")
    func roundTrip() throws {
        var history = try RandomHistory(seed: 3)
        _ = try history.run(commandCount: 60)
        #expect(history.deciding.image.topicCount > 3)
        let snapshot = MetadataSnapshot(image: history.deciding.image, nextOffset: Offset(77), term: Term(5))
        #expect(try MetadataSnapshot(decoding: snapshot.encoded()) == snapshot)
        let empty = MetadataSnapshot(image: MetadataImage(), nextOffset: .zero, term: .zero)
        #expect(empty.encoded().count == MetadataSnapshot.headerByteCount)
        #expect(try MetadataSnapshot(decoding: empty.encoded()) == empty)
    }

    @Test("a snapshot is refused at every shorter prefix, and with any bit flipped")
    func damage() throws {
        var deciding = try Deciding()
        try deciding.createTopic(NewTopic(name: "payments", partitionCount: 2))
        let bytes = MetadataSnapshot(image: deciding.image, nextOffset: Offset(7), term: Term(1)).encoded()
        for length in 0..<bytes.count {
            #expect(throws: DecodeError.self) {
                try MetadataSnapshot(decoding: bytes.slice(from: 0, count: length))
            }
        }
        for position in 0..<bytes.count {
            var flipped = bytes.array
            flipped[position] ^= 1 << UInt8(position % 8)
            #expect(throws: DecodeError.self) { try MetadataSnapshot(decoding: SharedBytes(flipped)) }
        }
    }

    @Test("snapshot and tail lead to the same image as the whole log, whatever was decided", arguments: 0..<50)
    func snapshotAndTail(seed: UInt64) throws {
        var history = try RandomHistory(seed: seed)
        let records = try history.run(commandCount: 120)
        let cut = Entropy(seed: seed).index(of: records.count + 1)
        var whole = MetadataImage()
        var prefix = MetadataImage()
        for (position, record) in records.enumerated() {
            try whole.replay(record)
            if position < cut { try prefix.replay(record) }
        }
        let snapshot = MetadataSnapshot(image: prefix, nextOffset: Offset(Int64(cut)), term: Term(1))
        var restored = try MetadataSnapshot(decoding: snapshot.encoded()).image
        for record in records[cut...] { try restored.replay(MetadataRecord(decoding: SharedBytes(encoded(record)))) }
        #expect(whole == restored)
        #expect(whole == history.deciding.image)
        #expect(whole.records() == restored.records())
    }

    @Test("a delta over random decisions is what comparing the two images by hand gives", arguments: 0..<20)
    func randomDeltas(seed: UInt64) throws {
        var history = try RandomHistory(seed: seed)
        _ = try history.run(commandCount: 40)
        var recorder = MetadataDeltaRecorder(from: history.deciding.image)
        let before = history.deciding.image
        for record in try history.run(commandCount: 40) { try recorder.replay(record) }
        let after = recorder.image
        let old = Dictionary(uniqueKeysWithValues: before.topicsByName().map { ($0.id, $0) })
        let new = Dictionary(uniqueKeysWithValues: after.topicsByName().map { ($0.id, $0) })
        let delta = recorder.delta()
        #expect(delta.removedTopics.map(\.id) == before.topicsByName().map(\.id).filter { new[$0] == nil })
        #expect(delta.topics.map(\.id) == after.topicsByName().map(\.id).filter { old[$0] != new[$0] })
    }
}

extension Entropy {
    fileprivate func index(of count: Int) -> Int {
        var copy = self
        return copy.index(below: count)
    }
}

/// Random commands, lawful and not, on one image.
struct RandomHistory {
    var deciding: Deciding
    private var choices: Entropy

    init(seed: UInt64) throws {
        deciding = try Deciding(seed: seed, brokers: [(1, "a"), (2, "b"), (3, "b")])
        choices = Entropy(seed: seed ^ 0x5eed)
        history = deciding.image.records()
    }

    private var history: [MetadataRecord]

    /// Decides and replays; returns all records from the beginning of the first call, the brokers' included, or, when
    /// called again, those of this call.
    mutating func run(commandCount: Int) throws -> [MetadataRecord] {
        var records = history
        history = []
        for _ in 0..<commandCount { records += try step() }
        return records
    }

    private mutating func step() throws -> [MetadataRecord] {
        let name = "topic\(choices.index(below: 12))"
        switch choices.index(below: 7) {
        case 0, 1:
            let topic = NewTopic(
                name: name, partitionCount: Int32(1 + choices.index(below: 4)),
                replicationFactor: Int16(1 + choices.index(below: 4)),
                configs: [.init(name: "retention.ms", value: "\(choices.index(below: 9))")])
            return try decide(CreateTopics([topic]))
        case 2: return try decide(DeleteTopics([.name(name)]))
        case 3:
            return try decide(
                CreatePartitions([MorePartitions(topic: name, totalCount: Int32(choices.index(below: 8)))]))
        case 4:
            let change = AlterConfigs.Change(.set, name: "segment.ms", value: "\(1 + choices.index(below: 3))")
            return try decide(AlterConfigs([(ConfigTarget(.topic, name: name), [change])]))
        case 5:
            let configs = [NewTopic.Config(name: "num.partitions", value: "\(1 + choices.index(below: 3))")]
            return try decide(ReplaceConfigs([(ConfigTarget(.broker, name: ""), configs)]))
        default:
            let epoch = deciding.image.broker(NodeID(1))!.epoch
            return try decide(AllocateProducerIDs(broker: NodeID(1), epoch: epoch))
        }
    }

    private mutating func decide<Command: ControllerCommand>(_ command: Command) throws -> [MetadataRecord] {
        let decision = command.decide(on: deciding.state, using: &deciding.entropy)
        for record in decision.records { try deciding.image.replay(record) }
        deciding.nextOffset = deciding.nextOffset + Int64(decision.records.count)
        return decision.records
    }
}
