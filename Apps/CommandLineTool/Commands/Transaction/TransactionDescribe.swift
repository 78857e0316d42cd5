// SPDX-License-Identifier: Apache-2.0

import AdminClient
import ArgumentParser
import Primitives
import WireProtocol

struct TransactionDescribe: ParsableCommand, NodeCommand {
    static let configuration = CommandConfiguration(
        commandName: "describe", abstract: "Shows where transactions stand, and which partitions they hold open.",
        discussion: """
            EXAMPLES:
              myelin txn describe billing-1
              myelin txn describe billing-1 --output json | jq '.transactions[0].partitions'
            """)

    @Argument(help: "Transactional ids.")
    var ids: [String]

    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var outputOptions: OutputOptions

    func validate() throws {
        if ids.isEmpty { throw ValidationError("Name at least one transactional id") }
    }

    func run(_ node: NodeSession, in surroundings: Surroundings) async throws {
        let found = try await node.client.describeTransactions(ids)
        let report = TransactionDescriptionReport(transactions: found)
        try await node.show(found, report, as: outputOptions.output, in: surroundings) {
            .transaction($0.transactionalID)
        }
    }
}

struct TransactionDescriptionReport: Report {
    let transactions: [Admin.TransactionDescription]

    var document: Document { ["transactions": .list(transactions.map(\.document))] }

    func lines(on terminal: Terminal) -> [String] {
        transactions.succeeded.enumerated().flatMap { index, transaction in
            (index == 0 ? [] : [""]) + facts(transaction).lines(on: terminal)
        }
    }

    private func facts(_ transaction: Admin.TransactionDescription) -> Facts {
        let topics = transaction.partitions.map { topic in
            "\(topic.topic):\(topic.partitions.map { "\($0)" }.joined(separator: ","))"
        }
        var facts = Facts()
        facts.add("id", Cell(transaction.transactionalID, .bold))
        facts.add("state", Cell(transaction.state))
        facts.add("producer", "\(transaction.producerID)")
        facts.add("epoch", "\(transaction.producerEpoch)")
        facts.add("time-out", "\(transaction.timeoutMilliseconds) ms")
        facts.add("begun", Cell(TimeText.format(transaction.startedAt ?? .none)))
        facts.add("updated", Cell(TimeText.format(transaction.updatedAt)))
        facts.add("partitions", Cell(topics.isEmpty ? "-" : topics.joined(separator: " ")))
        facts.add("coordinator", "node \(transaction.coordinatorID)")
        return facts
    }
}
