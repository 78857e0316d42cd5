// SPDX-License-Identifier: Apache-2.0

import CommandLineTool
import Foundation
import Primitives
import Testing
import WireProtocol

@Suite("commands that look at a cluster and change it")
struct ClusterCommandTests {
    @Test("brokers are a table for people and stable JSON for programs")
    func brokers() async throws {
        try await ScriptedNode.with { node in
            node.change {
                $0.cluster.brokers[1].isFenced = true
                $0.cluster.brokers[2].isDraining = true
            }
            let run = await tool(["cluster", "brokers", "--cluster", node.address])
            #expect(run.status == .success, "\(run.errors)")
            #expect(run.output.contains("2  PLAINTEXT://b2:9092  r2    fenced"))
            let json = await tool(["cluster", "brokers", "-o", "json", "--cluster", node.address])
            let brokers = try #require(json.json?["brokers"] as? [NSDictionary])
            #expect(brokers.map { $0["state"] as? String } == ["active", "fenced", "draining"])
            #expect(
                Set(brokers[0].allKeys as? [String] ?? []) == [
                    "nodeId", "endpoints", "rack", "version", "isFenced", "startedAt", "leaderCount", "replicaCount",
                    "byteCount", "state", "inSyncCount", "isInControlledShutdown", "isDraining", "freeByteCount",
                    "error",
                ])
        }
    }

    @Test("a quorum without an active controller is not well")
    func controllers() async throws {
        try await ScriptedNode.with { node in
            let well = await tool(["cluster", "controllers", "--cluster", node.address])
            #expect(well.status == .success)
            #expect(well.output.contains("1  RPC://c1:9191  active     7  100"))
            node.change { $0.cluster.controllerID = NodeID(-1) }
            #expect(await tool(["cluster", "controllers", "--cluster", node.address]).status == .failure)
        }
    }

    @Test("a move names its replicas, is rehearsed first, and waits until nothing moves")
    func move() async throws {
        try await ScriptedNode.with { node in
            let arguments = ["partition", "move", "orders:1", "--replicas", "2,3", "--cluster", node.address]
            let dry = await tool(arguments + ["--dry-run"])
            #expect(dry.output == "would move orders-1 from 1 to 2, 3, 400 B to copy\n")
            #expect(await tool(arguments).status == .usage)
            #expect(node.read(\.moved).isEmpty)
            let done = await tool(arguments + ["--yes"])
            #expect(done.output == "moved orders-1 from 1 to 2, 3, 400 B to copy\n", "\(done.errors)")
            #expect(node.read { $0.moved.map(\.replicas) } == [[NodeID(2), NodeID(3)]])
            #expect(node.read(\.moves).isEmpty)
        }
    }

    @Test("--from and --to replace one broker, and leave alone what does not have it")
    func replacement() async throws {
        try await ScriptedNode.with { node in
            let arguments = ["partition", "move", "orders", "--to", "3", "--yes", "--cluster", node.address]
            let none = await tool(arguments + ["--from", "2"])
            #expect(none.errors.contains("nothing moves"))
            let done = await tool(arguments + ["--from", "1", "-o", "json"])
            #expect(done.status == .success)
            #expect(node.read { $0.moved.map(\.replicas) } == [[NodeID(3)], [NodeID(3)]])
        }
    }

    @Test("a throttle is set before the move and taken away behind it")
    func throttle() async throws {
        try await ScriptedNode.with { node in
            let run = await tool([
                "partition", "move", "orders:0", "--replicas", "2", "--throttle", "1MiB", "--yes", "--cluster",
                node.address,
            ])
            #expect(run.status == .success, "\(run.errors)")
            let changes = node.read(\.configChanges).map { change in
                change.alterations.map { "\(change.resource.name) \($0.operation) \($0.name)=\($0.value)" }
            }
            let rates = ["leader", "follower"].map { "\($0).replication.throttled.rate=" }
            func broker(_ id: Int, _ operation: String, _ value: String) -> [String] {
                rates.map { "\(id) \(operation) \($0)\(value)" }
            }
            func topic(_ operation: String) -> [String] {
                [
                    "orders \(operation) leader.replication.throttled.replicas=0:1",
                    "orders \(operation) follower.replication.throttled.replicas=0:2",
                ]
            }
            #expect(
                changes == [
                    broker(1, "set", "1048576"), broker(2, "set", "1048576"), topic("append"),
                    broker(1, "delete", ""), broker(2, "delete", ""), topic("subtract"),
                ])
        }
    }

    @Test("cancelling takes back what moves, and fails where nothing does")
    func cancel() async throws {
        try await ScriptedNode.with { node in
            let arguments = ["partition", "cancel", "orders", "--yes", "--cluster", node.address]
            #expect(await tool(arguments).status == .failure)
            node.change { $0.moves = [.with { ($0.topic, $0.replicas) = ("orders", [NodeID(2)]) }] }
            #expect(await tool(arguments).status == .success)
            #expect(node.read { $0.moved.map(\.replicas) } == [[]])
        }
    }

    @Test("a preferred leader is elected at once, an unclean one only after a yes")
    func election() async throws {
        try await ScriptedNode.with { node in
            let arguments = ["partition", "elect-leader", "orders", "--cluster", node.address]
            let preferred = await tool(arguments)
            #expect(preferred.output == "1 leads orders-0, 2 did\n")
            let refused = await tool(arguments + ["--unclean"])
            #expect(refused.status == .usage)
            #expect(refused.errors.contains("loses every record of orders-0"))
            #expect(node.read { $0.elections.filter { $0.type == .unclean }.allSatisfy(\.validateOnly) })
            #expect(await tool(arguments + ["--unclean", "--yes"]).status == .success)
            #expect(node.read { $0.elections.last?.validateOnly } == false)
        }
    }

    @Test("draining says what moves, waits until the broker is empty, and can be taken back")
    func drain() async throws {
        try await ScriptedNode.with { node in
            let arguments = ["cluster", "drain", "3", "--cluster", node.address]
            let dry = await tool(arguments + ["--dry-run"])
            #expect(dry.output == "would move 6 replicas, 2 of them leaders, away from broker 3\n")
            #expect(await tool(arguments).status == .usage)
            let done = await tool(arguments + ["--yes"])
            #expect(done.output.hasPrefix("broker 3 stores nothing and may be stopped"), "\(done.errors)")
            #expect(await tool(arguments + ["--undo"]).output == "broker 3 has partitions again\n")
            #expect(node.read { $0.drains.last?.undo } == true)
        }
    }

    @Test("the plan of a balance is only shown, unless it is to be applied")
    func balance() async throws {
        try await ScriptedNode.with { node in
            let plan = await tool(["cluster", "balance", "--cluster", node.address])
            #expect(plan.output.contains("orders          0  1    2     1.0 KiB  broker 1 leads 6 more than broker 2"))
            let refused = await tool(["cluster", "balance", "--apply", "--cluster", node.address])
            #expect(refused.status == .usage)
            let done = await tool(["cluster", "balance", "--apply", "--yes", "-o", "json", "--cluster", node.address])
            #expect(done.json?["isApplied"] as? Bool == true)
        }
    }

    @Test("an upgrade asks each broker to stop and waits until it has started again")
    func upgrade() async throws {
        try await ScriptedNode.with { node in
            let arguments = ["cluster", "upgrade", "--only", "brokers", "--cluster", node.address]
            let dry = await tool(arguments + ["--dry-run"])
            #expect(
                dry.output
                    == "would restart broker 1 on b1\nwould restart broker 2 on b2\nwould restart broker 3 on b3\n")
            let done = await tool(arguments + ["--yes"])
            #expect(done.status == .success, "\(done.errors)")
            #expect(node.read(\.stopped) == [NodeID(1), NodeID(2), NodeID(3)])
            #expect(done.errors.contains("broker 3 is back and in sync after"))
        }
    }

    @Test("an upgrade touches nothing while partitions are under-replicated")
    func unwell() async throws {
        try await ScriptedNode.with { node in
            node.change { $0.cluster.underReplicatedPartitionCount = 2 }
            let run = await tool([
                "cluster", "upgrade", "--only", "brokers", "--yes", "--timeout", "100ms", "--cluster", node.address,
            ])
            #expect(run.status == .failure)
            #expect(run.errors.contains("broker 1 is not restarted: 2 under-replicated partitions"))
            #expect(node.read(\.stopped).isEmpty)
        }
    }

    @Test("a restart command that fails ends the upgrade, and controllers need one")
    func restartCommand() async throws {
        try await ScriptedNode.with { node in
            let arguments = ["cluster", "upgrade", "--yes", "--cluster", node.address]
            let refused = await tool(arguments)
            #expect(refused.status == .usage)
            #expect(refused.errors.contains("controller 2 cannot be asked to restart"))
            let failed = await tool(arguments + ["--restart-command", "test {role}-{id}-{host} = x"])
            #expect(failed.status == .failure)
            #expect(failed.errors.contains("'test controller-2-c2 = x' ended with status 1"))
        }
    }

    @Test("finalizing raises features to what every node can, rolling back lowers them")
    func levels() async throws {
        try await ScriptedNode.with { node in
            for (flag, level, allowsDowngrade) in [("--finalize", Int32(3), false), ("--rollback", 1, true)] {
                let run = await tool(["cluster", "upgrade", flag, "--yes", "--cluster", node.address])
                #expect(run.status == .success)
                let request = try #require(node.read { $0.levels.last })
                #expect(request.updates.map(\.level) == [level])
                #expect(request.allowsDowngrade == allowsDowngrade && !request.validateOnly)
            }
        }
    }
}

