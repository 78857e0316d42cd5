// SPDX-License-Identifier: Apache-2.0

import ArgumentParser

struct PartitionCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "partition", abstract: "Looks at single partitions, moves them, changes their leaders.",
        subcommands: [PartitionList.self, PartitionMove.self, PartitionCancel.self, PartitionElectLeader.self])
}
