// SPDX-License-Identifier: Apache-2.0

import AdminClient
import CommandLineTool
import Foundation
import Primitives
import TestNode
import Testing
import WireProtocol

@Suite("records of a real node", .serialized, .timeLimit(.minutes(3)))
struct RecordCommandTests {
    /// Runs `topic VERB orders ARGUMENTS`.
    private func topic(
        _ verb: String, _ arguments: [String] = [], of node: AdminNode, input: String = "", outputBytesMax: Int = .max
    ) async -> ToolRun {
        await tool(
            ["topic", verb, "orders", "--cluster", node.address] + arguments, input: input,
            outputBytesMax: outputBytesMax)
    }

    @Test(
        "lines become records, by key in the partition of Kafka's client", arguments: ["none", "gzip", "lz4", "zstd"])
    func produce(compression: String) async throws {
        try await AdminNode.with { node in
            _ = try await node.client.createTopic("orders", partitions: 2)
            let run = await topic(
                "produce", ["--key-separator", ":", "--header", "a=1", "--compression", compression], of: node,
                input: "21:x\n21:y\nfoobar:z\n1:w")
            #expect(run.status == .success, "\(run.errors)")
            #expect(run.output.hasPrefix("produced 4 records ("))
            let read = await topic("consume", ["--format", "%p %k=%v %h\\n"], of: node)
            #expect(read.status == .success, "\(read.errors)")
            let lines = read.output.split(separator: "\n").sorted()
            #expect(lines == ["0 21=x a=1", "0 21=y a=1", "0 foobar=z a=1", "1 1=w a=1"])
        }
    }

    @Test("the offsets and sizes of what was written are told, none where nobody asks", arguments: ["all", "1", "0"])
    func acknowledgements(acks: String) async throws {
        try await AdminNode.with { node in
            _ = try await node.client.createTopic("orders", partitions: 1)
            for first in [0, 3] {
                let run = await topic(
                    "produce", ["--value", "a", "--value", "b", "--value", "c", "--acks", acks, "-o", "json"], of: node)
                #expect(run.status == .success, "\(run.errors)")
                #expect(run.json?["recordCount"] as? Int == 3)
                let spans = run.json?["partitions"] as? [NSDictionary]
                let expected: [NSDictionary] =
                    acks == "0" ? [] : [["partition": 0, "firstOffset": first, "lastOffset": first + 2]]
                #expect(spans == expected)
            }
            let read = await topic("consume", ["--follow", "--from", "earliest", "--max", "6"], of: node)
            #expect(read.output == "a\nb\nc\na\nb\nc\n")
        }
    }

    @Test("a refusal of the broker says what to do, and nothing more is sent")
    func refused() async throws {
        try await AdminNode.with { node in
            _ = try await node.client.createTopic(
                "orders", partitions: 1,
                configs: [.with { ($0.name, $0.value) = ("max.message.bytes", "1000") }])
            let run = await topic("produce", of: node, input: String(repeating: "x", count: 2_000))
            #expect(run.status == .failure)
            #expect(run.errors.contains("orders-0: MESSAGE_TOO_LARGE"), "\(run.errors)")
            #expect(run.errors.contains("raise max.message.bytes"), "\(run.errors)")
            let missing = await topic("produce", ["--partition", "3"], of: node)
            #expect(missing.errors.contains("topic 'orders' has no partition 3"), "\(missing.errors)")
        }
    }

