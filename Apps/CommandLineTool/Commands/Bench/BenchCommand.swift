// SPDX-License-Identifier: Apache-2.0

import AdminClient
import ArgumentParser
import Foundation
import Primitives
import RecordBatch
import WireProtocol

struct BenchCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bench", abstract: "Measures a cluster, or a disk for one.",
        discussion: """
            produce, consume and latency use the native client; what they measure includes it. Run them on a machine with \
            processors to spare.
            """,
        subcommands: [BenchProduce.self, BenchConsume.self, BenchLatency.self, BenchDisk.self])
}

/// Which topic is used for measuring.
struct BenchTopicOptions: ParsableArguments {
    @Option(help: ArgumentHelp("Topic to use; made when it is not there, and left behind.", valueName: "name"))
    var topic = "myelin-bench"

    @Option(help: ArgumentHelp("Partitions of the topic when it is made.", valueName: "count"))
    var partitions: Int32 = 1

    func validate() throws {
        if partitions < 1 { throw ValidationError("--partitions is \(partitions); 1 is the least") }
    }

    /// The partitions of the topic, which is made when it is absent.
    func prepare(_ node: NodeSession, _ surroundings: Surroundings) async throws -> [TopicPartition] {
        if let found = try await node.client.describeTopics([topic]).first, found.error == nil {
            return found.partitions.map { TopicPartition(topic: topic, partition: $0.partition) }
        }
        let made = try await node.client.createTopic(topic, partitions: partitions)
        surroundings.console.note(
            "made topic \(topic) with \(Units.count(Int64(made.partitionCount), "partition")); when done: "
                + "myelin topic delete \(topic)")
        return try await node.describe(topic).partitions.map { TopicPartition(topic: topic, partition: $0.partition) }
    }
}

/// What a measurement of records gave.
struct BenchReport: Report {
    let name: String
    let topic: String
    let recordCount: Int64
    /// Of batches as they travelled, or of the keys and values that were read.
    let byteCount: Int64
    let elapsed: Int64
    /// Name, what it measures, values.
    var histograms: [(name: String, meaning: String, values: LatencyHistogram)] = []
    /// What was asked for.
    var parameters: [Document.Field] = []

    var document: Document {
        .fields(
            [
                .init("benchmark", .text(name)), .init("topic", .text(topic)),
                .init("recordCount", .integer(recordCount)),
                .init("byteCount", .integer(byteCount)), .init("elapsedNanoseconds", .integer(elapsed)),
                .init("recordsPerSecond", .number(Units.perSecond(recordCount, elapsed))),
                .init("bytesPerSecond", .number(Units.perSecond(byteCount, elapsed))),
                .init("parameters", .fields(parameters)),
            ] + histograms.map { .init($0.name, $0.values.document) })
    }

    func lines(on terminal: Terminal) -> [String] {
        var facts = Facts()
        facts.add("records", Cell(Units.count(recordCount)))
        facts.add("bytes", Cell(Units.bytes(byteCount)))
        facts.add("time", Cell(Units.duration(nanoseconds: elapsed)))
        facts.add("records/s", Cell(Units.count(Int64(Units.perSecond(recordCount, elapsed))), .bold))
        facts.add("bytes/s", Cell(Units.bandwidth(bytes: byteCount, nanoseconds: elapsed), .bold))
        return facts.lines(on: terminal)
            + histograms.filter { $0.values.count > 0 }.flatMap { histogram in
                ["", "\(histogram.meaning): \(histogram.values.summary)"]
                    + histogram.values.bars(width: min((terminal.width ?? 80) - 26, 50))
            }
    }
}

/// Payload for measuring: text that compresses about as well as JSON events do, different in each record.
struct BenchPayload {
    private var entropy: Entropy
    private let byteCount: Int

    init(byteCount: Int, seed: UInt64 = 1) {
        self.byteCount = byteCount
        entropy = Entropy(seed: seed)
    }

    /// Half of the bytes repeat, half are hexadecimal digits of random numbers.
    mutating func next() -> SharedBytes {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(byteCount + 32)
        while bytes.count < byteCount {
            bytes += "\"measurement\": \"".utf8
            bytes += hexadecimal(entropy.next(), digits: 16).utf8
        }
        return SharedBytes(Array(bytes.prefix(byteCount)))
    }
}
