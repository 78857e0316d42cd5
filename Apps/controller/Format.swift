// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Composition
import ControllerNode
import Coordinator
import Foundation
import Primitives

/// `myelin-controller format`: says whose a new folder is.
struct Format: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Gives a new data folder to a controller of a cluster.",
        discussion: """
            Every controller's folder is formatted once, with the same cluster id. A folder that is this controller's already
            is left as it is, and one that is somebody else's is refused.
            """)

    @Option(
        help: ArgumentHelp("Id of the cluster; 'myelin-controller new-id' makes one.", valueName: "id"))
    var clusterID: String

    @Option(help: ArgumentHelp("Folder for all data of the controller; made when it is absent.", valueName: "dir"))
    var data: String

    @Option(help: ArgumentHelp("The controller's node.id.", valueName: "n"))
    var nodeID: Int32 = 1

    func run() throws {
        guard let cluster = ClusterID(clusterID) else {
            throw UsageError("--cluster-id \(clusterID): write 1 to 64 letters, digits, - and _")
        }
        guard nodeID >= 0 else { throw UsageError("--node-id \(nodeID): write 0 or more") }
        let path = URL(fileURLWithPath: data).standardizedFileURL.path
        try ControllerServer.format(dataDirectory: path, clusterID: cluster, node: NodeID(nodeID))
        print("\(path) belongs to controller \(nodeID) of cluster \(cluster)")
    }
}

/// `myelin-controller new-id`: an id for a new cluster.
struct NewID: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "new-id", abstract: "Prints a fresh id for a cluster: 22 characters, as Kafka makes them.")

    func run() {
        var generator = SystemRandomNumberGenerator()
        var entropy = Entropy(seed: generator.next())
        var id = ClusterID.random(using: &entropy)
        // A command line would take it for a flag.
        while id.text.hasPrefix("-") { id = .random(using: &entropy) }
        print(id)
    }
}
