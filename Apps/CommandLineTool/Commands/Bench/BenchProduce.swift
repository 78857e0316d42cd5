// SPDX-License-Identifier: Apache-2.0

import AdminClient
import ArgumentParser
import Foundation
import Primitives
import RecordBatch
import WireProtocol

struct BenchProduce: ParsableCommand, NodeCommand {
    static let configuration = CommandConfiguration(
        commandName: "produce", abstract: "Measures how fast records are taken.",
        discussion: """
            Sends batches that were built beforehand, so that building them is not measured, over one connection. The latency \
            is the time from handing over a batch to its acknowledgement: it grows with --in-flight.

            EXAMPLES:
              myelin bench produce
              myelin bench produce --records 1000000 --record-size 100 --batch-size 64KiB
              myelin bench produce --acks 1 --in-flight 1 --output json
              myelin bench produce --partitions 6 --topic bench-6 --compression zstd
            """)

    @Option(help: ArgumentHelp("Records to send, rounded up to whole batches.", valueName: "count"))
    var records: Int64 = 500_000

    @Option(help: ArgumentHelp("Bytes of each value.", valueName: "size"))
    var recordSize = SizeArgument(1024)

    @Option(help: ArgumentHelp("Bytes of a batch before compression.", valueName: "size"))
    var batchSize = SizeArgument(256 << 10)

    @Option(help: ArgumentHelp("Batches that may wait for their acknowledgement.", valueName: "count"))
    var inFlight = 8

    @Option(help: "Compression of the batches.")
    var compression = Compression.none

    @Option(help: "Who must have a record: all in-sync replicas, the leader (1), or nobody asks (0).")
    var acks = Acks.all

    @OptionGroup var topicOptions: BenchTopicOptions
    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var outputOptions: OutputOptions

    func validate() throws {
        if records < 1 { throw ValidationError("--records is \(records); 1 is the least") }
        if inFlight < 1 { throw ValidationError("--in-flight is \(inFlight); 1 is the least") }
        if !(1...16 << 20).contains(recordSize.byteCount) || !(1...16 << 20).contains(batchSize.byteCount) {
            throw ValidationError("--record-size and --batch-size can be 1 byte to 16 MiB")
        }
    }

    func run(_ node: NodeSession, in surroundings: Surroundings) async throws {
        let partitions = try await topicOptions.prepare(node, surroundings)
        let batches = makeBatches()
        let progress = Progress("bench produce", on: surroundings)
        defer { progress.finish() }
        let start = ContinuousClock.now
        let tally = try await BatchSender.with(
            node.client, topic: topicOptions.topic, acks: acks.code, inFlightMax: inFlight
        ) { sender in
            var (sent, index): (Int64, Int) = (0, 0)
            while sent < records {
                let batch = batches[index % batches.count]
                try await sender.send(batch, to: partitions[index % partitions.count])
                sent += Int64(batch.header.recordCount)
                index += 1
                progress.update(Double(sent) / Double(records), rate(sender.tally, since: start))
            }
        }
        let elapsed = (ContinuousClock.now - start).nanoseconds
        progress.finish()
        try surroundings.show(report(tally, elapsed), as: outputOptions.output)
    }

    private func report(_ tally: ProduceTally, _ elapsed: Int64) -> BenchReport {
        BenchReport(
            name: "produce", topic: topicOptions.topic, recordCount: tally.recordCount, byteCount: tally.byteCount,
            elapsed: elapsed,
            histograms: [("latencyNanoseconds", "acknowledged after", tally.latencies)],
            parameters: [
                .init("recordSize", .integer(recordSize.byteCount)), .init("batchSize", .integer(batchSize.byteCount)),
                .init("inFlight", .integer(inFlight)), .init("compression", .text(compression.rawValue)),
                .init("acks", .text(acks.rawValue)),
            ])
    }

    private func rate(_ tally: ProduceTally, since start: ContinuousClock.Instant) -> String {
        let elapsed = (ContinuousClock.now - start).nanoseconds
        return
            "\(Units.count(tally.recordCount, "record")), \(Units.bandwidth(bytes: tally.byteCount, nanoseconds: elapsed))"
    }

    /// A few different batches, used in turn: enough that no cache holds the answer.
    private func makeBatches() -> [Batch] {
        var payload = BenchPayload(byteCount: recordSize.byteCount)
        let compressor = Compressor()
        let count = max(batchSize.byteCount / (recordSize.byteCount + 12), 1)
        return (0..<16).map { _ in
            var builder = BatchBuilder(codec: compression.codec, capacity: batchSize.byteCount)
            for _ in 0..<count { builder.append(timestamp: Date.timestamp, value: payload.next()) }
            return builder.build(using: compressor)
        }
    }
}
