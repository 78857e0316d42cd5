// SPDX-License-Identifier: Apache-2.0

import AdminClient
import ArgumentParser
import Primitives
import WireProtocol

struct TransactionList: ParsableCommand, NodeCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "Lists transactional ids with state, producer and age.",
        discussion: """
            EXAMPLES:
              myelin txn list
              myelin txn list 'billing*' --state Ongoing
              myelin txn list --older-than 60
              myelin txn list --output json | jq -r '.transactions[].transactionalId'
            """)

    @Argument(help: "Ids, or patterns with * and ?.")
    var patterns: [String] = []

    @Option(help: ArgumentHelp("Only in this state: Ongoing, PrepareCommit, Empty …", valueName: "state"))
    var state: [String] = []

    @Option(help: ArgumentHelp("Only open longer than this many seconds.", valueName: "seconds"))
    var olderThan: Int64?

    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var outputOptions: OutputOptions

    func validate() throws {
        if let olderThan, !(0...1_000_000_000).contains(olderThan) {
            throw ValidationError("--older-than takes 0 to 1000000000 seconds")
        }
    }

    func run(_ node: NodeSession, in surroundings: Surroundings) async throws {
        let wanted = patterns.map { NamePattern($0) }
        let found = try await node.client.transactions(
            states: state, olderThanMilliseconds: olderThan.map { $0 * 1_000 }
        ).filter { transaction in
            wanted.isEmpty || wanted.contains { $0.matches(transaction.transactionalID) }
        }
        try surroundings.show(TransactionListReport(transactions: found), as: outputOptions.output)
    }
}

struct TransactionListReport: Report {
    let transactions: [Admin.TransactionDescription]

    var document: Document { ["transactions": .list(transactions.map(\.document))] }

    func lines(on terminal: Terminal) -> [String] {
        guard !transactions.isEmpty else { return ["no transactional ids"] }
        var table = Table([
            .text("ID"), .text("STATE"), .number("PRODUCER"), .number("EPOCH"), .text("BEGUN"),
            .number("PARTITIONS"), .number("COORDINATOR"),
        ])
        for transaction in transactions {
            let count = transaction.partitions.reduce(0) { $0 + $1.partitions.count }
            table.add([
                Cell(transaction.transactionalID), Cell(transaction.state), "\(transaction.producerID)",
                "\(transaction.producerEpoch)", Cell(TimeText.format(transaction.startedAt ?? .none)), "\(count)",
                "\(transaction.coordinatorID)",
            ])
        }
        return table.lines(on: terminal)
    }
}

extension Admin.TransactionDescription {
    var document: Document {
        [
            "transactionalId": .text(transactionalID), "state": .text(state),
            "producerId": .integer(producerID.rawValue), "producerEpoch": .integer(producerEpoch.rawValue),
            "timeoutMs": .integer(timeoutMilliseconds),
            "startedAt": startedAt.map { .text(TimeText.format($0)) } ?? .null,
            "updatedAt": .text(TimeText.format(updatedAt)),
            "partitions": .list(
                partitions.map {
                    ["topic": .text($0.topic), "partitions": .list($0.partitions.map { .integer($0.rawValue) })]
                }),
            "coordinatorId": .integer(coordinatorID.rawValue), "error": .error(error),
        ]
    }
}
