// SPDX-License-Identifier: Apache-2.0

import BrokerNode
import Primitives
import RecordBatch
import TestNode
import Testing
import Transport

extension AdminNode {
    func kafkaClient() throws -> KafkaTestClient { try KafkaTestClient(port: node.kafkaAddress.port) }

    /// Produces one batch for each array of values, all records of it at one time, and waits for the acknowledgements.
    func produce(
        _ batches: [[String]], to topic: String, _ partition: Int32 = 0, at timestamp: Timestamp? = nil
    ) async throws {
        let client = try kafkaClient()
        for values in batches {
            var builder = BatchBuilder()
            for value in values { builder.append(timestamp: timestamp ?? now, value: SharedBytes(value)) }
            #expect(try await client.produce(topic, partition, builder.build(using: Compressor())) == 0)
        }
    }

    /// One batch of records that are so many minutes older than `start`, the oldest first.
    func produceMinutes(_ minutes: StrideThrough<Int64>, to topic: String, before start: Timestamp) async throws {
        var builder = BatchBuilder()
        for minute in minutes {
            builder.append(
                timestamp: start.advanced(byMilliseconds: -minute * 60_000), value: SharedBytes("\(minute) minutes"))
        }
        let client = try kafkaClient()
        #expect(try await client.produce(topic, 0, builder.build(using: Compressor())) == 0)
    }
}
