// SPDX-License-Identifier: Apache-2.0

public import Primitives

/// Replicas of a topic that replicate no faster than their broker's throttle says (KIP-73).
public enum ThrottledReplicas: SettingReadable, Hashable {
    case all
    case some(Set<Replica>)

    public struct Replica: Hashable, Sendable {
        public let partition: PartitionIndex
        public let broker: NodeID
    }

    public func contains(_ partition: PartitionIndex, on broker: NodeID) -> Bool {
        switch self {
        case .all: true
        case .some(let replicas): replicas.contains(Replica(partition: partition, broker: broker))
        }
    }

    public static func read(_ text: String?) -> ThrottledReplicas? {
        text.map([String].split).flatMap(ThrottledReplicas.init(parsing:))
    }

    /// nil when an element is malformed, or `*` is not alone.
    init?(parsing elements: [String]) {
        guard elements != ["*"] else {
            self = .all
            return
        }
        let replicas = elements.compactMap { element -> Replica? in
            let parts = element.split(separator: ":", omittingEmptySubsequences: false)
            guard parts.count == 2, let partition = Int32(parts[0]), let broker = Int32(parts[1]) else { return nil }
            return Replica(partition: PartitionIndex(partition), broker: NodeID(broker))
        }
        guard replicas.count == elements.count else { return nil }
        self = .some(Set(replicas))
    }
}
