// SPDX-License-Identifier: Apache-2.0

import AdminClient
import ArgumentParser
import WireProtocol

struct TopicCreate: ParsableCommand, NodeCommand {
    static let configuration = CommandConfiguration(
        commandName: "create", abstract: "Creates topics.",
        discussion: """
            Partitions and replicas come from the cluster's settings num.partitions and default.replication.factor unless \
            given. Settings of topics: myelin config list.

            EXAMPLES:
              myelin topic create orders
              myelin topic create payments --partitions 6 --set retention.ms=604800000
              myelin topic create customers --set cleanup.policy=compact
              myelin topic create returns --partitions 6 --dry-run
              myelin topic create orders --if-not-exists
            """)

    @Argument(help: "Names: letters, digits, dot, underscore and hyphen, at most 249.")
    var names: [String]

    @Option(name: .shortAndLong, help: ArgumentHelp("Partitions of each topic.", valueName: "count"))
    var partitions: Int32?

    @Option(name: .shortAndLong, help: ArgumentHelp("Replicas of each partition.", valueName: "count"))
    var replicationFactor: Int16?

    @Option(
        name: [.customShort("s"), .long],
        help: ArgumentHelp("Setting that differs from the default.", valueName: "key=value"))
    var set: [Assignment] = []

    @Flag(help: "A topic that exists already is as good as created.")
    var ifNotExists = false

    @Flag(help: "Check everything, create nothing.")
    var dryRun = false

    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var outputOptions: OutputOptions

    func validate() throws {
        if names.isEmpty { throw ValidationError("Name at least one topic") }
        if let partitions, partitions < 1 { throw ValidationError("--partitions is \(partitions); 1 is the least") }
        if let replicationFactor, replicationFactor < 1 {
            throw ValidationError("--replication-factor is \(replicationFactor); 1 is the least")
        }
    }

    func run(_ node: NodeSession, in surroundings: Surroundings) async throws {
        let topics = names.map { name in
            Admin.NewTopic.with {
                $0.name = name
                $0.partitionCount = partitions ?? 0
                $0.replicationFactor = replicationFactor ?? 0
                $0.configs = set.map(\.setting)
            }
        }
        var outcomes = try await node.client.createTopics(topics, validateOnly: dryRun)
        let existing = outcomes.filter { ifNotExists && $0.error?.code == .alreadyExists }.map(\.name)
        for index in outcomes.indices where existing.contains(outcomes[index].name) { outcomes[index].error = nil }
        let report = OutcomeReport(
            outcomes: outcomes, listName: "topics",
            line: { existing.contains($0.name) ? "topic \($0.name) exists already" : $0.line(created: !dryRun) },
            fields: { $0.fields + [.init("created", .bool($0.error == nil && !dryRun && !existing.contains($0.name)))] }
        )
        try await node.show(outcomes, report, as: outputOptions.output, in: surroundings) {
            // That a name is not found is no news of one that is to be made.
            $0.error?.code == .notFound ? .other("topic '\($0.name)'") : .topic($0.name)
        }
    }
}

extension Assignment {
    var setting: Admin.ConfigSetting { .with { ($0.name, $0.value) = (key, value) } }
}

extension Admin.TopicOutcome {
    fileprivate func line(created: Bool) -> String {
        let size = "\(Units.count(Int64(partitionCount), "partition")) and replication factor \(replicationFactor)"
        return created ? "created topic \(name) with \(size)" : "would create topic \(name) with \(size)"
    }

    var fields: [Document.Field] {
        [
            .init("name", .text(name)), .init("topicId", .text("\(topicID)")),
            .init("partitionCount", .integer(partitionCount)),
            .init("replicationFactor", .integer(replicationFactor)), .init("configs", .settings(configs)),
        ]
    }
}
