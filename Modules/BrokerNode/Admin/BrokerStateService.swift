// SPDX-License-Identifier: Apache-2.0

internal import ControllerNode
internal import Coordinator
internal import Primitives
internal import StorageEngine
internal import WireProtocol

extension AdminService {
    /// What this broker alone knows. Other brokers ask for it.
    func brokerState(_ request: Admin.BrokerStateRequest) async -> Admin.BrokerStateResponse {
        let view = await ownView()
        let free = await ask { $1($0.freeByteCount) }
        let names = Set(request.topics)
        return .with {
            $0.version = process.version
            $0.startedAt = identity.startedAt
            $0.wallClock = view.wallClock
            $0.byteCount = view.partitions.values.reduce(0) { $0 + $1.byteCount }
            $0.freeByteCount = free
            $0.logDirectory = identity.dataDirectory
            $0.imageOffset = view.imageOffset
            guard request.includesPartitions else { return }
            let wanted = view.partitions.values.filter { state in
                names.isEmpty || (view.image.topic(state.id.topic).map { names.contains($0.name) } ?? false)
            }
            $0.partitions = wanted.sorted { $0.id < $1.id }.map { Admin.ReplicaState($0) }
        }
    }
}

extension Admin.ReplicaState {
    fileprivate init(_ state: PartitionState) {
        self.init()
        topicID = state.id.topic
        partition = state.id.index
        isLeader = state.isLeader
        logStartOffset = state.logStartOffset
        highWatermark = state.highWatermark
        lastStableOffset = state.lastStableOffset
        logEndOffset = state.logEndOffset
        byteCount = state.byteCount
        isFailed = state.isFailed
        bytesInPerSecond = state.bytesInPerSecond
        bytesOutPerSecond = state.bytesOutPerSecond
    }
}

extension BrokerShard {
    /// Room on the disk; nil where the file system does not say.
    var freeByteCount: Int64? {
        do throws(DiskFault) {
            return try disk.freeByteCount()
        } catch {
            logger.error("free space cannot be measured: error \(error.errno)", limitedBy: "free space")
            return nil
        }
    }
}
