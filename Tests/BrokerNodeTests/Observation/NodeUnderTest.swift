// SPDX-License-Identifier: Apache-2.0

import BrokerNode
import ControllerNode
import Coordinator
import Foundation
import Transport

/// A node of two shards on a folder that goes with it.
struct NodeUnderTest {
    let node: BrokerNode
    let folder: String
    private let group: ShardLoopGroup

    static func run<Value>(
        settings: [String: String] = [:], folder kept: String? = nil, _ body: (NodeUnderTest) async throws -> Value
    ) async throws -> Value {
        let folder =
            kept ?? FileManager.default.temporaryDirectory.appending(path: "observation-\(UUID().uuidString)").path
        defer { if kept == nil { try? FileManager.default.removeItem(atPath: folder) } }
        let group = ShardLoopGroup(count: 2)
        let flags = settings.merging([
            "listeners": "PLAINTEXT://127.0.0.1:0", "offsets.topic.num.partitions": "4",
        ]) { given, _ in given }
        let node = try await BrokerNode.start(
            settings: BrokerSettings(SettingLayers(flags: flags)), dataDirectory: folder, on: group, log: .silent)
        let tested = NodeUnderTest(node: node, folder: folder, group: group)
        do {
            let value = try await body(tested)
            await node.stop(drainingForMilliseconds: 100)
            await group.shutDown()
            return value
        } catch {
            await node.stop(drainingForMilliseconds: 100)
            await group.shutDown()
            throw error
        }
    }

    func client() throws -> KafkaTestClient { try KafkaTestClient(port: node.kafkaAddress.port) }

    /// Keeps a loop from doing anything else until the returned closure is called, or a minute has passed.
    func block(loop index: Int) -> @Sendable () -> Void {
        let released = DispatchSemaphore(value: 0)
        group.loops[index].execute { _ = released.wait(timeout: .now() + 60) }
        return { released.signal() }
    }

    /// Waits as long as it takes: how soon a scrape must be there is not what these tests are about.
    func samples() async -> PrometheusSamples { PrometheusSamples(await node.metricsText(withinMilliseconds: 60_000)) }
}
