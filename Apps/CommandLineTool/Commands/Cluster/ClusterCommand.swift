// SPDX-License-Identifier: Apache-2.0

import ArgumentParser

struct ClusterCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cluster", abstract: "Looks at the cluster as a whole.",
        subcommands: [ClusterInfo.self, ClusterHealth.self])
}
