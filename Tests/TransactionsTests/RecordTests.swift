// SPDX-License-Identifier: Apache-2.0

import Primitives
import Testing
import Transactions

@Suite struct RecordTests {
    private func bytes(_ shared: SharedBytes?) -> [UInt8]? {
        shared.map { shared in (0..<shared.count).map { shared[$0] } }
    }

    @Test("records come back as they were written", arguments: TransactionState.allCases)
    func roundTrip(state: TransactionState) throws {
        let record = changed(producer(9, 4), state) {
            $0.partitions = state == .empty ? [] : [a0, a1, b0]
            $0.previousProducerID = ProducerID(8)
            $0.nextProducerID = ProducerID(10)
            $0.version = .bumping
        }
        let encoded = record.encoded()
        #expect(try TransactionRecord.decode(key: encoded.key, value: encoded.value) == .record(record))
        let tombstone = TransactionRecord.removed("t").encoded()
        #expect(bytes(tombstone.key) == bytes(encoded.key))
        #expect(try TransactionRecord.decode(key: tombstone.key, value: nil) == .record(.removed("t")))
    }

    @Test("a record of version 1 has Kafka's bytes")
    func goldenVersion1() {
        let record = changed(producer(1, 2), .ongoing) {
            $0.updatedAt = Timestamp(4)
            $0.startedAt = Timestamp(5)
            $0.version = .bumping
        }
        let encoded = record.encoded()
        #expect(bytes(encoded.key) == [0, 0, 0, 1, 0x74])
        #expect(
            bytes(encoded.value) == [
                0, 1, 0, 0, 0, 0, 0, 0, 0, 1, 0, 2, 0, 0, 0xea, 0x60, 1,
                2, 2, 0x61, 2, 0, 0, 0, 0, 0,
                0, 0, 0, 0, 0, 0, 0, 4, 0, 0, 0, 0, 0, 0, 0, 5,
                1, 2, 2, 0, 2,
            ])
    }

    @Test("a record of version 0, with partitions in any order and null for none, is read")
    func version0() throws {
        let key = SharedBytes([0, 0, 0, 1, 0x74])
        let fixed: [UInt8] = [0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 2, 0, 0, 0xea, 0x60]
        let times: [UInt8] = [0, 0, 0, 0, 0, 0, 0, 4, 0, 0, 0, 0, 0, 0, 0, 5]
        let partitions: [UInt8] = [0, 0, 0, 1, 0, 1, 0x61, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 0]
        let ongoing = changed(producer(1, 2), .ongoing) {
            ($0.updatedAt, $0.startedAt, $0.partitions) = (Timestamp(4), Timestamp(5), [a0, a1])
        }
        let value = SharedBytes(fixed + [1] + partitions + times)
        #expect(try TransactionRecord.decode(key: key, value: value) == .record(ongoing))
        let empty = changed(producer(1, 2), .empty) {
            ($0.updatedAt, $0.startedAt) = (Timestamp(4), Timestamp(5))
        }
        let null = SharedBytes(fixed + [0] + [0xff, 0xff, 0xff, 0xff] + times)
        #expect(try TransactionRecord.decode(key: key, value: null) == .record(empty))
    }

    @Test("every shorter prefix is refused, and unknown states and versions are")
    func refusals() {
        let encoded = changed(producer(9, 4), .ongoing) { $0.version = .bumping }.encoded()
        let value = bytes(encoded.value) ?? []
        for count in 0..<value.count {
            #expect(throws: DecodeError.self) {
                try TransactionRecord.decode(key: encoded.key, value: SharedBytes(Array(value.prefix(count))))
            }
        }
        var unknown = value
        unknown[16] = 6
        #expect(throws: DecodeError(.invalidValue(6), at: 16)) {
            try TransactionRecord.decode(key: encoded.key, value: SharedBytes(unknown))
        }
        unknown = value
        unknown[1] = 2
        #expect(throws: DecodeError.self) {
            try TransactionRecord.decode(key: encoded.key, value: SharedBytes(unknown))
        }
    }

    @Test("a key of a later kind is passed over")
    func laterKind() throws {
        #expect(
            try TransactionRecord.decode(key: SharedBytes([0, 1, 0xff]), value: nil) == .unknown(keyVersion: 1))
    }

    @Test("an id lies where Kafka looks for it")
    func placement() {
        #expect(
            TransactionStateTopic.partition(of: "my-transactional-id", count: 50)
                == PartitionIndex(javaHash("my-transactional-id", 50)))
        #expect(TransactionStateTopic.partition(of: "a", count: 50) == PartitionIndex(47))
    }

    /// Horner's rule in 64 bits, cut at the end.
    private func javaHash(_ text: String, _ count: Int32) -> Int32 {
        let hash = text.utf16.reduce(UInt64(0)) { ($0 &* 31 &+ UInt64($1)) & 0xffff_ffff }
        return Int32(hash & 0x7fff_ffff) % count
    }
}
