// SPDX-License-Identifier: Apache-2.0

import AdminClient
import ArgumentParser
import MyelinClient
import Primitives
import WireProtocol

struct BenchConsume: ParsableCommand, NodeCommand {
    static let configuration = CommandConfiguration(
        commandName: "consume", abstract: "Measures how fast records are served.",
        discussion: """
            Reads a topic from its beginning to where it ends when the command starts, checks each batch and decodes its \
            records. Fill the topic first, with bench produce.

            EXAMPLES:
              myelin bench produce && myelin bench consume
              myelin bench consume --topic orders --output json
              myelin bench consume --max 100000
            """)

    @Option(help: ArgumentHelp("Topic to read.", valueName: "name"))
    var topic = "myelin-bench"

    @Option(
        name: [.customShort("n"), .long], help: ArgumentHelp("Stop when so many records are read.", valueName: "count"))
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
        let wanted = min(total, max ?? .max)
        let start = ContinuousClock.now
        var (recordCount, byteCount): (Int64, Int64) = (0, 0)
        try await node.withClient { client in
            let consumer = try await makeConsumer(
                of: description.partitions.map { TopicPartition(topic: topic, partition: $0.partition) }, client)
            while recordCount < wanted, await !consumer.hasReachedEnd {
                let records = try await consumer.poll()
                recordCount += Int64(records.count)
                byteCount += records.reduce(0) { $0 + Int64(($1.key?.count ?? 0) + ($1.value?.count ?? 0)) }
                let elapsed = (ContinuousClock.now - start).nanoseconds
                progress.update(
                    Double(recordCount) / Double(wanted),
                    "\(Units.count(recordCount, "record")), \(Units.bandwidth(bytes: byteCount, nanoseconds: elapsed))")
                try Task.checkCancellation()
            }
        }
        let elapsed = (ContinuousClock.now - start).nanoseconds
        progress.finish()
        let report = BenchReport(
            name: "consume", topic: topic, recordCount: recordCount, byteCount: byteCount, elapsed: elapsed)
        try surroundings.show(report, as: outputOptions.output)
    }

    private func makeConsumer(of partitions: [TopicPartition], _ client: MyelinClient) async throws -> Consumer {
        let range = try await RecordRange(
            of: partitions, from: .earliest, until: .latest, .readUncommitted, in: client)
        var settings = ConsumerSettings()
        settings.isolationLevel = .readUncommitted
        let consumer = Consumer(client, settings: settings)
        await consumer.assign(range.starts, upTo: range.ends)
        return consumer
    }
}
