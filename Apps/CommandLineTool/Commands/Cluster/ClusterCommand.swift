// SPDX-License-Identifier: Apache-2.0

import ArgumentParser

struct ClusterCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cluster", abstract: "Looks at the cluster as a whole, and changes what it is made of.",
        subcommands: [
            ClusterInfo.self, ClusterHealth.self, ClusterBrokers.self, ClusterControllers.self, ClusterBalance.self,
            ClusterDrain.self, ClusterFeatures.self, ClusterUpgrade.self,
        ])
}
