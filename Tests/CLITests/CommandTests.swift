// SPDX-License-Identifier: Apache-2.0

import CommandLineTool
import Foundation
import Primitives
import Testing
import WireProtocol

@Suite("commands against a node")
struct CommandTests {
    @Test("topic list is a table for people and stable JSON for programs")
    func topicList() async throws {
        try await ScriptedNode.with { node in
            let table = await tool(["topic", "list", "--cluster", node.address])
            #expect(table.status == .success)
            #expect(
                table.output == """
                    TOPIC   PARTITIONS  REPLICAS  RECORDS   SIZE  CLEANUP  STATE
                    orders           2         1        3  300 B  delete   ok

                    """)
            let json = await tool(["--cluster", node.address, "-o", "json", "topic", "list"])
            let topics = try #require(json.json?["topics"] as? [NSDictionary])
            #expect(
                Set(topics[0].allKeys as? [String] ?? []) == [
                    "name", "topicId", "isInternal", "partitionCount", "replicationFactor", "recordCount", "byteCount",
                    "cleanupPolicy", "underReplicatedPartitionCount",
                ])
            #expect(topics[0]["byteCount"] as? Int == 300)
        }
    }

    @Test("options are good before and behind the command, and the environment names the node")
    func addresses() async throws {
        try await ScriptedNode.with { node in
            for arguments in [["--output", "yaml", "topic", "list"], ["topic", "list", "--output", "yaml"]] {
                let run = await tool(arguments, environment: ["MYELIN_CLUSTER": node.address])
                #expect(run.output.hasPrefix("topics:\n- name: orders\n"))
            }
            let flag = await tool(
                ["topic", "list", "--cluster", node.address], environment: ["MYELIN_CLUSTER": "127.0.0.1:1"])
            #expect(flag.status == .success)
        }
    }

    @Test("a profile names the node, the current one without being asked")
    func profiles() async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "myelin-\(UUID().uuidString)").path
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try await ScriptedNode.with { node in
            let home = ["HOME": folder]
            let added = await tool(["config", "profile", "add", "test", node.address], environment: home)
            #expect(added.output == "profile test is \(node.address), and current\n")
            _ = await tool(["config", "profile", "add", "other", "127.0.0.1:1"], environment: home)
            #expect(await tool(["topic", "list"], environment: home).status == .success)
            #expect(await tool(["topic", "list", "--profile", "other"], environment: home).status == .failure)
            let slip = await tool(["topic", "list", "--profile", "tets"], environment: home)
            #expect(slip.status == .usage)
            #expect(slip.errors.contains("Did you mean 'test'?"))
            _ = await tool(["config", "profile", "remove", "test"], environment: home)
            let list = await tool(["config", "profile", "list", "-o", "json"], environment: home)
            #expect(list.json?["current"] is NSNull)
            #expect((list.json?["profiles"] as? [NSDictionary])?.map { $0["name"] as? String } == ["other"])
        }
    }

    @Test("a misspelt topic is answered with the nearest one")
    func unknownTopic() async throws {
        try await ScriptedNode.with { node in
            for command in [["describe"], ["consume"], ["delete", "--yes"], ["trim", "--before", "end"], ["produce"]] {
                let run = await tool(
                    ["topic", command[0], "ordres"] + command.dropFirst() + ["--cluster", node.address])
                #expect(run.status == .failure, "\(command)")
                #expect(run.errors.contains("there is no topic 'ordres'"), "\(command)")
                #expect(run.errors.contains("Did you mean 'orders'?"), "\(command)")
            }
            #expect(node.read(\.deleted).isEmpty)
        }
    }

    @Test("deleting says what will be lost, and is refused where nobody can be asked")
    func deletion() async throws {
        try await ScriptedNode.with { node in
            let arguments = ["topic", "delete", "orders", "--cluster", node.address]
            let refused = await tool(arguments)
            #expect(refused.status == .usage)
            #expect(refused.errors.contains("topic orders with 2 partitions, 3 records and 300 B"))
            #expect(refused.errors.contains("--yes"))
            let dry = await tool(arguments + ["--dry-run"])
            #expect(dry.status == .success)
            #expect(dry.output == "would delete topic orders with 2 partitions, 3 records and 300 B\n")
            #expect(node.read(\.deleted).isEmpty)
            let done = await tool(arguments + ["--yes"])
            #expect(done.output == "deleted topic orders with 2 partitions, 3 records and 300 B\n")
            #expect(node.read(\.deleted) == ["orders"])
        }
    }

    @Test("describe shows what was set, and all settings when asked")
    func describe() async throws {
        try await ScriptedNode.with { node in
            let some = await tool(["topic", "describe", "orders", "--cluster", node.address])
            #expect(some.output.contains("retention.ms  1000   topic"))
            #expect(!some.output.contains("segment.ms"))
            let all = await tool(["topic", "describe", "orders", "--all", "--cluster", node.address])
            #expect(all.output.contains("segment.ms    2000   default"))
        }
    }

    @Test("lag has a total, and a dash where nothing is committed")
    func lag() async throws {
        try await ScriptedNode.with { node in
            let run = await tool(["group", "lag", "billing", "--cluster", node.address])
            #expect(
                run.output == """
                    billing  Stable
                    TOPIC   PARTITION  COMMITTED   END    LAG  BEHIND  CLIENT  HOST
                    orders          0         34  1234  1,200  1m 05s  app
                    orders          1          -     0      -       -
                    total           2                   1,200  1m 05s

                    """)
        }
    }

    @Test("offsets are first planned, then moved")
    func reset() async throws {
        try await ScriptedNode.with { node in
            let arguments = [
                "group", "reset-offsets", "billing", "--to", "-5", "--topic", "orders:0", "--cluster", node.address,
            ]
            #expect(await tool(arguments).status == .usage)
            #expect(node.read { $0.resets.allSatisfy(\.validateOnly) })
            let done = await tool(arguments + ["--yes"])
            #expect(done.output.contains("orders          0       1200    0    -1,200"))
            let last = try #require(node.read { $0.resets.last })
            #expect(!last.validateOnly)
            #expect(last.target == .with { ($0.kind, $0.shiftBy) = (.shiftBy, -5) })
            #expect(last.selection.first?.partitions == [PartitionIndex(0)])
        }
    }

    @Test("doctor groups findings, worst first, and ends with 1")
    func doctor() async throws {
        let findings: [Admin.Finding] = [
            .with { ($0.check, $0.severity, $0.subject, $0.summary) = ("clock", .warning, "broker 1", "it is late") },
            .with { ($0.check, $0.severity, $0.subject, $0.command) = ("disk-space", .critical, "broker 1", "df -h") },
        ]
        try await ScriptedNode.with(findings: findings) { node in
            let run = await tool(["doctor", "--cluster", node.address])
            #expect(run.status == .failure)
            let critical = try #require(run.output.range(of: "critical\n"))
            let warning = try #require(run.output.range(of: "warning\n"))
            #expect(critical.lowerBound < warning.lowerBound)
            #expect(run.output.contains("    $ df -h\n"))
        }
        try await ScriptedNode.with { node in
            let run = await tool(["doctor", "--cluster", node.address, "-o", "json"])
            #expect(run.status == .success)
            #expect(run.json?["isWell"] as? Bool == true)
        }
    }

    @Test("a node that serves no such method is told apart from one that fails")
    func notSupported() async throws {
        try await ScriptedNode.with { node in
            let run = await tool(["cluster", "health", "--cluster", node.address])
            #expect(run.status == .failure)
            #expect(run.errors.contains("Compare the versions of tool and node"))
        }
    }
}
