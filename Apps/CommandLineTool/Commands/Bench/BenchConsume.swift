// SPDX-License-Identifier: Apache-2.0

import AdminClient
import ArgumentParser
import Primitives
import RecordBatch
import Transport
import WireProtocol

struct BenchConsume: ParsableCommand, NodeCommand {
    static let configuration = CommandConfiguration(
        commandName: "consume", abstract: "Measures how fast records are served.",
        discussion: """
            Reads a topic from its beginning to where it ends when the command starts, checks the checksum of each batch, and \
            decodes no record. Fill the topic first, with bench produce.

            EXAMPLES:
              myelin bench produce && myelin bench consume
              myelin bench consume --topic orders --output json
              myelin bench consume --max 100000
            """)

    @Option(help: ArgumentHelp("Topic to read.", valueName: "name"))
    var topic = "myelin-bench"

    @Option(name: [.customShort("n"), .long], help: ArgumentHelp("Stop after so many records.", valueName: "count"))
    var max: Int64?

    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var outputOptions: OutputOptions

    func validate() throws {
        if let max, max < 1 { throw ValidationError("--max is \(max); 1 is the least") }
    }

    func run(_ node: NodeSession, in surroundings: Surroundings) async throws {
        let description = try await node.describe(topic)
        let total = description.partitions.reduce(0) { $0 + $1.highWatermark.distance(from: $1.logStartOffset) }
        guard total > 0 else {
            throw Failure("topic '\(topic)' is empty", advice: ["Fill it first: myelin bench produce --topic \(topic)"])
        }
        let progress = Progress("bench consume", on: surroundings)
        defer { progress.finish() }
        let wanted = Double(min(total, max ?? .max))
        let start = ContinuousClock.now
        var (recordCount, byteCount): (Int64, Int64) = (0, 0)
        let stream = node.client.consume(request)
        for try await item in stream.items {
            byteCount += Int64(item.attachment.count)
            recordCount += try countRecords(item.attachment)
            let elapsed = (ContinuousClock.now - start).nanoseconds
            progress.update(
                Double(recordCount) / wanted,
                "\(Units.count(recordCount, "record")), \(Units.bandwidth(bytes: byteCount, nanoseconds: elapsed))")
        }
        for partition in try await stream.response().partitions {
            try await node.check(partition, about: .other("\(topic)-\(partition.partition)"))
        }
        let elapsed = (ContinuousClock.now - start).nanoseconds
        progress.finish()
        let report = BenchReport(
            name: "consume", topic: topic, recordCount: recordCount, byteCount: byteCount, elapsed: elapsed)
        try surroundings.show(report, as: outputOptions.output)
    }

    private var request: Admin.ConsumeRequest {
        .with {
            $0.topic = topic
            $0.start = .with { $0.kind = .earliest }
            $0.end = .with { $0.kind = .latest }
            $0.recordCountMax = max ?? 0
        }
    }

    private func countRecords(_ bytes: SharedBytes) throws -> Int64 {
        var batches = Batches(bytes)
        var count: Int64 = 0
        do {
            while let batch = try batches.next() {
                try batch.verifyChecksum()
                count += Int64(batch.header.recordCount)
            }
        } catch {
            throw Failure("what the node sent is damaged: \(error)")
        }
        return count
    }
}
