// SPDX-License-Identifier: Apache-2.0

import AdminClient
import ArgumentParser
import MyelinClient
import Primitives
import RecordBatch
import WireProtocol

struct TopicProduce: ParsableCommand, NodeCommand {
    static let configuration = CommandConfiguration(
        commandName: "produce", abstract: "Writes lines of a file or of standard input as records.",
        discussion: """
            One line is one record. With --key-separator the text before the first separator is the key; records with a key \
            go to the partition that Kafka's Java client would choose. Ends when the input does, when every record is \
            acknowledged.

            EXAMPLES:
              printf 'k1:v1\\nk2:v2\\n' | myelin topic produce orders --key-separator :
              myelin topic produce orders --file /etc/services --compression zstd
              myelin topic produce orders --value hello --value world --key greeting
              myelin topic produce orders --value '{}' --header source=cli --partition 0
              myelin topic produce orders --key k1 --value '' --empty-as-null
            """)

    @Argument(help: "Topic.")
    var topic: String

    @Option(name: .shortAndLong, help: ArgumentHelp("Read this file instead of standard input.", valueName: "path"))
    var file: String?

    @Option(
        parsing: .unconditionalSingleValue,
        help: ArgumentHelp("A record's value, instead of input. Can be repeated.", valueName: "text"))
    var value: [String] = []

    @Option(
        parsing: .unconditional, help: ArgumentHelp("Key of every record that has none of its own.", valueName: "text"))
    var key: String?

    @Option(
        parsing: .unconditional, help: ArgumentHelp("What stands between key and value in a line.", valueName: "text"))
    var keySeparator: String?

    @Option(
        name: [.customShort("H"), .long],
        help: ArgumentHelp("Header of every record. Can be repeated.", valueName: "name=value"))
    var header: [Assignment] = []

    @Option(help: "Compression of the batches.")
    var compression = Compression.none

    @Option(help: ArgumentHelp("Only to this partition.", valueName: "index"))
    var partition: Int32?

    @Option(help: "Who must have a record: all in-sync replicas, the leader (1), or nobody asks (0).")
    var acks: Acks = .all

    @Option(help: ArgumentHelp("Size of a batch before compression.", valueName: "size"))
    var batchSize = SizeArgument(256 << 10)

    @Flag(help: "An empty value is null, which deletes the key in a compacted topic.")
    var emptyAsNull = false

    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var outputOptions: OutputOptions

    func validate() throws {
        if file != nil, !value.isEmpty { throw ValidationError("Give --file or --value, not both") }
        if keySeparator?.isEmpty == true { throw ValidationError("--key-separator is empty") }
        if let partition, partition < 0 { throw ValidationError("--partition is \(partition); 0 is the first") }
        if !(1...64 << 20).contains(batchSize.byteCount) {
            throw ValidationError("--batch-size is \(batchSize.byteCount); 1 byte to 64 MiB are possible")
        }
    }

    func run(_ node: NodeSession, in surroundings: Surroundings) async throws {
        let partition = try await checkPartition(of: node.describe(topic))
        let reader =
            try value.isEmpty ? file.map { try InputReader(path: $0) } ?? InputReader(surroundings.input()) : nil
        let progress = Progress("producing", on: surroundings)
        defer { progress.finish() }
        let rule = rule
        let tally = try await RecordSender.with(node, settings) { sender in
            try await sender.send(value.map { rule.record(from: Array($0.utf8), to: topic, partition) })
            if let reader { try await read(reader, into: sender, partition, rule, progress) }
        }
        progress.finish()
        try surroundings.show(
            ProduceReport(topic: topic, tally: tally, elapsed: progress.elapsed.nanoseconds), as: outputOptions.output)
    }

    private var settings: ProducerSettings {
        var settings = ProducerSettings()
        settings.acknowledgement = acks.acknowledgement
        settings.codec = compression.codec
        settings.batchByteCountMax = batchSize.byteCount
        settings.bufferByteCountMax = Swift.max(16 * batchSize.byteCount, settings.bufferByteCountMax)
        settings.deliveryMillisecondsMax = 30_000
        return settings
    }

    private var rule: RecordLine {
        RecordLine(
            separator: keySeparator.map { Array($0.utf8) }, key: key.map { SharedBytes($0) }, emptyIsNull: emptyAsNull,
            headers: header.map { RecordHeader(key: SharedBytes($0.key), value: SharedBytes($0.value)) })
    }

    private func checkPartition(of topic: Admin.TopicDescription) throws -> PartitionIndex? {
        let all = topic.partitions.map(\.partition)
        guard let partition else { return nil }
        guard all.contains(PartitionIndex(partition)) else {
            throw Failure(
                "topic '\(topic.name)' has no partition \(partition)",
                advice: ["It has \(Units.count(Int64(all.count), "partition")), counted from 0."])
        }
        return PartitionIndex(partition)
    }

    private func read(
        _ reader: InputReader, into sender: RecordSender, _ partition: PartitionIndex?, _ rule: RecordLine,
        _ progress: Progress
    ) async throws {
        var splitter = LineSplitter()
        var readCount: Int64 = 0
        reading: while true {
            switch try await reader.next() {
            case .bytes(let bytes):
                readCount += Int64(bytes.count)
                try await sender.send(splitter.split(bytes).map { rule.record(from: $0, to: topic, partition) })
            case .idle: break
            case .end: break reading
            }
            try Task.checkCancellation()
            let tally = sender.tally
            progress.update(
                reader.byteCount.map { Double(readCount) / Double(max($0, 1)) },
                "\(Units.count(tally.recordCount, "record")), \(Units.bytes(tally.byteCount))")
        }
        if let line = splitter.finish() { try await sender.send([rule.record(from: line, to: topic, partition)]) }
    }
}

/// Compression on the command line.
enum Compression: String, CaseIterable, ExpressibleByArgument {
    case none, gzip, snappy, lz4, zstd

    var codec: Codec {
        switch self {
        case .none: .none
        case .gzip: .gzip
        case .snappy: .snappy
        case .lz4: .lz4
        case .zstd: .zstd
        }
    }
}

/// Who must have a record before it counts.
enum Acks: String, CaseIterable, ExpressibleByArgument {
    case all
    case leader = "1"
    case none = "0"

    var acknowledgement: ProducerSettings.Acknowledgement {
        switch self {
        case .all: .all
        case .leader: .leader
        case .none: .nobody
        }
    }
}

struct ProduceReport: Report {
    let topic: String
    let tally: ProduceTally
    let elapsed: Int64

    func lines(on terminal: Terminal) -> [String] {
        let places = tally.spans.map { "\($0.partition): \($0.first)-\($0.last)" }
        let first =
            "produced \(Units.count(tally.recordCount, "record")) (\(Units.bytes(tally.byteCount))) to \(topic) in "
            + Units.duration(nanoseconds: elapsed)
        return [first.printable] + (places.isEmpty ? [] : ["offsets by partition  " + places.joined(separator: ", ")])
    }

    var document: Document {
        [
            "topic": .text(topic), "recordCount": .integer(tally.recordCount), "byteCount": .integer(tally.byteCount),
            "elapsedNanoseconds": .integer(elapsed),
            "partitions": .list(
                tally.spans.map {
                    [
                        "partition": .integer($0.partition.rawValue), "firstOffset": .integer($0.first.rawValue),
                        "lastOffset": .integer($0.last.rawValue),
                    ]
                }),
        ]
    }
}
