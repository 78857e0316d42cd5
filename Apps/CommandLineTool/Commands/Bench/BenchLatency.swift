// SPDX-License-Identifier: Apache-2.0

import AdminClient
import ArgumentParser
import Foundation
import Primitives
import RecordBatch
import Synchronization
import Transport
import WireProtocol

struct BenchLatency: ParsableCommand, NodeCommand {
    static let configuration = CommandConfiguration(
        commandName: "latency", abstract: "Measures how long records take, at a steady rate, from end to end.",
        discussion: """
            Sends single records at a fixed rate and reads them back as they come. A record's time begins when it was due, not \
            when it could be sent: a stall counts for every record that it delayed.

            EXAMPLES:
              myelin bench latency
              myelin bench latency --rate 5000 --duration 30s --record-size 1KiB
              myelin bench latency --acks 1 --output json
            """)

    @Option(help: ArgumentHelp("Records per second.", valueName: "count"))
    var rate = 1000

    @Option(help: ArgumentHelp("How long.", valueName: "duration"))
    var duration = DurationArgument(milliseconds: 10_000)

    @Option(help: ArgumentHelp("Bytes of each value; 8 at least.", valueName: "size"))
    var recordSize = SizeArgument(256)

    @Option(help: "Who must have a record: all in-sync replicas or the leader (1).")
    var acks = Acks.all

    @OptionGroup var topicOptions: BenchTopicOptions
    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var outputOptions: OutputOptions

    func validate() throws {
        if !(1...1_000_000).contains(rate) { throw ValidationError("--rate is \(rate); 1 to 1000000 are possible") }
        if duration.milliseconds < 1 { throw ValidationError("--duration is 0") }
        if !(8...1 << 20).contains(recordSize.byteCount) {
            throw ValidationError("--record-size is \(recordSize.byteCount); 8 bytes to 1 MiB are possible")
        }
        if acks == .none { throw ValidationError("--acks 0 has no acknowledgement to wait for") }
    }

    func run(_ node: NodeSession, in surroundings: Surroundings) async throws {
        let partitions = try await topicOptions.prepare(node, surroundings)
        let begins = try await node.describe(topicOptions.topic).partitions
        let progress = Progress("bench latency", on: surroundings)
        defer { progress.finish() }
        let run = LatencyRun(
            count: max(Int64(rate) * duration.milliseconds / 1000, 1), interval: 1_000_000_000 / Int64(rate),
            recordSize: recordSize.byteCount)
        let sent = try await withThrowingTaskGroup(of: ProduceTally?.self) { group in
            for begin in begins where partitions.contains(begin.partition) {
                let stream = node.client.consume(follow(begin))
                group.addTask {
                    try await run.read(stream)
                    return nil
                }
            }
            group.addTask {
                try await BatchSender.with(node.client, topic: topicOptions.topic, acks: acks.code, inFlightMax: 10_000)
                {
                    try await run.send(through: $0, to: partitions, progress)
                }
            }
            defer { group.cancelAll() }
            return try await waitForAll(&group, run)
        }
        progress.finish()
        try surroundings.show(report(run, sent), as: outputOptions.output)
    }

    /// Returns when everything that was acknowledged was also read, or when nothing came for a while.
    private func waitForAll(
        _ group: inout ThrowingTaskGroup<ProduceTally?, any Error>, _ run: LatencyRun
    ) async throws -> ProduceTally {
        while let finished = try await group.next() {
            guard let tally = finished else { continue }
            let deadline = ContinuousClock.now + .seconds(10)
            while run.endToEnd.count < tally.recordCount {
                guard ContinuousClock.now < deadline else {
                    throw Failure(
                        "of \(tally.recordCount) acknowledged records \(run.endToEnd.count) were read within 10 s of the last"
                    )
                }
                try await Task.sleep(for: .milliseconds(5))
            }
            return tally
        }
        throw Failure("the node ended the stream before the measurement was over")
    }

    private func follow(_ begin: Admin.PartitionInfo) -> Admin.ConsumeRequest {
        .with {
            $0.topic = topicOptions.topic
            $0.partitions = [begin.partition]
            $0.start = .with { ($0.kind, $0.offset) = (.offset, begin.highWatermark) }
            $0.follow = true
        }
    }

    private func report(_ run: LatencyRun, _ tally: ProduceTally) -> BenchReport {
        BenchReport(
            name: "latency", topic: topicOptions.topic, recordCount: tally.recordCount, byteCount: tally.byteCount,
            elapsed: run.elapsed,
            histograms: [
                ("acknowledgedNanoseconds", "acknowledged after", tally.latencies),
                ("endToEndNanoseconds", "read after", run.endToEnd),
            ],
            parameters: [
                .init("rate", .integer(rate)), .init("durationMilliseconds", .integer(duration.milliseconds)),
                .init("recordSize", .integer(recordSize.byteCount)), .init("acks", .text(acks.rawValue)),
            ])
    }
}

/// One measurement: due times of all records, and how late each was read.
private final class LatencyRun: Sendable {
    private let count: Int64
    private let interval: Int64
    private let recordSize: Int
    /// Differs from that of every other run on the topic.
    private let mark = UInt64.random(in: .min ... .max)
    /// A little later than now, so that the reading streams stand when the first record is due.
    private let start = ContinuousClock.now + .milliseconds(200)
    private let state = Mutex((histogram: LatencyHistogram(), elapsed: Int64(0)))

    init(count: Int64, interval: Int64, recordSize: Int) {
        self.count = count
        self.interval = interval
        self.recordSize = recordSize
    }

    var endToEnd: LatencyHistogram { state.withLock { $0.histogram } }
    var elapsed: Int64 { state.withLock { $0.elapsed } }

    private var now: Int64 { (ContinuousClock.now - start).nanoseconds }

    func send(through sender: BatchSender, to partitions: [PartitionIndex], _ progress: Progress) async throws {
        let compressor = Compressor()
        for number in 0..<count {
            let due = number * interval
            // Sleeping is exact to about a millisecond here; what is due meanwhile is sent at once.
            if due > now { try await Task.sleep(for: .nanoseconds(due - now), tolerance: .zero) }
            var builder = BatchBuilder()
            builder.append(timestamp: Date.timestamp, key: key, value: value(due))
            try await sender.send(builder.build(using: compressor), to: partitions[Int(number) % partitions.count])
            progress.update(Double(number) / Double(count), "\(Units.count(number, "record"))")
        }
        state.withLock { $0.elapsed = now }
    }

    func read(_ stream: ConsumeStream) async throws {
        let extractor = RecordExtractor()
        for try await item in stream.items {
            let time = now
            try extractor.forEach(in: item.message, item.attachment) { record in
                guard record.key == key, let due = due(of: record) else { return true }
                state.withLock { $0.histogram.add(time - due) }
                return true
            }
        }
    }

    private var key: SharedBytes { SharedBytes(hexadecimal(mark, digits: 16)) }

    private func value(_ due: Int64) -> SharedBytes {
        var writer = ByteWriter(capacity: recordSize)
        writer.writeInt64(due)
        writer.writeBytes([UInt8](repeating: 0x2e, count: recordSize - 8))
        return writer.shared
    }

    private func due(of record: Record) -> Int64? {
        guard let value = record.value, value.count >= 8 else { return nil }
        return value.loadBigEndian(at: 0)
    }
}
