// SPDX-License-Identifier: Apache-2.0

import BrokerNode
import Coordinator
import Primitives
import RecordBatch
import WireProtocol

/// Reads the whole log of every replica, as a replica that needs repair would, and holds it to the history.
final class LogAudit {
    private final class Reading {
        let id: PartitionID
        let node: NodeID
        var next = Offset.zero
        var batches: [Batch] = []
        var isDone = false

        init(_ id: PartitionID, at node: NodeID) { (self.id, self.node) = (id, node) }
    }

    private unowned let scene: BrokersScene
    private var readings: [Reading]

    init(of replicas: [(PartitionID, NodeID)], in scene: BrokersScene) {
        self.scene = scene
        readings = replicas.map { Reading($0.0, at: $0.1) }
        for reading in readings { goOn(reading) }
    }

    var isDone: Bool { readings.allSatisfy(\.isDone) }
    var missing: String {
        readings.filter { !$0.isDone }.map { "\($0.id.index) at \($0.node)" }.joined(separator: ", ")
    }

    private func goOn(_ reading: Reading) {
        guard let broker = scene.broker(at: scene.address(reading.node)) else { return }
        let request = Replicas.FetchLogRequest.with {
            ($0.topicID, $0.partitionIndex) = (reading.id.topic, reading.id.index)
            ($0.startOffset, $0.endOffset) = (reading.next, Offset(.max))
            $0.byteCountMax = 1 << 20
        }
        broker.process.after(.milliseconds(1)) { [weak self] in
            broker.round(on: 0) { shard in
                shard.fetchLog(request) { answer in self?.took(answer, reading) }
            }
        }
    }

    private func took(_ answer: ReplicaAnswerBytes, _ reading: Reading) {
        switch answer.response.outcome {
        case .given: take(answer.batches, reading)
        case .outOfRange:
            reading.isDone = true
            scene.history(of: reading.id.index).check(whole: reading.batches, of: scene.address(reading.node))
        case .damaged, .notHere, .unspecified:
            // It is repaired, and the audit begins anew.
            readings = []
            scene.auditFailed()
        }
    }

    private func take(_ bytes: SharedBytes, _ reading: Reading) {
        var batches = Batches(bytes)
        do throws(BatchesError) {
            while let batch = try batches.next() {
                reading.batches.append(batch)
                reading.next = batch.header.nextOffset
            }
        } catch {
            return scene.world.fail("a log reads as batches", "\(scene.address(reading.node)): \(error)")
        }
        goOn(reading)
    }
}
