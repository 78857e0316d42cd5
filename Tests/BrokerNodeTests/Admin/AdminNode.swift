// SPDX-License-Identifier: Apache-2.0

import AdminClient
import BrokerNode
import ControllerNode
import Coordinator
import Foundation
import Primitives
import RecordBatch
import Transport
import WireProtocol

/// A real node on two shards and a temporary folder, its RPC server, and a client of it.
struct AdminNode {
    let node: BrokerNode
    let server: RPCServer
    let client: AdminClient
    let group: ShardLoopGroup
    let folder: String

    /// Runs `body` with a node that was just started, and removes everything afterwards.
    ///
    /// - Parameters:
    ///   - settings: Added to those of the test.
    ///   - environment: As the process would have it.
    static func with(
        _ settings: [String: String] = [:], environment: [String: String] = [:],
        _ body: (AdminNode) async throws -> Void
    ) async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "myelin-admin-\(UUID().uuidString)").path
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let group = ShardLoopGroup(count: 2)
        let result: Result<Void, any Error>
        do {
            try await run(folder, group, settings, environment, body)
            result = .success(())
        } catch {
            result = .failure(error)
        }
        await group.shutDown()
        try result.get()
    }

    private static func run(
        _ folder: String, _ group: ShardLoopGroup, _ settings: [String: String], _ environment: [String: String],
        _ body: (AdminNode) async throws -> Void
    ) async throws {
        var flags = [
            "listeners": "PLAINTEXT://127.0.0.1:0", "offsets.topic.num.partitions": "4",
            "group.initial.rebalance.delay.ms": "0",
        ]
        flags.merge(settings) { $1 }
        let node = try await BrokerNode.start(
            settings: try BrokerSettings(SettingLayers(flags: flags, environment: environment)),
            dataDirectory: folder, on: group, log: .silent)
        let server = try await node.startAdminServer(
            host: "127.0.0.1", port: 0, on: group, process: ProcessFacts(version: "1.2.3"))
        try await node.join(rpc: server.address)
        let client = AdminClient(address: server.address, loop: group.loops[1])
        let result: Result<Void, any Error>
        do {
            try await body(AdminNode(node: node, server: server, client: client, group: group, folder: folder))
            result = .success(())
        } catch {
            result = .failure(error)
        }
        await client.close()
        await server.drain(withinMilliseconds: 1_000)
        await node.stop()
        try result.get()
    }

    var now: Timestamp { group.loops[0].wallClock }
}

// MARK: Records

extension AdminNode {
    /// Produces one batch for each array of values, all records of it at one time, and waits for the acknowledgements.
    @discardableResult
    func produce(
        _ batches: [[String]], to topic: String, _ partition: Int32 = 0, at timestamp: Timestamp? = nil
    ) async throws -> Admin.ProduceResponse {
        let stream = client.produce(to: topic)
        for (place, values) in batches.enumerated() {
            try await stream.writer.send(
                .with { ($0.sequence, $0.partition) = (UInt64(place), PartitionIndex(partition)) },
                attachments: [batch(values, at: timestamp ?? now).bytes])
        }
        stream.finish()
        for try await item in stream.items { if let error = item.message.error { throw error } }
        return try await stream.response()
    }

    /// The values that a consume stream brings, in its order, those outside its range left out.
    func consume(_ set: (inout Admin.ConsumeRequest) -> Void) async throws -> [String] {
        let stream = client.consume(.with(set))
        var found: [String] = []
        for try await item in stream.items { found += try values(of: item) }
        for partition in try await stream.response().partitions { _ = try partition.checked() }
        return found
    }
}

/// A batch of values, without keys.
func batch(_ values: [String], at timestamp: Timestamp, codec: Codec = .none) -> Batch {
    var builder = BatchBuilder(codec: codec)
    for value in values { builder.append(timestamp: timestamp, value: SharedBytes(value)) }
    return builder.build(using: Compressor())
}

/// The values of an item that lie in its range.
func values(of item: RPCItem<Admin.ConsumeItem>) throws -> [String] {
    let end = item.message.endOffset ?? Offset(.max)
    var values: [String] = []
    var batches = Batches(item.attachment)
    while let batch = try batches.next() {
        var records = try Records(batch, using: Decompressor())
        while let record = try records.next() {
            let isWanted = record.offset >= item.message.startOffset && record.offset < end
            guard isWanted, let value = record.value else { continue }
            values.append(String(decoding: value.array, as: UTF8.self))
        }
    }
    return values
}
