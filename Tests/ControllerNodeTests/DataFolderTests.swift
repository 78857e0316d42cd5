// SPDX-License-Identifier: Apache-2.0

import ControllerNode
import Coordinator
import Primitives
import Simulation
import StorageEngine
import Testing

@Suite("whose data folder it is")
struct DataFolderTests {
    private func open(
        _ disk: SimulatedDisk, node: Int32 = 1, cluster: String? = nil
    ) throws -> DataFolderIdentity {
        var entropy = Entropy(seed: 1)
        return try DataFolderIdentity(
            opening: disk, node: NodeID(node), cluster: cluster.flatMap { ClusterID($0) }, using: &entropy)
    }

    private func disk(_ text: String) throws -> SimulatedDisk {
        let disk = SimulatedDisk(seed: 1)
        let file = try disk.open(DataFolderIdentity.file, .createNew)
        try disk.write([SharedBytes(text)], to: file, at: 0)
        disk.close(file)
        return disk
    }

    @Test("a new folder becomes this node's and stays it")
    func formats() throws {
        let disk = SimulatedDisk(seed: 1)
        let identity = try open(disk)
        #expect(identity.node == NodeID(1))
        #expect(identity.clusterID.text.utf8.count == 22)
        #expect(try open(disk) == identity)
        #expect(try open(SimulatedDisk(seed: 1), cluster: "my-cluster").clusterID.text == "my-cluster")
    }

    @Test("a controller's folder is no broker's, and a broker's no controller's")
    func roles() throws {
        var entropy = Entropy(seed: 1)
        let (first, second) = (SimulatedDisk(seed: 1), SimulatedDisk(seed: 2))
        let controller = try DataFolderIdentity(opening: first, node: NodeID(1), role: .controller, using: &entropy)
        #expect(try DataFolderIdentity.existing(on: first, node: NodeID(1), role: .controller) == controller)
        #expect(throws: DataFolderRefusal.foreignRole(found: .controller, expected: .broker)) {
            try DataFolderIdentity(opening: first, node: NodeID(1), using: &entropy)
        }
        _ = try DataFolderIdentity(opening: second, node: NodeID(1), using: &entropy)
        #expect(throws: DataFolderRefusal.foreignRole(found: .broker, expected: .controller)) {
            try DataFolderIdentity.existing(on: second, node: NodeID(1), role: .controller)
        }
    }

    @Test("another node's or another cluster's folder is refused")
    func foreign() throws {
        let disk = SimulatedDisk(seed: 1)
        let identity = try open(disk)
        #expect(throws: DataFolderRefusal.foreignNode(found: NodeID(1), expected: NodeID(2))) {
            try open(disk, node: 2)
        }
        let other = try #require(ClusterID("other"))
        #expect(throws: DataFolderRefusal.foreignCluster(found: identity.clusterID, expected: other)) {
            try open(disk, cluster: "other")
        }
    }

    @Test("Kafka's own folder, an unknown version and malformed files are refused, each in one sentence")
    func refusals() throws {
        let kafka = "#\nversion=1\ncluster.id=4L6g3nShT-eMCtK--X86sw\nnode.id=1\ndirectory.id=AAAAAAAAAAAAAAAAAAAAAA\n"
        let cases: [(String, DataFolderRefusal)] = [
            (kafka, .kafka), ("", .kafka), ("broker.id=1\nversion=0\n", .kafka),
            ("product=myelin\nversion=2\n", .unknownVersion("2")), ("product=myelin\n", .malformed(key: "version")),
            ("product=myelin\nversion=1\n", .malformed(key: "cluster.id")),
            ("product=myelin\nversion=1\ncluster.id=a b\n", .malformed(key: "cluster.id")),
            ("product=myelin\nversion=1\ncluster.id=a\nnode.id=x\n", .malformed(key: "node.id")),
            ("product=myelin\nversion=1\ncluster.id=a\nnode.id=1\n", .malformed(key: "directory.id")),
        ]
        for (text, refusal) in cases {
            #expect(throws: refusal) { try open(try disk(text)) }
            #expect(!refusal.description.contains("\n"))
        }
    }

    @Test("a folder with partitions and no word whose they are is refused, and left as it was")
    func unidentified() throws {
        let disk = SimulatedDisk(seed: 1)
        try disk.createDirectory("lost+found")
        try disk.createDirectory("payments-0")
        #expect(throws: DataFolderRefusal.unidentified(folder: "payments-0")) { try open(disk) }
        #expect(try disk.list("") == ["lost+found", "payments-0"])
    }

    @Test("a power cut while a folder is made leaves it new, or made")
    func powerCuts() throws {
        let whole = SimulatedDisk(seed: 1)
        _ = try open(whole)
        for ordinal in 1...whole.operationCount {
            let disk = SimulatedDisk(seed: UInt64(ordinal))
            disk.plan(.powerCut, at: ordinal)
            let told = try? open(disk)
            disk.restart()
            let identity = try open(disk)
            #expect(told == nil || told == identity, "cut at \(ordinal)")
        }
    }
}
