// SPDX-License-Identifier: Apache-2.0

import KafkaProtocol
import Primitives
import Testing

@Suite("Fetch responses whose records stay outside")
struct FetchLayoutTests {
    private static let runs: [SharedBytes] = [SharedBytes("first run of records"), .empty, SharedBytes("the third")]

    /// Three partitions in two topics, with `records` made from each run; the last but one has none.
    private func response(_ records: (SharedBytes) -> RecordsField) -> FetchResponse {
        var response = FetchResponse()
        response.throttleTimeMs = 5
        for (index, run) in Self.runs.enumerated() {
            var partition = FetchResponse.PartitionData()
            partition.partitionIndex = Int32(index)
            partition.records = records(run)
            if index != 1 { response.responses.append(FetchResponse.FetchableTopicResponse()) }
            response.responses[response.responses.count - 1].partitions.append(partition)
        }
        response.responses[1].partitions.append(FetchResponse.PartitionData())
        return response
    }

    private func encoded(_ response: FetchResponse, version: Int16) -> [UInt8] {
        var writer = ByteWriter()
        response.encode(into: &writer, version: version)
        return writer.bytes
    }

    @Test(
        "putting each run at its cut gives the bytes of the ordinary encoding", arguments: FetchResponse.validVersions)
    func splice(version: Int16) {
        var writer = ByteWriter()
        writer.writeInt64(0)
        var cuts: [RecordsCut] = []
        response { .external(byteCount: $0.count) }.encodeLayout(into: &writer, version: version, cuts: &cuts)
        #expect(cuts.map(\.byteCount) == Self.runs.map(\.count))

        var spliced: [UInt8] = []
        var sent = 8
        for (cut, run) in zip(cuts, Self.runs) {
            spliced += writer.bytes[sent..<cut.position] + run.array
            sent = cut.position
        }
        spliced += writer.bytes[sent...]
        #expect(spliced == encoded(response { .inline($0) }, version: version))
    }

    @Test("runs in memory and outside mix; only those outside are cuts")
    func mixed() throws {
        var mixed = response { .external(byteCount: $0.count) }
        mixed.responses[0].partitions[0].records = .inline(Self.runs[0])
        var writer = ByteWriter()
        var cuts: [RecordsCut] = [RecordsCut(position: 1, byteCount: 1)]
        mixed.encodeLayout(into: &writer, version: 12, cuts: &cuts)
        #expect(cuts.map(\.byteCount) == [1, 0, Self.runs[2].count])
    }

    @Test("ordinary encoding traps on records that are not in memory")
    func trap() async {
        await #expect(processExitsWith: .failure) {
            var partition = FetchResponse.PartitionData()
            partition.records = .external(byteCount: 3)
            var topic = FetchResponse.FetchableTopicResponse()
            topic.partitions = [partition]
            var response = FetchResponse()
            response.responses = [topic]
            var writer = ByteWriter()
            response.encode(into: &writer, version: 12)
        }
    }

    @Test("a field counts its bytes wherever they are")
    func byteCounts() {
        #expect(RecordsField.null.byteCount == 0)
        #expect(RecordsField.inline(Self.runs[0]).byteCount == 20)
        #expect(RecordsField.external(byteCount: 9).byteCount == 9)
    }
}
