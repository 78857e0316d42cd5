// SPDX-License-Identifier: Apache-2.0

import ControllerNode
import Coordinator
import Foundation
import Primitives
import Testing
import Transport
import WireProtocol

@Suite("controllers as processes", .serialized, .timeLimit(.minutes(2)))
struct ControllerServerTests {
    @Test("three controllers elect one, decide for a broker, and go on without the active one")
    func failover() async throws {
        try await Cluster.with(count: 3) { cluster in
            let client = try await Follower.start(cluster)
            let created = try await client.create("payments")
            #expect(created == "payments")
            let first = try #require(await cluster.active())
            await cluster.stop(first)
            // The client finds the next one by itself.
            let again = try await client.create("orders")
            #expect(again == "orders")
            let second = try #require(await cluster.active())
            #expect(second != first)
            #expect(await client.topics() == ["orders", "payments"])
            try await cluster.start(first)
            let caughtUp = try await cluster.waitUntil { await cluster.server(first)?.isReady ?? false }
            #expect(caughtUp)
            await client.stop()
        }
    }

    @Test("the quorum tells who votes and how far everybody is, and hands the leadership over when asked")
    func quorum() async throws {
        try await Cluster.with(count: 3) { cluster in
            let client = try await Follower.start(cluster)
            _ = try await client.create("payments")
            let info = try await client.quorumInfo().get()
            #expect(info.voters.map(\.endpoint.nodeID) == [NodeID(1), NodeID(2), NodeID(3)])
            #expect(info.voters.allSatisfy { $0.directory != .zero })
            let target = NodeID(info.leader == NodeID(1) ? 2 : 1)
            let isGiven = await client.transfer(to: target)
            #expect(throws: Never.self) { try isGiven.get() }
            let moved = try await cluster.waitUntil { await cluster.active() == Int(target.rawValue) }
            #expect(moved)
            await client.stop()
        }
    }

    @Test("a controller grows from one to three voters and shrinks back, while it decides")
    func growing() async throws {
        try await Cluster.with(count: 3, voters: [1]) { cluster in
            let client = try await Follower.start(cluster)
            _ = try await client.create("before")
            for id in [2, 3] {
                let added = await client.add(try cluster.voter(id))
                #expect(throws: Never.self) { try added.get() }
                _ = try await client.create("with-\(id)")
            }
            let info = try await client.quorumInfo().get()
            #expect(info.voters.map(\.endpoint.nodeID) == [NodeID(1), NodeID(2), NodeID(3)])
            let removed = await client.remove(NodeID(1))
            #expect(throws: Never.self) { try removed.get() }
            #expect(try await client.create("after") == "after")
            let active = await cluster.active()
            #expect(active != 1)
            await client.stop()
        }
    }

    @Test("folders that are not formatted, of another node, cluster or role, or in use are refused with a sentence")
    func folders() async throws {
        try await Cluster.with(count: 1) { cluster in
            let new = cluster.directory.appendingPathComponent("new").path
            await #expect(throws: ControllerStartFailure.self) { try await cluster.run(1, in: new) }
            let sentence = "run 'myelin-controller format --cluster-id ID'"
            do { try await cluster.run(1, in: new) } catch { #expect("\(error)".contains(sentence), "\(error)") }
            let used = cluster.path(1)
            do { try await cluster.run(1, in: used) } catch { #expect("\(error)".contains("in use by process")) }
            await cluster.stop(1)
            do {
                try await cluster.run(2, in: used)
                Issue.record("another node took the folder")
            } catch { #expect("\(error)".contains("belongs to node 1, and this is node 2"), "\(error)") }
            let other = try #require(ClusterID("other-cluster"))
            #expect(throws: ControllerStartFailure.self) {
                try ControllerServer.format(dataDirectory: used, clusterID: other, node: NodeID(1))
            }
        }
    }

    @Test("a voter that was moved is found at its new address, and nothing is done twice")
    func moves() async throws {
        try await Cluster.with(count: 3) { cluster in
            let client = try await Follower.start(cluster)
            let active = try #require(await cluster.active())
            let moved = active == 1 ? 2 : 1
            await cluster.stop(moved)
            let port = Cluster.anotherPort()
            let done = await client.move(NodeID(Int32(moved)), toPort: port)
            #expect(throws: Never.self) { try done.get() }
            let unknown = await client.move(NodeID(9), toPort: port)
            #expect(throws: SubmitRefusal.self) { try unknown.get() }
            try await cluster.start(moved, port: port)
            let isBack = try await cluster.waitUntil { await cluster.server(moved)?.isReady == true }
            #expect(isBack, "\(cluster.lines.all)")
            let info = try await client.quorumInfo().get()
            #expect(info.voters.first { $0.endpoint.nodeID.rawValue == Int32(moved) }?.endpoint.port == Int32(port))
            // The third one goes: the moved voter has to count.
            let third = try #require([1, 2, 3].first { $0 != moved && $0 != active })
            await cluster.stop(third)
            #expect(try await client.create("orders") == "orders")
            await client.stop()
        }
    }

    @Test("a copy of a data folder does not start beside the one it was copied from", arguments: [1, 3])
    func copiedFolder(count: Int) async throws {
        try await Cluster.with(count: count) { cluster in
            let client = try await Follower.start(cluster)
            _ = try await client.create("payments")
            let copy = try cluster.copyOfFolder(1)
            let refused = await #expect(throws: ControllerStartFailure.self) {
                try await cluster.start(1, in: copy, port: 0)
            }
            let sentence = refused.map { "\($0)" } ?? ""
            #expect(sentence.contains("is a copy of the data folder on which another process runs at 127.0.0.1:"))
            #expect(try await client.create("orders") == "orders")
            await client.stop()
        }
    }

    @Test("a copy that runs first is sent away by the others once the original is back")
    func copiedFolderFirst() async throws {
        try await Cluster.with(count: 3) { cluster in
            let client = try await Follower.start(cluster)
            _ = try await client.create("payments")
            await cluster.stop(2)
            let copy = try cluster.copyOfFolder(2)
            try await cluster.start(2)
            await #expect(throws: ControllerStartFailure.self) { try await cluster.start(2, in: copy, port: 0) }
            await cluster.stop(2)
            try await cluster.start(2, in: copy, port: 0)
            try await cluster.start(2)
            let isRefused = try await cluster.waitUntil {
                cluster.lines.all.contains { $0.contains("another process runs as controller 2 already") }
            }
            #expect(isRefused)
            #expect(try await client.create("orders") == "orders")
            await client.stop()
        }
    }

    @Test("a broker of another cluster is refused with a sentence")
    func foreignBroker() async throws {
        try await Cluster.with(count: 1) { cluster in
            let lines = Lines()
            let other: ClusterID = try #require(ClusterID("another-cluster"))
            let client = try await Follower.start(cluster, clusterID: other, lines: lines, waits: false)
            let isRefused = try await cluster.waitUntil { lines.all.contains { $0.contains("cluster") } }
            #expect(isRefused)
            await client.stop()
        }
    }
}
