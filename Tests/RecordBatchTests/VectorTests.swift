// SPDX-License-Identifier: Apache-2.0

import Primitives
import RecordBatch
import Testing

@Suite("batches of other clients")
struct VectorTests {
    @Test("every client and codec is represented")
    func inventory() {
        for producer in ["java", "kafka-python", "aiokafka", "librdkafka"] {
            for codec in ["none", "gzip", "snappy", "lz4", "zstd"] {
                #expect(Vector.all.contains { $0.name == "\(producer)-hundred-\(codec)" })
                #expect(Vector.all.contains { $0.name == "\(producer)-simple-\(codec)" })
            }
        }
    }

    @Test("each decodes to the records its producer was given", arguments: Vector.ofRecords)
    func decodes(vector: Vector) throws {
        let batch = try Batch(parsing: vector.bytes())
        try batch.verifyChecksum()
        #expect(batch.header.codec == vector.codec)
        var records = try Records(batch, using: Decompressor())
        #expect(try records.remaining() == vector.expected)
    }

    @Test("each passes validation, which finds the latest time", arguments: Vector.ofRecords)
    func validates(vector: Vector) throws {
        let validated = try BatchValidator().validate(vector.bytes(), rules: .standard)
        let latest = vector.expected.max { $0.timestamp < $1.timestamp }
        #expect(validated.maxTimestamp == latest?.timestamp)
        #expect(validated.maxTimestampOffsetDelta == latest.map { Int32($0.offset.rawValue) })
        #expect(validated.statesMaxTimestamp)
    }

    @Test("our uncompressed batch is theirs, byte for byte", arguments: Vector.ofRecords.filter { $0.codec == .none })
    func encodesEqually(vector: Vector) throws {
        let theirs = try vector.bytes()
        var builder = BatchBuilder()
        for record in vector.expected { builder.append(record) }
        // The leader epoch is the broker's to set and lies outside the checksum; clients fill in −1 or 0.
        let epoch = try BatchHeader(parsing: theirs).partitionLeaderEpoch
        let ours = builder.build(using: Compressor(), leaderEpoch: epoch)
        #expect(ours.payload == (try Batch(parsing: theirs)).payload)
        #expect(ours.bytes == theirs)
    }

    @Test("a transactional batch of the Java client comes back byte for byte")
    func transactional() throws {
        let theirs = try Vector(name: "java-transactional-none").bytes()
        let producer = BatchProducer(id: ProducerID(4711), epoch: ProducerEpoch(3), baseSequence: 17)
        var builder = BatchBuilder(producer: producer, isTransactional: true)
        builder.append(timestamp: Vector.start, key: "k", value: "v")
        builder.append(timestamp: Vector.start.advanced(byMilliseconds: 1), key: "k2", value: "v2")
        #expect(builder.build(using: Compressor()).bytes == theirs)
        let header = try BatchValidator().validate(theirs, rules: .standard).header
        #expect(header.isTransactional && !header.isControl && header.lastSequence == 18)
    }

    @Test(
        "end-transaction markers of the Java client come back byte for byte",
        arguments: [("java-commit-none", TransactionOutcome.committed, 42), ("java-abort-none", .aborted, 43)])
    func markers(name: String, outcome: TransactionOutcome, offset: Int64) throws {
        let theirs = try Vector(name: name).bytes()
        let ours = BatchBuilder.endTransaction(
            outcome, producerID: ProducerID(4711), producerEpoch: ProducerEpoch(3), coordinatorEpoch: 9,
            timestamp: Vector.start, baseOffset: Offset(offset), leaderEpoch: LeaderEpoch(7))
        #expect(ours.bytes == theirs)
        var records = try Records(ours, using: Decompressor())
        let record = try #require(try records.next())
        #expect(try EndTransactionMarker(record) == EndTransactionMarker(outcome: outcome, coordinatorEpoch: 9))
        #expect(record.offset == Offset(offset))
        #expect(try BatchValidator().validate(theirs, rules: .standard).header.isControl)
    }

    @Test("each is a partial batch at every shorter prefix and refused by validation", arguments: Vector.all)
    func truncations(vector: Vector) throws {
        let bytes = try vector.bytes()
        let validator = BatchValidator()
        var surprises: [Int] = []
        for length in 1..<bytes.count {
            let prefix = bytes.slice(from: 0, count: length)
            var batches = Batches(prefix)
            let needed = length < BatchHeader.byteCount ? BatchHeader.byteCount : bytes.count
            do {
                _ = try batches.next()
                surprises.append(length)
            } catch {
                if error != .partial(at: 0, needed: needed, available: length) { surprises.append(length) }
            }
            if (try? validator.validate(prefix, rules: .standard)) != nil { surprises.append(length) }
        }
        #expect(surprises.isEmpty)
    }

    @Test("a flipped bit is refused, but for those outside the checksum that a broker sets", arguments: Vector.flipped)
    func bitFlips(vector: Vector) throws {
        var bytes = try vector.bytes().array
        let validator = BatchValidator()
        var acceptedBytes: Set<Int> = []
        for bit in 0..<bytes.count * 8 {
            bytes[bit / 8] ^= 1 << UInt8(bit % 8)
            do {
                _ = try validator.validate(SharedBytes(bytes), rules: .standard)
                acceptedBytes.insert(bit / 8)
            } catch {}
            bytes[bit / 8] ^= 1 << UInt8(bit % 8)
        }
        #expect(acceptedBytes == Set(0..<8).union(12..<16))
    }
}
