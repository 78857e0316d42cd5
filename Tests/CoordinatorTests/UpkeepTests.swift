// SPDX-License-Identifier: Apache-2.0

import Coordinator
import Primitives
import Testing

@Suite("what a controller does unasked")
struct UpkeepTests {
    private func at(_ seconds: Int64) -> Instant { Instant(nanoseconds: seconds * 1_000_000_000) }

    private func names(_ chores: [ControllerUpkeep.Chore]) -> [String] {
        chores.map { chore in
            switch chore {
            case .rebalanceLeaders: RebalanceLeaders.name
            case .balance(let step): step.evens ? "BalanceStep" : "BalanceStep for draining"
            case .raiseInternalReplication: RaiseInternalReplication.name
            }
        }
    }

    @Test("each chore comes once an interval, and none before its first one is over")
    func intervals() throws {
        let deciding = try Deciding()
        let settings = BrokerSettings()
        var upkeep = ControllerUpkeep(start: at(100))
        #expect(upkeep.nextDeadline(settings: settings) == at(130))
        #expect(names(upkeep.due(on: deciding.image, settings: settings, at: at(129))) == [])
        let balance = ["RaiseInternalReplication", "BalanceStep"]
        #expect(names(upkeep.due(on: deciding.image, settings: settings, at: at(130))) == balance)
        #expect(names(upkeep.due(on: deciding.image, settings: settings, at: at(159))) == [])
        #expect(
            names(upkeep.due(on: deciding.image, settings: settings, at: at(400))) == ["RebalanceLeaders"] + balance)
        #expect(upkeep.nextDeadline(settings: settings) == at(430))
    }

    @Test("with balancing and leader balancing off, draining goes on")
    func switchedOff() throws {
        var deciding = try Deciding(brokers: [(1, nil), (2, nil)])
        let settings = try BrokerSettings(
            SettingLayers(flags: ["myelin.balance.enable": "false", "auto.leader.rebalance.enable": "false"]))
        var upkeep = ControllerUpkeep(start: at(0))
        #expect(names(upkeep.due(on: deciding.image, settings: settings, at: at(300))) == ["RaiseInternalReplication"])
        _ = try deciding.run(DrainBroker(NodeID(1))).get()
        #expect(
            names(upkeep.due(on: deciding.image, settings: settings, at: at(330)))
                == ["RaiseInternalReplication", "BalanceStep for draining"])
    }
}
