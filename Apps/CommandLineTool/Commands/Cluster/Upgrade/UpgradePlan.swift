// SPDX-License-Identifier: Apache-2.0

package import Primitives
package import WireProtocol

/// A process that an upgrade restarts.
package struct UpgradeNode: Hashable, Sendable, CustomStringConvertible {
    package enum Role: String, Sendable { case controller, broker }

    package let role: Role
    package let id: NodeID
    /// As it registered.
    package let host: String

    package init(role: Role, id: NodeID, host: String) {
        self.role = role
        self.id = id
        self.host = host
    }

    package var description: String { "\(role.rawValue) \(id)" }
}

/// Which nodes are restarted, in which order, and when the next one may be.
package enum UpgradePlan {
    /// Controllers first, because a controller understands brokers that are older than itself; the active one last of them, so
    /// that leadership changes once.
    package static func nodes(of info: Admin.ClusterInfoResponse) -> [UpgradeNode] {
        let brokers = info.brokers.map { UpgradeNode(role: .broker, id: $0.nodeID, host: $0.rpcHost) }
        let brokerAddresses = Set(
            info.brokers.flatMap { $0.endpoints.filter { $0.listenerName == "RPC" }.map(\.shown) })
        // A controller inside a broker's process is restarted with it.
        let controllers = info.controllers.filter { controller in
            !controller.endpoints.contains { brokerAddresses.contains($0.shown) }
        }.sorted { ($0.isActive ? 1 : 0, $0.nodeID) < ($1.isActive ? 1 : 0, $1.nodeID) }
        return controllers.map {
            UpgradeNode(role: .controller, id: $0.nodeID, host: $0.endpoints.first?.host ?? "")
        } + brokers
    }

    /// What has to heal before a node may be stopped; empty when nothing has.
    package static func obstacles(in info: Admin.ClusterInfoResponse) -> [String] {
        var obstacles: [String] = []
        if info.controllerID.rawValue < 0 { obstacles.append("no controller is active") }
        for controller in info.controllers where controller.isVoter && !controller.isActive && !controller.keepsUp {
            obstacles.append("controller \(controller.nodeID) does not keep up")
        }
        for broker in info.brokers where broker.state != "active" && broker.state != "draining" {
            obstacles.append("broker \(broker.nodeID) is \(broker.state)")
        }
        if info.offlinePartitionCount > 0 {
            obstacles.append(Units.count(Int64(info.offlinePartitionCount), "partition") + " without a leader")
        }
        if info.underReplicatedPartitionCount > 0 {
            obstacles.append(Units.count(Int64(info.underReplicatedPartitionCount), "under-replicated partition"))
        }
        return obstacles
    }

    /// The command that restarts `node`.
    ///
    /// - Returns: nil where the host is no host, which a shell must not see.
    package static func command(_ template: String, for node: UpgradeNode) -> String? {
        let isHost = node.host.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "-"), UInt8(ascii: ":"),
                UInt8(ascii: "_"):
                true
            default: false
            }
        }
        guard isHost, !node.host.isEmpty, !node.host.hasPrefix("-") else { return nil }
        return template.replacing("{role}", with: node.role.rawValue).replacing("{id}", with: "\(node.id)")
            .replacing("{host}", with: node.host)
    }

    /// The levels that finalizing or rolling back leads to; features that are there already are left out.
    package static func levels(of features: [Admin.FeatureInfo], rollingBack: Bool) -> [Admin.FeatureUpdate] {
        features.compactMap { feature in
            let level = rollingBack ? feature.supportedLevelMin : feature.supportedLevelMax
            let changes = rollingBack ? level < feature.finalizedLevel : level > feature.finalizedLevel
            return changes ? .with { ($0.name, $0.level) = (feature.name, level) } : nil
        }
    }
}

extension Admin.BrokerInfo {
    /// Where it answers RPC; the host of its first listener where it did not say.
    fileprivate var rpcHost: String {
        (endpoints.first { $0.listenerName == "RPC" } ?? endpoints.first)?.host ?? ""
    }
}

extension Admin.ControllerInfo {
    /// Heard of within the last seconds, and at most a moment's records behind.
    fileprivate var keepsUp: Bool {
        lastContactMilliseconds >= 0 && lastContactMilliseconds < 3_000 && (0..<1_000).contains(lagRecordCount)
    }
}
