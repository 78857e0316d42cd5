// SPDX-License-Identifier: Apache-2.0

import CommandLineTool
import Foundation
import Testing

@Suite("the command line")
struct UsageTests {
    @Test(
        "what is wrong with it is one line on standard error, and status 2",
        arguments: [
            ["topic", "list", "--nonsense"], ["nonsense"], ["topic", "create"],
            ["topic", "create", "x", "--partitions", "0"],
            ["topic", "create", "x", "--partitions", "many"], ["topic", "create", "x", "--set", "novalue"],
            ["topic", "alter", "x"], ["topic", "consume", "x", "--from", "someday"],
            ["topic", "trim", "x", "--before", "-1"],
            ["topic", "consume", "x", "--until", "end", "--follow"],
            ["group", "reset-offsets", "g", "--to", "nowhere"],
            ["topic", "produce", "x", "--compression", "rar"], ["topic", "list", "--output", "xml"],
            ["topic", "list", "--cluster", "a", "--profile", "b"], ["config", "describe"], ["completions", "csh"],
            ["config", "profile", "add", "x", "a:b:c"], ["bench", "produce", "--records", "0"],
            ["partition", "list", "--offline", "--under-replicated"], ["partition", "move", "orders"],
            ["partition", "move", "orders", "--replicas", "1,1"], ["partition", "move", "orders", "--from", "1"],
            ["partition", "move", "--watch", "--throttle", "1MiB"], ["partition", "cancel"],
            ["partition", "elect-leader", "orders", "--all"], ["cluster", "drain", "x"],
            ["cluster", "balance", "--apply", "--status"], ["cluster", "features", "--set", "a=b"],
            ["cluster", "upgrade", "--finalize", "--rollback"], ["cluster", "brokers", "unregister", "-1"],
        ])
    func wrong(arguments: [String]) async {
        let run = await tool(arguments)
        #expect(run.status == .usage)
        #expect(run.output.isEmpty)
        #expect(run.errors.hasPrefix("myelin: "))
        #expect(run.errors.split(separator: "\n").count == 1, "\(run.errors)")
    }

    @Test("an address that is none is refused before anything is done")
    func wrongAddress() async {
        let run = await tool(["topic", "list", "--cluster", "host:port"])
        #expect(run.status == .usage)
        #expect(run.errors.contains("'host:port' is no address"))
    }

    @Test("nobody at the address: how to start a node, and status 1")
    func nobody() async {
        let run = await tool(["topic", "list", "--cluster", "127.0.0.1:1"])
        #expect(run.status == .failure)
        #expect(run.errors.contains("nothing listens at 127.0.0.1:1"))
        #expect(run.errors.contains("myelin-standalone"))
    }

    @Test("doctor says that nobody is there, as JSON too")
    func doctorWithoutNode() async {
        let run = await tool(["doctor", "--cluster", "127.0.0.1:1", "--output", "json"])
        #expect(run.status == .failure)
        let findings = run.json?["findings"] as? [NSDictionary]
        #expect(findings?.first?["severity"] as? String == "critical")
        #expect(findings?.first?["check"] as? String == "node-reachable")
    }

    private static let commands: [[String]] = [
        ["cluster", "info"], ["cluster", "health"], ["topic", "create"], ["topic", "list"], ["topic", "describe"],
        ["topic", "alter"], ["topic", "delete"], ["topic", "produce"], ["topic", "consume"], ["topic", "trim"],
        ["cluster", "brokers"], ["cluster", "brokers", "list"], ["cluster", "brokers", "unregister"],
        ["cluster", "controllers"], ["cluster", "controllers", "list"], ["cluster", "controllers", "add"],
        ["cluster", "controllers", "remove"], ["cluster", "balance"], ["cluster", "drain"], ["cluster", "features"],
        ["cluster", "upgrade"], ["partition", "move"], ["partition", "cancel"], ["partition", "elect-leader"],
        ["partition", "list"], ["group", "list"], ["group", "describe"], ["group", "lag"], ["group", "reset-offsets"],
        ["group", "delete"], ["quota", "list"], ["quota", "set"], ["quota", "remove"], ["bench", "produce"],
        ["bench", "consume"], ["bench", "latency"], ["bench", "disk"],
        ["doctor"], ["config", "explain"], ["config", "list"], ["config", "describe"], ["config", "alter"],
        ["config", "profile", "add"], ["config", "profile", "use"], ["config", "profile", "list"],
        ["config", "profile", "remove"], ["completions"], ["version"],
    ]

    @Test("every command has help with examples of itself", arguments: commands)
    func help(command: [String]) async {
        let run = await tool(command + ["--help"], terminal: Terminal(width: 1000))
        #expect(run.status == .success)
        #expect(run.errors.isEmpty)
        #expect(run.output.contains("EXAMPLES:"))
        #expect(run.output.contains("myelin " + command.joined(separator: " ")))
        // A terminal of 80 columns must not break what people paste.
        let examples =
            run.output.components(separatedBy: "EXAMPLES:\n").last?.components(separatedBy: "\n\n").first
            .map { $0.split(separator: "\n") } ?? []
        #expect(!examples.isEmpty)
        #expect(examples.allSatisfy { $0.count <= 80 })
    }

    @Test("shells can complete every command", arguments: ["bash", "zsh", "fish"])
    func completions(shell: String) async {
        let run = await tool(["completions", shell])
        #expect(run.status == .success)
        for word in ["reset-offsets", "partition", "--dry-run", "latency"] {
            #expect(run.output.contains(word.hasPrefix("--") && shell == "fish" ? "dry-run" : word))
        }
    }

    @Test("a setting is explained without a node")
    func explain() async {
        let run = await tool(["config", "explain", "log.retention.hours", "--offline", "-o", "json"])
        #expect(run.status == .success)
        #expect(run.json?["defaultValue"] as? String == "168")
        #expect(run.json?["related"] as? [String] == ["retention.ms"])
        let slip = await tool(["config", "explain", "log.retention.hour"])
        #expect(slip.status == .failure)
        #expect(slip.errors.contains("Did you mean 'log.retention.hours'?"))
    }

    @Test("the settings of topics and brokers are listed without a node")
    func settings() async {
        let run = await tool(["config", "list", "retention.*", "--kind", "topic", "-o", "json"])
        let names = (run.json?["settings"] as? [NSDictionary])?.compactMap { $0["name"] as? String }
        #expect(names == ["retention.bytes", "retention.ms"])
    }

    @Test("the disk is measured without a node, and nothing is left in the folder")
    func benchDisk() async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "myelin-disk-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let run = await tool([
            "bench", "disk", "--folder", folder.path, "--seconds", "1", "--size", "4MiB", "-o", "json",
        ])
        #expect(run.status == .success, "\(run.errors)")
        let rows = try #require(run.json?["synchronizedWrites"] as? [NSDictionary])
        #expect(rows.map { $0["blockSize"] as? Int } == [4096, 65_536, 1_048_576])
        #expect(rows.allSatisfy { (($0["latencyNanoseconds"] as? NSDictionary)?["p99"] as? Int ?? 0) > 0 })
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).isEmpty)
    }
}
