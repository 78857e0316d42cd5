// SPDX-License-Identifier: Apache-2.0

import AdminClient
import ArgumentParser
import MyelinClient
import Primitives

struct BenchProduce: ParsableCommand, NodeCommand {
    static let configuration = CommandConfiguration(
        commandName: "produce", abstract: "Measures how fast records are taken.",
        discussion: """
            Sends with one producer, which has one batch of a partition under way and fills others meanwhile. The latency is \
            the time from a batch's first record to its acknowledgement: it grows with --in-flight.

            EXAMPLES:
              myelin bench produce
              myelin bench produce --records 1000000 --record-size 100 --batch-size 64KiB
              myelin bench produce --acks 1 --in-flight 1 --output json
              myelin bench produce --partitions 6 --topic bench-6 --compression zstd
            """)

    @Option(help: ArgumentHelp("Records to send.", valueName: "count"))
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
        _ = try await topicOptions.prepare(node, surroundings)
        let values = makeValues()
        let progress = Progress("bench produce", on: surroundings)
        defer { progress.finish() }
        let start = ContinuousClock.now
        let tally = try await RecordSender.with(node, settings) { sender in
            for number in stride(from: 0, to: records, by: values.count) {
                let count = Int(Swift.min(records - number, Int64(values.count)))
                try await sender.send(values[..<count].map { ProducerRecord(topic: topicOptions.topic, value: $0) })
                progress.update(Double(number) / Double(records), rate(sender.tally, since: start))
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

    private var settings: ProducerSettings {
        var settings = ProducerSettings()
        settings.acknowledgement = acks.acknowledgement
        settings.codec = compression.codec
        settings.batchByteCountMax = batchSize.byteCount
        settings.bufferByteCountMax = inFlight * batchSize.byteCount
        return settings
    }

    /// Different values, used in turn: enough that no cache holds the answer.
    private func makeValues() -> [SharedBytes] {
        var payload = BenchPayload(byteCount: recordSize.byteCount)
        return (0..<Swift.min(4096, Swift.max(4, (4 << 20) / recordSize.byteCount))).map { _ in payload.next() }
    }
}
