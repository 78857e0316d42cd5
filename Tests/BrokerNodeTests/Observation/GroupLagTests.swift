// SPDX-License-Identifier: Apache-2.0

import BrokerNode
import Foundation
import KafkaProtocol
import Primitives
import Telemetry
import Testing

@Suite("lag of consumer groups")
struct GroupLagTests {
    private static func milliseconds() -> Int64 { Int64((Date().timeIntervalSince1970 * 1_000).rounded(.down)) }

    private func lag(_ name: String, _ group: String, _ samples: PrometheusSamples) -> Double? {
        samples["myelin_group_lag_\(name){group=\"\(group)\",topic=\"t\",partition=\"0\"}"]
    }

    @Test("lag is exact in records, and in time the age of the first record not committed")
    func exactLag() async throws {
        try await NodeUnderTest.run { tested in
            let client = try tested.client()
            try await client.createTopic("t")
            let base = Self.milliseconds()
            // In one batch and in two; the age falls in the middle of a batch, and is not that of its first record.
            try await client.produce("t", times: [Timestamp(base - 90_000), Timestamp(base - 60_000)])
            try await client.produce("t", times: [Timestamp(base - 30_000)])
            try await client.findCoordinator(of: "g")
            for (group, offset) in [("all", 0), ("middle", 1), ("last", 2), ("done", 3)] as [(String, Int64)] {
                #expect(try await client.commit(group: group, "t", [(0, offset)]) == 0)
            }
            let before = Self.milliseconds()
            let samples = await tested.samples()
            let after = Self.milliseconds()
            for (group, count, time) in [
                ("all", 3, base - 90_000), ("middle", 2, base - 60_000), ("last", 1, base - 30_000),
            ] as [(String, Double, Int64)] {
                #expect(lag("records", group, samples) == count)
                let seconds = try #require(lag("seconds", group, samples))
                let milliseconds = Int64((seconds * 1_000).rounded())
                #expect((before - time...after - time).contains(milliseconds), "\(group): \(seconds) s")
            }
            #expect(lag("records", "done", samples) == 0)
            #expect(lag("seconds", "done", samples) == 0)
            #expect(samples["myelin_groups{state=\"Empty\"}"] == 4)
            #expect(samples["myelin_group_lag_left_out{what=\"groups\"}"] == 0)
            #expect(samples["myelin_group_lag_left_out{what=\"times\"}"] == 0)
        }
    }

    @Test("a topic that stamps append times is as old as its stamps, and deleted records make nobody older")
    func stampsAndDeletion() async throws {
        try await NodeUnderTest.run { tested in
            let client = try tested.client()
            try await client.createTopic("t", configs: [("message.timestamp.type", "LogAppendTime")])
            let before = Self.milliseconds()
            try await client.produce("t", times: [Timestamp(1), Timestamp(2)])
            let after = Self.milliseconds()
            try await client.produce("t", times: [Timestamp(3)])
            try await client.findCoordinator(of: "g")
            #expect(try await client.commit(group: "g", "t", [(0, 0)]) == 0)
            var begin = Self.milliseconds()
            var samples = await tested.samples()
            var seconds = try #require(lag("seconds", "g", samples))
            #expect(seconds * 1_000 >= Double(begin - after) - 0.5)
            #expect(seconds * 1_000 <= Double(Self.milliseconds() - before) + 0.5)
            var partition = DeleteRecordsRequest.DeleteRecordsPartition()
            partition.offset = 3
            var topic = DeleteRecordsRequest.DeleteRecordsTopic()
            topic.name = "t"
            topic.partitions = [partition]
            var request = DeleteRecordsRequest()
            request.topics = [topic]
            #expect(try await client.call(request, version: 1).topics[0].partitions[0].errorCode == 0)
            begin = Self.milliseconds()
            samples = await tested.samples()
            seconds = try #require(lag("seconds", "g", samples))
            #expect(seconds == 0)
            #expect(lag("records", "g", samples) == 3)
        }
    }

    @Test("five thousand groups stay within the bounds of a scrape, and what is left out is told")
    func bounds() async throws {
        try await NodeUnderTest.run { tested in
            let client = try tested.client()
            try await client.createTopic("t", partitionCount: 2)
            let now = Timestamp(Self.milliseconds())
            for partition: Int32 in [0, 1] {
                for _ in 0..<4 { try await client.produce("t", partition, times: Array(repeating: now, count: 200)) }
            }
            try await client.findCoordinator(of: "g")
            // The first commit to each partition of the offsets topic waits until it is loaded.
            for number in 0..<64 { #expect(try await client.commit(group: "g-\(number)", "t", [(0, 0)]) == 0) }
            var place: Int64 = 0
            for start in stride(from: 0, to: 5_000, by: 100) {
                for number in start..<start + 100 {
                    place += 1
                    let offsets = [(partition: Int32(0), offset: place % 400), (1, place % 400)]
                    try await client.send(KafkaTestClient.commit(group: "g-\(number)", "t", offsets), version: 5)
                }
                for _ in 0..<100 {
                    let response = try await client.receive(OffsetCommitResponse.self, version: 5)
                    #expect(response.topics[0].partitions.allSatisfy { $0.errorCode == 0 })
                }
            }
            var samples = await tested.samples()
            #expect(samples["myelin_groups{state=\"Empty\"}"] == 5_000)
            let seriesMax = MetricCatalogue.lagRecords.seriesCountMax
            #expect(samples.seriesCount(of: "myelin_group_lag_records") == seriesMax)
            #expect(samples["myelin_group_lag_left_out{what=\"groups\"}"] == 2_500)
            // 800 places are behind, each for several groups; a scrape looks 500 up and keeps them for the next.
            let left = try #require(samples["myelin_group_lag_left_out{what=\"times\"}"])
            #expect(left > 0)
            #expect(samples.seriesCount(of: "myelin_group_lag_seconds") == seriesMax - Int(left))
            samples = await tested.samples()
            #expect(samples["myelin_group_lag_left_out{what=\"times\"}"] == 0)
            #expect(samples.seriesCount(of: "myelin_group_lag_seconds") == seriesMax)
            #expect(samples["myelin_metric_series_folded{metric=\"myelin_group_lag_records\"}"] == nil)
        }
    }
}