    @Test(
        "reading begins and ends where it is told",
        arguments: [
            ([], "012345"), (["--from", "latest"], ""), (["--from", "4"], "45"), (["--from", "6"], ""),
            (["--from", "-2"], "45"), (["--from", "-99"], "012345"), (["--until", "3"], "012"),
            (["--until", "99"], "012345"), (["--until", "-2"], "0123"), (["--from", "2", "--until", "2"], ""),
            (["--from", "4", "--until", "2"], ""), (["--from", "@0"], "012345"),
            (["--from", "@99999999999999"], ""), (["--until", "@0"], ""), (["--max", "1"], "0"),
            (["--from", "1", "--max", "3"], "123"), (["--read-committed"], "012345"),
        ] as [([String], String)])
    func ranges(arguments: [String], expected: String) async throws {
        try await AdminNode.with { node in
            _ = try await node.client.createTopic("orders", partitions: 1)
            // Two batches.
            for input in ["0\n1\n2\n", "3\n4\n5\n"] { _ = await topic("produce", of: node, input: input) }
            let run = await topic("consume", arguments, of: node)
            #expect(run.status == .success, "\(run.errors)")
            #expect(run.output.replacing("\n", with: "") == expected)
        }
    }

    @Test("an offset or a partition that is not there is told from those that are")
    func outside() async throws {
        try await AdminNode.with { node in
            _ = try await node.client.createTopic("orders", partitions: 2)
            _ = await topic("produce", ["--partition", "0"], of: node, input: "a\n")
            let offset = await topic("consume", ["--from", "7"], of: node)
            #expect(offset.status == .failure)
            #expect(offset.errors.contains("orders-0 has offsets 0 to 1"), "\(offset.errors)")
            let partition = await topic("consume", ["--partitions", "0,2"], of: node)
            #expect(partition.status == .failure)
            #expect(partition.errors.contains("topic 'orders' has no partition 2"), "\(partition.errors)")
            let chosen = await topic("consume", ["--partitions", "1"], of: node)
            #expect(chosen.status == .success && chosen.output.isEmpty)
            let json = await topic("consume", ["--output", "json"], of: node)
            #expect(json.json?["value"] as? String == "a")
        }
    }

    @Test("a reader that goes away ends the tool quietly")
    func closedOutput() async throws {
        try await AdminNode.with { node in
            _ = try await node.client.createTopic("orders", partitions: 1)
            _ = await topic("produce", of: node, input: "one\ntwo\n")
            let run = await topic("consume", of: node, outputBytesMax: 2)
            #expect(run.status == .success)
            #expect(run.errors.isEmpty)
        }
    }

    @Test("following ends well when it is interrupted, and shows what came meanwhile")
    func follow() async throws {
        try await AdminNode.with { node in
            _ = try await node.client.createTopic("orders", partitions: 3)
            async let run = topic("consume", ["--follow", "--from", "earliest", "--max", "9"], of: node)
            for partition in 0..<3 {
                let produced = await topic("produce", ["--partition", "\(partition)"], of: node, input: "a\nb\nc\n")
                #expect(produced.status == .success, "\(produced.errors)")
            }
            #expect(await run.output.split(separator: "\n").count == 9)
            let interrupted = Task { await topic("consume", ["--follow"], of: node) }
            let bounded = Task { await topic("produce", of: node, input: "") }
            _ = await bounded.value
            interrupted.cancel()
            #expect(await interrupted.value.errors.isEmpty)
        }
    }

    @Test("the measurements count what they sent and read")
    func bench() async throws {
        try await AdminNode.with { node in
            let arguments = ["--topic", "orders", "--output", "json", "--cluster", node.address]
            let produced = await tool(
                ["bench", "produce", "--records", "1000", "--record-size", "100", "--partitions", "2"] + arguments)
            #expect(produced.json?["recordCount"] as? Int == 1000, "\(produced.errors)")
            let consumed = await tool(["bench", "consume"] + arguments)
            #expect(consumed.json?["recordCount"] as? Int == 1000, "\(consumed.errors)")
            #expect(consumed.json?["byteCount"] as? Int == 100_000)
            let latency = await tool(["bench", "latency", "--rate", "200", "--duration", "500ms"] + arguments)
            #expect(latency.json?["recordCount"] as? Int == 100, "\(latency.errors)")
            #expect((latency.json?["endToEndNanoseconds"] as? NSDictionary)?["count"] as? Int == 100)
            #expect((latency.json?["acknowledgedNanoseconds"] as? NSDictionary)?["count"] as? Int == 100)
        }
    }
}