@Suite("the plan of an upgrade")
struct UpgradePlanTests {
    @Test("controllers come first, the active one last of them; one inside a broker goes with it")
    func order() {
        var info = Admin.ClusterInfoResponse.threeBrokers
        #expect(
            UpgradePlan.nodes(of: info).map(\.description) == [
                "controller 2", "controller 3", "controller 1", "broker 1", "broker 2", "broker 3",
            ])
        info.brokers[0].endpoints += info.controllers[0].endpoints
        #expect(
            UpgradePlan.nodes(of: info).map(\.description).prefix(3) == ["controller 2", "controller 3", "broker 1"])
    }

    @Test("whatever is not well is in the way")
    func obstacles() {
        #expect(UpgradePlan.obstacles(in: .threeBrokers).isEmpty)
        let changes: [(inout Admin.ClusterInfoResponse) -> Void] = [
            { $0.controllerID = NodeID(-1) }, { $0.controllers[1].lagRecordCount = 5_000 },
            { $0.controllers[2].lastContactMilliseconds = -1 }, { $0.brokers[0].isFenced = true },
            { $0.brokers[1].isInControlledShutdown = true }, { $0.offlinePartitionCount = 1 },
            { $0.underReplicatedPartitionCount = 1 },
        ]
        for (number, change) in changes.enumerated() {
            var info = Admin.ClusterInfoResponse.threeBrokers
            change(&info)
            #expect(UpgradePlan.obstacles(in: info).count == 1, "change \(number)")
        }
    }

    @Test("a host that a shell would take for more than a host is put into no command")
    func shell() {
        func command(_ host: String) -> String? {
            UpgradePlan.command("ssh {host} x {role}@{id}", for: UpgradeNode(role: .broker, id: NodeID(4), host: host))
        }
        #expect(command("b-1.example") == "ssh b-1.example x broker@4")
        #expect(command("fe80::1") == "ssh fe80::1 x broker@4")
        for host in ["", "a;reboot", "$(x)", "-oProxyCommand=x", "a b", "`x`"] {
            #expect(command(host) == nil, "\(host)")
        }
    }

    @Test("an estimate needs two observations, follows the last seconds, and knows a standstill")
    func estimate() {
        var estimate = MoveEstimate()
        estimate.observe(left: 1_000, at: 0)
        #expect(estimate.bytesPerSecond == nil)
        estimate.observe(left: 900, at: 1_000_000_000)
        #expect(estimate.bytesPerSecond == 100)
        #expect(estimate.millisecondsLeft == 9_000)
        for second in 2...30 { estimate.observe(left: 900, at: Int64(second) * 1_000_000_000) }
        #expect(estimate.bytesPerSecond == nil)
    }
}
