// SPDX-License-Identifier: Apache-2.0

import AdminClient
import ArgumentParser
import Primitives
import WireProtocol

struct TopicDescribe: ParsableCommand, NodeCommand {
    static let configuration = CommandConfiguration(
        commandName: "describe", abstract: "Shows partitions, offsets, size and settings of topics.",
        discussion: """
            START and END are the first offset that can be read and the one the next record gets. Of the settings only \
            those are shown that somebody set; --all shows every one with where its value comes from.

            EXAMPLES:
              myelin topic describe orders
              myelin topic describe orders --all
              myelin topic describe orders --output json | jq '.topics[0].partitions'
            """)

    @Argument(help: "Topics.")
    var names: [String]

    @Flag(help: "Every setting, not only those that were set.")
    var all = false

    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var outputOptions: OutputOptions

    func validate() throws {
        if names.isEmpty { throw ValidationError("Name at least one topic") }
    }

    func run(_ node: NodeSession, in surroundings: Surroundings) async throws {
        let topics = try await node.client.describeTopics(names)
        let report = TopicDescriptionReport(topics: topics, showsAllConfigs: all)
        try await node.show(topics, report, as: outputOptions.output, in: surroundings) { .topic($0.name) }
    }
}

struct TopicDescriptionReport: Report {
    let topics: [Admin.TopicDescription]
    let showsAllConfigs: Bool

    var document: Document { ["topics": .list(topics.map(\.document))] }

    func lines(on terminal: Terminal) -> [String] {
        topics.succeeded.enumerated().flatMap { index, topic in
            (index == 0 ? [] : [""]) + facts(topic).lines(on: terminal) + [""]
                + PartitionTable(partitions: topic.partitions, showsTopic: false).lines(on: terminal)
                + configLines(topic, terminal)
        }
    }

    private func facts(_ topic: Admin.TopicDescription) -> Facts {
        let records = topic.partitions.reduce(0) { $0 + $1.highWatermark.distance(from: $1.logStartOffset) }
        var facts = Facts()
        facts.add("topic", Cell(topic.name, .bold))
        facts.add("id", "\(topic.topicID)")
        if topic.isInternal { facts.add("internal", "yes") }
        facts.add("partitions", "\(topic.partitions.count)")
        facts.add("replication factor", "\(topic.replicationFactor)")
        facts.add("records", Cell(Units.count(records)))
        facts.add("size", Cell(Units.bytes(topic.partitions.reduce(0) { $0 + $1.byteCount })))
        return facts
    }

    private func configLines(_ topic: Admin.TopicDescription, _ terminal: Terminal) -> [String] {
        let entries = topic.configs.filter { showsAllConfigs || $0.origin != .defaultValue }
        guard !entries.isEmpty else { return [] }
        return [""] + ConfigTable(entries: entries).lines(on: terminal)
    }
}

/// Settings with value and origin.
struct ConfigTable {
    let entries: [Admin.ConfigEntry]

    func lines(on terminal: Terminal) -> [String] {
        var table = Table([.text("SETTING"), .text("VALUE"), .text("ORIGIN")])
        for entry in entries {
            table.add([
                Cell(entry.name), Cell(entry.shownValue),
                Cell(entry.origin.shown, entry.origin == .defaultValue ? .dim : .plain),
            ])
        }
        return table.lines(on: terminal)
    }
}

extension Admin.ConfigEntry {
    var shownValue: String { isSensitive ? "(hidden)" : value ?? "-" }

    var document: Document {
        [
            "name": .text(name), "value": .optional(value), "origin": .text("\(origin)"),
            "defaultValue": .optional(defaultValue), "isSensitive": .bool(isSensitive),
            "isReadOnly": .bool(isReadOnly), "type": .text(type), "documentation": .text(documentation),
            "validValues": .texts(validValues),
            "synonyms": .list(
                synonyms.map {
                    ["name": .text($0.name), "value": .optional($0.value), "origin": .text("\($0.origin)")]
                }),
        ]
    }
}

extension Admin.ConfigOrigin {
    /// For people; documents have the name of the case.
    var shown: String {
        switch self {
        case .unspecified: "unknown"
        case .topic: "topic"
        case .broker: "broker, while running"
        case .brokerDefault: "all brokers, while running"
        case .clientMetrics: "the subscription"
        case .staticBroker: "broker, at start"
        case .defaultValue: "default"
        case .group: "group"
        case .commandLine: "command line"
        case .environment: "environment"
        case .file: "file"
        }
    }
}

extension Admin.TopicDescription {
    fileprivate var document: Document {
        [
            "name": .text(name), "topicId": .text("\(topicID)"), "isInternal": .bool(isInternal),
            "replicationFactor": .integer(replicationFactor), "partitions": .list(partitions.map(\.document)),
            "configs": .list(configs.map(\.document)), "error": .error(error),
        ]
    }
}
