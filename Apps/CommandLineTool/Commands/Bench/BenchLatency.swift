// SPDX-License-Identifier: Apache-2.0

import AdminClient
import ArgumentParser
import MyelinClient
import Primitives
import Synchronization

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

    @Option(help: ArgumentHelp("Bytes of each value; 16 at least.", valueName: "size"))
    var recordSize = SizeArgument(256)

    @Option(help: "Who must have a record: all in-sync replicas or the leader (1).")
    var acks = Acks.all

    @OptionGroup var topicOptions: BenchTopicOptions
    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var outputOptions: OutputOptions

    func validate() throws {
        if !(1...1_000_000).contains(rate) { throw ValidationError("--rate is \(rate); 1 to 1000000 are possible") }
        if duration.milliseconds < 1 { throw ValidationError("--duration is 0") }
        if !(16...1 << 20).contains(recordSize.byteCount) {
            throw ValidationError("--record-size is \(recordSize.byteCount); 16 bytes to 1 MiB are possible")
        }
        if acks == .none { throw ValidationError("--acks 0 has no acknowledgement to wait for") }
    }

    func run(_ node: NodeSession, in surroundings: Surroundings) async throws {
        let partitions = try await topicOptions.prepare(node, surroundings)
        let progress = Progress("bench latency", on: surroundings)
        defer { progress.finish() }
        let run = LatencyRun(
            count: max(Int64(rate) * duration.milliseconds / 1000, 1), interval: 1_000_000_000 / Int64(rate),
            recordSize: recordSize.byteCount, topic: topicOptions.topic)
        let sent = try await node.withClient { client in
            let consumer = try await follow(partitions, client)
            return try await withThrowingTaskGroup(of: ProduceTally?.self) { group in
                group.addTask {
                    try await run.read(consumer)
                    return nil
                }
                group.addTask {
                    var settings = ProducerSettings()
                    settings.acknowledgement = acks.acknowledgement
                    return try await RecordSender.with(node, settings) { try await run.send(through: $0, progress) }
                }
                defer { group.cancelAll() }
                return try await waitForAll(&group, run)
            }
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
        throw Failure("reading ended before the measurement was over")
    }

    private func follow(_ partitions: [TopicPartition], _ client: MyelinClient) async throws -> Consumer {
        let ends = try await client.offsets(of: partitions, at: .latest)
        let consumer = Consumer(client)
        await consumer.assign(ends)
        return consumer
    }

    private func report(_ run: LatencyRun, _ tally: ProduceTally) -> BenchReport {
        BenchReport(
            name: "latency", topic: topicOptions.topic, recordCount: tally.recordCount, byteCount: tally.byteCount,
            elapsed: run.elapsed,
            histograms: [
                ("acknowledgedNanoseconds", "acknowledged after", run.acknowledged),
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
    private let topic: String
    /// Differs from that of every other run on the topic.
    private let mark = UInt64.random(in: .min ... .max)
    /// A little later than now, so that reading has begun when the first record is due.
    private let start = ContinuousClock.now + .milliseconds(200)
    private let state = Mutex((acknowledged: LatencyHistogram(), endToEnd: LatencyHistogram(), elapsed: Int64(0)))

    init(count: Int64, interval: Int64, recordSize: Int, topic: String) {
        self.count = count
        self.interval = interval
        self.recordSize = recordSize
        self.topic = topic
    }

    var acknowledged: LatencyHistogram { state.withLock { $0.acknowledged } }
    var endToEnd: LatencyHistogram { state.withLock { $0.endToEnd } }
    var elapsed: Int64 { state.withLock { $0.elapsed } }

    private var now: Int64 { (ContinuousClock.now - start).nanoseconds }

    func send(through sender: RecordSender, _ progress: Progress) async throws {
        try await withThrowingDiscardingTaskGroup { group in
            for number in 0..<count {
                let due = number * interval
                // Sleeping is exact to about a millisecond here; what is due meanwhile is sent at once.
                if due > now { try await Task.sleep(for: .nanoseconds(due - now), tolerance: .zero) }
                let deliveries = try await sender.send([ProducerRecord(topic: topic, value: value(due))])
                group.addTask { [self] in
                    for delivery in deliveries { _ = try await delivery.position() }
                    let time = now
                    state.withLock { $0.acknowledged.add(time - due) }
                }
                progress.update(Double(number) / Double(count), "\(Units.count(number, "record"))")
            }
        }
        state.withLock { $0.elapsed = now }
    }

    func read(_ consumer: Consumer) async throws {
        while !Task.isCancelled {
            let records = try await consumer.poll()
            let time = now
            for due in records.compactMap({ due(of: $0) }) { state.withLock { $0.endToEnd.add(time - due) } }
        }
    }

    /// The mark of the run and when the record was due.
    private func value(_ due: Int64) -> SharedBytes {
        var writer = ByteWriter(capacity: recordSize)
        writer.writeInt64(Int64(bitPattern: mark))
        writer.writeInt64(due)
        writer.writeBytes([UInt8](repeating: 0x2e, count: recordSize - 16))
        return writer.shared
    }

    /// nil for records of others.
    private func due(of record: ConsumerRecord) -> Int64? {
        guard let value = record.value, value.count == recordSize else { return nil }
        let found: Int64 = value.loadBigEndian(at: 0)
        return found == Int64(bitPattern: mark) ? value.loadBigEndian(at: 8) : nil
    }
}
