// SPDX-License-Identifier: Apache-2.0

import ArgumentParser

struct TransactionCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "txn", abstract: "Inspects transactions and aborts those that hang.",
        subcommands: [TransactionList.self, TransactionDescribe.self, TransactionAbort.self])
}
