// SPDX-License-Identifier: Apache-2.0

public import Primitives

/// What the active controller does unasked, and when: soft state that begins anew with every controller.
public struct ControllerUpkeep: Sendable {
    public enum Chore: Sendable {
        case rebalanceLeaders(RebalanceLeaders)
        case balance(BalanceStep)
        case raiseInternalReplication(RaiseInternalReplication)
    }

    private var lastLeaders: Instant
    private var lastBalance: Instant

    /// - Parameter start: When the controller became active; the first chores are due one interval later.
    public init(start: Instant) {
        lastLeaders = start
        lastBalance = start
    }

    /// Chores that are due, which are to be submitted like any other command.
    ///
    /// - Parameter loads: What brokers told last, asked for when it is needed; empty: replicas and leaders alone count.
    public mutating func due(
        on image: MetadataImage, settings: BrokerSettings, at now: Instant,
        loads: @autoclosure () -> [PartitionLoad] = []
    ) -> [Chore] {
        var chores: [Chore] = []
        if now >= leadersDeadline(settings) {
            lastLeaders = now
            if settings[.autoLeaderRebalance] { chores.append(.rebalanceLeaders(RebalanceLeaders())) }
        }
        if now >= balanceDeadline(settings) {
            lastBalance = now
            chores.append(.raiseInternalReplication(RaiseInternalReplication()))
            let evens = settings[.balanceEnabled]
            if evens || image.brokers().contains(where: \.isDraining) {
                let moveCountMax = settings[.balanceMovesMax]
                chores.append(.balance(BalanceStep(loads: loads(), moveCountMax: moveCountMax, evens: evens)))
            }
        }
        return chores
    }

    /// When the next chore is due.
    public func nextDeadline(settings: BrokerSettings) -> Instant {
        min(leadersDeadline(settings), balanceDeadline(settings))
    }

    private func leadersDeadline(_ settings: BrokerSettings) -> Instant {
        lastLeaders.advanced(byMilliseconds: Int64(settings[.leaderImbalanceCheckIntervalSeconds]) * 1000)
    }

    private func balanceDeadline(_ settings: BrokerSettings) -> Instant {
        lastBalance.advanced(byMilliseconds: Int64(settings[.balanceIntervalMilliseconds]))
    }
}
