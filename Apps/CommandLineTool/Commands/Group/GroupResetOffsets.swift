// SPDX-License-Identifier: Apache-2.0

import AdminClient
import ArgumentParser
import Primitives
import WireProtocol

struct GroupResetOffsets: ParsableCommand, NodeCommand {
    static let configuration = CommandConfiguration(
        commandName: "reset-offsets", abstract: "Moves the committed offsets of a group that has no members.",
        discussion: """
            Shows for each partition where the group stands and where it would stand, and asks; without a terminal it needs \
            --yes. Stop the consumers first: a group with members is refused.

            EXAMPLES:
              myelin group reset-offsets billing --to earliest --dry-run
              myelin group reset-offsets billing --to 2026-03-01T12:00:00Z --topic orders
              myelin group reset-offsets billing --to 2h --topic orders:0,1 --yes
              myelin group reset-offsets billing --to -100 --yes
            """)

    @Argument(help: "Group.")
    var id: String

    @Option(parsing: .unconditional, help: ArgumentHelp(OffsetTargetText.help, valueName: "target"))
    var to: String

    @Option(
        help: ArgumentHelp(
            "Only in this topic, or in these partitions of it: orders or orders:0,2-5. Without it: all that are committed.",
            valueName: "topic[:set]"))
    var topic: [TopicSelection] = []

    @OptionGroup var confirmation: ConfirmationOptions
    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var outputOptions: OutputOptions

    func validate() throws {
        if OffsetTargetText.parse(to) == nil {
            throw ValidationError("'\(to)' is no target for --to. \(OffsetTargetText.help)")
        }
    }

    func run(_ node: NodeSession, in surroundings: Surroundings) async throws {
        guard let target = OffsetTargetText.parse(to) else { return }
        let selection = topic.map(\.message)
        let plan = try await reset(node, selection, target, validateOnly: true)
        if confirmation.dryRun {
            return try await show(plan, OffsetResetReport(resets: plan, isPlan: true), node, surroundings)
        }
        for reset in plan { try await node.check(reset, about: .other("\(reset.topic)-\(reset.partition)")) }
        guard !plan.isEmpty else {
            throw Failure(
                "group '\(id)' has no committed offsets to move",
                advice: ["Name partitions with --topic to give it some."])
        }
        let lines = OffsetResetReport(resets: plan, isPlan: true).lines(on: surroundings.terminal)
        let count = Units.count(Int64(plan.count), "partition")
        try surroundings.confirm(
            (surroundings.terminal.isInteractive ? lines : [])
                + ["This moves the committed offsets of group \(id) in \(count) on \(node.address.text) to \(to)."],
            "Move the offsets?", unless: confirmation.yes)
        let done = try await reset(node, selection, target, validateOnly: false)
        try await show(done, OffsetResetReport(resets: done, isPlan: false), node, surroundings)
    }

    private func reset(
        _ node: NodeSession, _ selection: [Admin.TopicPartitions], _ target: Admin.OffsetTarget, validateOnly: Bool
    ) async throws -> [Admin.OffsetReset] {
        do {
            return try await node.client.resetOffsets(
                of: id, selection: selection, to: target, validateOnly: validateOnly)
        } catch {
            throw await error.code == .notFound ? node.failure(error, about: .group(id)) : node.explained(error)
        }
    }

    private func show(
        _ resets: [Admin.OffsetReset], _ report: OffsetResetReport, _ node: NodeSession, _ surroundings: Surroundings
    ) async throws {
        try await node.show(resets, report, as: outputOptions.output, in: surroundings) {
            .other("\($0.topic)-\($0.partition)")
        }
    }
}

struct OffsetResetReport: Report {
    let resets: [Admin.OffsetReset]
    let isPlan: Bool

    var document: Document {
        [
            "partitions": .list(
                resets.map {
                    [
                        "topic": .text($0.topic), "partition": .integer($0.partition.rawValue),
                        "previousOffset": .optional($0.previousOffset?.rawValue),
                        "newOffset": .integer($0.newOffset.rawValue), "moved": .bool(!isPlan && $0.error == nil),
                        "error": .error($0.error),
                    ]
                })
        ]
    }

    func lines(on terminal: Terminal) -> [String] {
        guard !resets.isEmpty else { return ["no offsets to move"] }
        var table = Table([
            .text("TOPIC"), .number("PARTITION"), .number("COMMITTED"), .number(isPlan ? "WOULD BE" : "NOW"),
            .number("MOVES BY"),
        ])
        for reset in resets where reset.error == nil {
            let distance = reset.previousOffset.map { reset.newOffset.distance(from: $0) }
            table.add([
                Cell(reset.topic), "\(reset.partition)", Cell(reset.previousOffset.map { "\($0)" } ?? "-"),
                "\(reset.newOffset)", Cell(distance.map { ($0 > 0 ? "+" : "") + Units.count($0) } ?? "-"),
            ])
        }
        return table.lines(on: terminal)
    }
}
