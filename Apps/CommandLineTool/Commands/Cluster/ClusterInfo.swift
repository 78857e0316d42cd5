// SPDX-License-Identifier: Apache-2.0

import AdminClient
import ArgumentParser
import Foundation
import Primitives
import WireProtocol

struct ClusterInfo: ParsableCommand, NodeCommand {
    static let configuration = CommandConfiguration(
        commandName: "info", abstract: "Shows brokers, controllers, features and totals.",
        discussion: """
            EXAMPLES:
              myelin cluster info
              myelin cluster info --output json | jq '.brokers[].endpoints'
            """)

    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var outputOptions: OutputOptions

    func run(_ node: NodeSession, in surroundings: Surroundings) async throws {
        let info = try await node.client.clusterInfo()
        try surroundings.show(ClusterInfoReport(info: info, now: Date.timestamp), as: outputOptions.output)
    }
}

extension Date {
    /// The wall clock as records count time.
    static var timestamp: Timestamp { Timestamp(Int64(Date().timeIntervalSince1970 * 1000)) }
}

struct ClusterInfoReport: Report {
    let info: Admin.ClusterInfoResponse
    let now: Timestamp

    func lines(on terminal: Terminal) -> [String] {
        var facts = Facts()
        facts.add("cluster", Cell(info.clusterID))
        facts.add("controller", info.controllerID.rawValue < 0 ? Cell("none", .bad) : "\(info.controllerID)")
        facts.add("answered by", "node \(info.answeringNodeID)")
        facts.add("topics", "\(Units.count(Int64(info.topicCount))) and \(info.internalTopicCount) internal")
        facts.add("partitions", "\(Units.count(Int64(info.partitionCount)))")
        facts.add("under-replicated", count(info.underReplicatedPartitionCount, .warning))
        facts.add("offline", count(info.offlinePartitionCount, .bad))
        return facts.lines(on: terminal) + [""] + brokers.lines(on: terminal) + featureLines(terminal)
    }

    private func count(_ value: Int32, _ style: TextStyle) -> Cell { Cell("\(value)", value == 0 ? .plain : style) }

    private var brokers: Table {
        var table = Table([
            .number("BROKER"), .text("ENDPOINTS"), .text("RACK"), .text("VERSION"), .text("STATE"), .text("UP"),
            .number("LEADERS"), .number("REPLICAS"), .number("SIZE"),
        ])
        for broker in info.brokers {
            table.add([
                "\(broker.nodeID)", Cell(broker.endpoints.map(\.shown).joined(separator: ",")), Cell(broker.rack),
                Cell(broker.version), broker.stateCell, Cell(broker.shownUptime(at: now)), "\(broker.leaderCount)",
                "\(broker.replicaCount)", Cell(broker.error == nil ? Units.bytes(broker.byteCount) : "-"),
            ])
        }
        return table
    }

    private func featureLines(_ terminal: Terminal) -> [String] {
        info.features.isEmpty ? [] : [""] + FeatureListReport(features: info.features).lines(on: terminal)
    }

    var document: Document {
        [
            "clusterId": .text(info.clusterID), "controllerId": .integer(info.controllerID.rawValue),
            "answeringNodeId": .integer(info.answeringNodeID.rawValue),
            "topicCount": .integer(info.topicCount), "internalTopicCount": .integer(info.internalTopicCount),
            "partitionCount": .integer(info.partitionCount),
            "underReplicatedPartitionCount": .integer(info.underReplicatedPartitionCount),
            "offlinePartitionCount": .integer(info.offlinePartitionCount),
            "brokers": .list(info.brokers.map(\.document)), "controllers": .list(info.controllers.map(\.document)),
            "features": .list(info.features.map(\.document)),
        ]
    }
}

extension Admin.Endpoint {
    var shown: String { "\(listenerName)://\(host.contains(":") ? "[\(host)]" : host):\(port)" }

    var document: Document {
        [
            "listenerName": .text(listenerName), "host": .text(host), "port": .integer(port),
            "securityProtocol": .text(securityProtocol),
        ]
    }
}

extension Admin.FeatureInfo {
    var document: Document {
        [
            "name": .text(name), "finalizedLevel": .integer(finalizedLevel),
            "supportedLevelMin": .integer(supportedLevelMin), "supportedLevelMax": .integer(supportedLevelMax),
        ]
    }
}
