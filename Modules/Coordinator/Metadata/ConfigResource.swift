// SPDX-License-Identifier: Apache-2.0

/// What a configuration entry belongs to.
public enum ConfigResource: Hashable, Comparable, Sendable {
    case topic(String)
    /// One broker, by its id in decimal.
    case broker(Int32)
    /// Every broker that has no value of its own; clients name it by the empty broker name.
    case brokerDefaults
    /// A subscription to metrics of clients, by its name (KIP-714).
    case clientMetrics(String)

    /// Topics by name, then brokers by id, then the defaults, then subscriptions by name.
    public static func < (left: ConfigResource, right: ConfigResource) -> Bool {
        switch (left, right) {
        case (.topic(let one), .topic(let other)): one < other
        case (.broker(let one), .broker(let other)): one < other
        case (.clientMetrics(let one), .clientMetrics(let other)): one < other
        default: left.rank < right.rank
        }
    }

    private var rank: Int {
        switch self {
        case .topic: 0
        case .broker: 1
        case .brokerDefaults: 2
        case .clientMetrics: 3
        }
    }
}
