// SPDX-License-Identifier: Apache-2.0

import KafkaProtocol
import Primitives
import Testing

@Suite("Bounds of fields")
struct FieldBoundsTests {
    private func decode<Message: ProtocolMessage>(
        _ type: Message.Type, version: Int16, _ build: (inout ByteWriter) -> Void
    ) throws(DecodeError) -> Message {
        var writer = ByteWriter()
        build(&writer)
        var reader = ByteReader(writer.shared)
        return try Message(decoding: &reader, version: version)
    }

    @Test("an array cannot claim more elements than the bytes left can hold")
    func arrayCount() {
        // Heartbeats have no array; the topics of a Metadata request take two bytes each in version 1.
        #expect(throws: DecodeError(.countTooLarge(.init(Int32.max), limit: 2), at: 4)) {
            try decode(MetadataRequest.self, version: 1) {
                $0.writeInt32(.max)
                $0.writeZeros(5)
            }
        }
    }

    @Test("an array cannot have a negative count other than null")
    func negativeCount() {
        #expect(throws: DecodeError(.negativeLength(-2), at: 4)) {
            try decode(MetadataRequest.self, version: 1) { $0.writeInt32(-2) }
        }
    }

    @Test("null is refused where the version allows none")
    func nullArray() throws {
        #expect(throws: DecodeError(.unexpectedNull, at: 0)) {
            try decode(MetadataRequest.self, version: 0) { $0.writeInt32(-1) }
        }
        let all = try decode(MetadataRequest.self, version: 1) { $0.writeInt32(-1) }
        #expect(all.topics == nil)
        #expect(throws: DecodeError(.unexpectedNull, at: 0)) {
            try decode(HeartbeatRequest.self, version: 4) { $0.writeUInt8(0) }
        }
    }

    @Test("a string longer than old versions can carry is refused in new ones too")
    func longString() {
        #expect(throws: DecodeError(.countTooLarge(32_768, limit: 32_767), at: 0)) {
            try decode(HeartbeatRequest.self, version: 4) {
                $0.writeUnsignedVarint32(32_769)
                $0.writeZeros(40_000)
            }
        }
    }

    @Test("a tagged field must be as long as it says")
    func tagLength() {
        for claimed in [3, 5] as [UInt32] {
            #expect(throws: DecodeError.self) {
                try decode(ProduceResponse.self, version: 10) {
                    $0.writeUInt8(1)
                    $0.writeInt32(0)
                    $0.writeUInt8(1)
                    $0.writeUnsignedVarint32(0)
                    // An empty array takes one byte.
                    $0.writeUnsignedVarint32(claimed)
                    $0.writeUInt8(1)
                    $0.writeZeros(8)
                }
            }
        }
    }

    @Test("a tagged field cannot be longer than the frame")
    func tagBeyondEnd() {
        #expect(throws: DecodeError(.truncated(needed: 4_000_000_000, available: 0), at: 13)) {
            try decode(HeartbeatResponse.self, version: 4) {
                $0.writeZeros(6)
                $0.writeBytes([1, 0x10])
                $0.writeUnsignedVarint32(4_000_000_000)
            }
        }
    }

    @Test("a text for people is cut between characters when it is too long, never refused")
    func longText() throws {
        var response = DeleteTopicsResponse()
        var topic = DeleteTopicsResponse.DeletableTopicResult()
        topic.errorMessage = "x" + String(repeating: "ü", count: 20_000)
        response.responses = [topic]
        var writer = ByteWriter()
        response.encode(into: &writer, version: 5)
        var reader = ByteReader(writer.shared)
        let copy = try DeleteTopicsResponse(decoding: &reader, version: 5)
        #expect(copy.responses[0].errorMessage == "x" + String(repeating: "ü", count: 16_383))
    }

    @Test("encoding traps on a value that the version would lose")
    func lostValue() async {
        await #expect(processExitsWith: .failure) {
            var request = JoinGroupRequest()
            request.groupInstanceID = "static"
            var writer = ByteWriter()
            request.encode(into: &writer, version: 4)
        }
    }

    @Test("encoding drops a value that Kafka lets be lost")
    func droppedValue() throws {
        var response = MetadataResponse()
        response.clusterID = "cluster"
        var writer = ByteWriter()
        response.encode(into: &writer, version: 0)
        var reader = ByteReader(writer.shared)
        #expect(try MetadataResponse(decoding: &reader, version: 0).clusterID == nil)
    }

    @Test("records share the frame's memory")
    func records() throws {
        var request = ProduceRequest()
        var topic = ProduceRequest.TopicProduceData()
        var partition = ProduceRequest.PartitionProduceData()
        partition.records = SharedBytes("not copied")
        topic.partitionData = [partition]
        request.topicData = [topic]
        var writer = ByteWriter()
        request.encode(into: &writer, version: 9)
        let frame = writer.shared
        var reader = ByteReader(frame)
        let copy = try ProduceRequest(decoding: &reader, version: 9)
        let records = try #require(copy.topicData[0].partitionData[0].records)
        let start = frame.withUnsafeBytes { UInt(bitPattern: $0.baseAddress) }
        let end = start + UInt(frame.count)
        let address = records.withUnsafeBytes { UInt(bitPattern: $0.baseAddress) }
        #expect((start..<end).contains(address))
    }
}
