// SPDX-License-Identifier: Apache-2.0

import Coordinator
import Primitives
import Testing

@Suite("feature levels")
struct FeatureTests {
    private let name = Features.metadata.name

    private func update(
        _ deciding: inout Deciding, to level: Int16, _ direction: FeatureUpdate.Direction = .upgrade,
        of name: String? = nil
    ) throws -> UpdateFeatureRefusal? {
        let update = FeatureUpdate(name: name ?? self.name, level: level, direction: direction)
        switch try deciding.run(UpdateFeatures([update]))[0] {
        case .success: return nil
        case .failure(let refusal): return refusal
        }
    }

    @Test("features move inside what is supported, and never off or out of it")
    func bounds() throws {
        var deciding = try Deciding()
        #expect(deciding.image.features().map(\.name) == [name])
        #expect(try update(&deciding, to: 3) == nil)
        #expect(try update(&deciding, to: 4) == .unsupportedLevel(4, supported: Features.metadata))
        #expect(try update(&deciding, to: 0) == .required)
        #expect(try update(&deciding, to: 1, of: "metadata.version") == .unknownFeature("metadata.version"))
    }

    @Test("transactions go down and up in a cluster of several brokers, and change nothing else")
    func transactions() throws {
        var deciding = try Deciding()
        try deciding.join(2)
        let transactions = Features.transactions.name
        let before = deciding.image.configValue("min.insync.replicas", of: .brokerDefaults)
        #expect(try update(&deciding, to: 2, of: transactions) == nil)
        #expect(try update(&deciding, to: 1, .safeDowngrade, of: transactions) == nil)
        #expect(deciding.image.featureLevel(transactions) == 1)
        #expect(
            try update(&deciding, to: 3, of: transactions) == .unsupportedLevel(3, supported: Features.transactions))
        #expect(try update(&deciding, to: 2, of: transactions) == nil)
        #expect(deciding.image.configValue("min.insync.replicas", of: .brokerDefaults) == before)
    }

    @Test("with level 1 a cluster has one broker, live at once, and a second one is told to wait for level 2")
    func single() throws {
        var deciding = try Deciding(level: 1)
        #expect(deciding.image.broker(NodeID(1))?.isFenced == false)
        #expect(
            try deciding.run(Deciding.registration(2)) == .failure(.levelTooLow(1, needed: 2)))
        let topic = try deciding.createTopic(NewTopic(name: "a"))
        let before = deciding.image.topic(topic.id)
        deciding.now = deciding.now.advanced(byMilliseconds: 10_000)
        #expect(try deciding.run(FenceBrokers([NodeID(1)])) == [])
        #expect(try deciding.beat(1, wantsShutdown: true).shouldShutDown)
        deciding.now = deciding.now.advanced(byMilliseconds: 2000)
        _ = try deciding.run(Deciding.registration(1, incarnation: 1)).get()
        #expect(deciding.image.topic(topic.id) == before)
        #expect(deciding.image.broker(NodeID(1))?.isFenced == false)
        #expect(try update(&deciding, to: 2) == nil)
        try deciding.join(2)
        #expect(deciding.image.brokers().map(\.isFenced) == [false, false])
    }

    @Test("a level that a registered broker does not understand is refused")
    func blocked() throws {
        var deciding = try Deciding(level: 1)
        var old = Deciding.registration(1, incarnation: 1)
        old.features = [FeatureRange(name: name, levelMin: 1, levelMax: 1)]
        deciding.now = deciding.now.advanced(byMilliseconds: 2000)
        _ = try deciding.run(old).get()
        #expect(try update(&deciding, to: 2) == .unsupportedByBroker(NodeID(1)))
        #expect(deciding.image.featureLevel(name) == 1)
    }

    @Test("level 2 goes back to 1 only by order, and only while nothing needs it")
    func rollback() throws {
        var deciding = try Deciding(level: 2)
        try deciding.createTopic(NewTopic(name: "a"))
        #expect(try update(&deciding, to: 1) == .downgrade(current: 2))
        #expect(try update(&deciding, to: 1, .unsafeDowngrade) == .unsafeDowngrade)
        try deciding.join(2)
        #expect(try update(&deciding, to: 1, .safeDowngrade) == .factsInUse(current: 2))
        _ = try deciding.run(UnregisterBroker(NodeID(2))).get()
        try deciding.fence(1)
        #expect(try update(&deciding, to: 1, .safeDowngrade) == .factsInUse(current: 2))
        try deciding.beat(1)
        #expect(try update(&deciding, to: 1, .safeDowngrade) == nil)
        #expect(deciding.image.featureLevel(name) == 1)
    }

    @Test("level 2 makes min.insync.replicas one number for the whole cluster")
    func agreedInSyncMin() throws {
        let settings = try BrokerSettings(SettingLayers(file: ["min.insync.replicas": "2"]))
        var deciding = try Deciding(level: 1, settings: settings)
        let own = AlterConfigs.Change(.set, name: "min.insync.replicas", value: "3")
        _ = try deciding.run(AlterConfigs([(ConfigTarget(.broker, name: "1"), [own])]))[0].get()
        #expect(try update(&deciding, to: 2) == nil)
        #expect(deciding.image.configValue("min.insync.replicas", of: .broker(1)) == nil)
        #expect(deciding.image.configValue("min.insync.replicas", of: .brokerDefaults) == "3")
    }
}
