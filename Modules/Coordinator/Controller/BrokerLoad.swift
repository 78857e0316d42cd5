// SPDX-License-Identifier: Apache-2.0

internal import Primitives

/// What one broker bears, or one replica costs it, for each goal.
struct BrokerLoad {
    /// One place for each goal; the rest stays zero.
    private var values = SIMD8<Double>()

    static let zero = BrokerLoad()

    subscript(goal: BalanceGoal) -> Double {
        get { values[goal.place] }
        set { values[goal.place] = newValue }
    }

    static func += (left: inout BrokerLoad, right: BrokerLoad) {
        left.values += right.values
    }

    static func -= (left: inout BrokerLoad, right: BrokerLoad) {
        left.values -= right.values
    }

    static func / (left: BrokerLoad, divisor: Int) -> BrokerLoad {
        var result = left
        result.values /= Double(divisor)
        return result
    }
}

extension BrokerLoad {
    /// Of one replica.
    init(of load: PartitionLoad?, isLeader: Bool) {
        self.init()
        self[.replicaCount] = 1
        self[.diskBytes] = Double(load?.bytes ?? 0)
        self[.bytesIn] = Double(load?.bytesInPerSecond ?? 0)
        guard isLeader else { return }
        self[.leaderCount] = 1
        self[.bytesOut] = Double(load?.bytesOutPerSecond ?? 0)
    }

    /// What moves when only the leadership does.
    var ofLeading: BrokerLoad {
        var result = BrokerLoad()
        result[.leaderCount] = self[.leaderCount]
        result[.bytesOut] = self[.bytesOut]
        return result
    }
}

extension BalanceGoal {
    fileprivate var place: Int {
        switch self {
        case .replicaCount: 0
        case .leaderCount: 1
        case .diskBytes: 2
        case .bytesIn: 3
        case .bytesOut: 4
        }
    }
}
