// SPDX-License-Identifier: Apache-2.0

import AdminClient
import ArgumentParser
import Foundation
import MyelinClient
import Primitives
import WireProtocol

struct TopicConsume: ParsableCommand, NodeCommand {
    static let configuration = CommandConfiguration(
        commandName: "consume", abstract: "Prints the records of a topic.",
        discussion: """
            Reads from --from up to where the topic ends when the command starts, or with --follow until Ctrl-C. Records come \
            in order within a partition. Joins no group and commits nothing. --output json prints one object per line.

            FORMAT: \(RecordFormat.help)

            EXAMPLES:
              myelin topic consume orders
              myelin topic consume orders --from -10 --verbose
              myelin topic consume orders --from 2026-03-01T12:00Z --until 2026-03-02
              myelin topic consume orders --from 15m --format '%d %k\\n'
              myelin topic consume orders --max 5 --format '%p/%o  %k  %v\\n'
              myelin topic consume orders --follow --output json
            """)

    @Argument(help: "Topic.")
    var topic: String

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "Where to begin: \(StartText.help) Default: earliest, with --follow latest.", valueName: "start"))
    var from: String?

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "Where to end, exclusive: end, or as in --from. Default: end, with --follow never.", valueName: "end"))
    var until: String?

    @Option(name: [.customShort("n"), .long], help: ArgumentHelp("Stop after so many records.", valueName: "count"))
    var max: Int64?

    @Flag(name: .shortAndLong, help: "Wait for new records.")
    var follow = false

    @Option(help: ArgumentHelp("Only these, for example 0,2-5.", valueName: "set"))
    var partitions: PartitionSet?

    @Option(
        parsing: .unconditional, help: ArgumentHelp("How a record is printed; see FORMAT above.", valueName: "template")
    )
    var format: String?

    @Flag(name: .shortAndLong, help: "Print partition, offset, time, key and headers before each value.")
    var verbose = false

    @Flag(help: "Leave out records of transactions that are open or were aborted.")
    var readCommitted = false

    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var outputOptions: OutputOptions

    func validate() throws {
        let now = Date.timestamp
        for (name, text) in [("--from", from), ("--until", until)] {
            if let text, StartText.parse(text, now: now) == nil {
                throw ValidationError("'\(text)' is no place for \(name): \(StartText.help)")
            }
        }
        if format != nil, verbose { throw ValidationError("Give --format or --verbose, not both") }
        if format != nil, outputOptions.output != .table {
            throw ValidationError("Give --format or --output, not both")
        }
        if let max, max < 1 { throw ValidationError("--max is \(max); 1 is the least") }
        if until != nil, follow { throw ValidationError("Give --until or --follow, not both") }
    }

    func run(_ node: NodeSession, in surroundings: Surroundings) async throws {
        let printer = RecordPrinter(format: try recordFormat, output: outputOptions.output, surroundings: surroundings)
        let chosen = try choose(from: await node.describe(topic))
        do {
            try await node.withClient { client in
                var settings = ConsumerSettings()
                settings.isolationLevel = readCommitted ? .readCommitted : .readUncommitted
                settings.offsetReset = .none
                let range = try await range(of: chosen, settings.isolationLevel, in: client)
                let consumer = Consumer(client, settings: settings)
                await consumer.assign(range.starts, upTo: range.ends)
                try await withTaskCancellationHandler {
                    try await print(consumer, with: printer, to: surroundings.console)
                } onCancel: {
                    Task { try? await consumer.close() }
                }
            }
        } catch is ClientError where Task.isCancelled && follow {
            // Ctrl-C is how following ends.
        }
    }

    private func print(_ consumer: Consumer, with printer: RecordPrinter, to console: Console) async throws {
        var left = max ?? .max
        while await !consumer.hasReachedEnd {
            for found in try await consumer.poll() {
                try printer.print(
                    FoundRecord(topic: topic, partition: found.partition.partition, record: found.record))
                left -= 1
                if left == 0 { return try console.flush() }
            }
            try console.flush()
        }
    }

    private var recordFormat: RecordFormat {
        get throws {
            if let format { return try RecordFormat(format) }
            return verbose ? try RecordFormat("%p/%o  %d  %k  %h  %v\\n") : .values
        }
    }

    private func range(
        of partitions: [TopicPartition], _ isolationLevel: IsolationLevel, in client: MyelinClient
    ) async throws -> RecordRange {
        let now = Date.timestamp
        return try await RecordRange(
            of: partitions, from: StartText.parse(from ?? (follow ? "latest" : "earliest"), now: now) ?? .latest,
            until: follow ? nil : StartText.parse(until ?? "end", now: now), isolationLevel, in: client)
    }

    private func choose(from topic: Admin.TopicDescription) throws -> [TopicPartition] {
        let all = topic.partitions.map(\.partition)
        let chosen = partitions?.partitions ?? all
        if let missing = chosen.first(where: { !all.contains($0) }) {
            throw Failure(
                "topic '\(topic.name)' has no partition \(missing)",
                advice: ["It has \(Units.count(Int64(all.count), "partition")), counted from 0."])
        }
        return chosen.map { TopicPartition(topic: topic.name, partition: $0) }
    }
}

/// Writes records in the form that was asked for.
private struct RecordPrinter {
    let format: RecordFormat
    let output: OutputFormat
    let surroundings: Surroundings

    func print(_ found: FoundRecord) throws {
        switch output {
        case .table:
            try surroundings.console.write(format.bytes(of: found, isSafe: surroundings.terminal.isOutputTerminal))
        case .json: try surroundings.console.print(found.document.jsonLine)
        case .yaml: try surroundings.console.write(Array("---\n".utf8) + Array(found.document.yaml().utf8))
        }
    }
}
