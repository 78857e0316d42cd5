// SPDX-License-Identifier: Apache-2.0

internal import ControllerNode
internal import Coordinator
internal import KafkaProtocol
internal import Primitives
internal import WireProtocol

extension BrokerShard {
    /// The log that clients ask about: the name is Kafka's, and there is one partition.
    private static let metadataTopic = "__cluster_metadata"

    /// Tells how the controllers stand (KIP-595, KIP-836, KIP-853).
    func describeQuorum(_ request: DescribeQuorumRequest, _ context: RequestContext) {
        quorumInfo { [self] result in
            switch result {
            case .failure(let refusal):
                var response = DescribeQuorumResponse()
                response.errorCode = refusal.kafkaCode.rawValue
                if context.version >= 2 { response.errorMessage = refusal.description }
                respond(response, to: context)
            case .success(let quorum):
                var response = DescribeQuorumResponse()
                response.topics = request.topics.map { topic in
                    var answer = DescribeQuorumResponse.TopicData()
                    answer.topicName = topic.topicName
                    answer.partitions = topic.partitions.map { partition in
                        let isKnown = topic.topicName == Self.metadataTopic && partition.partitionIndex == 0
                        return partitionData(partition.partitionIndex, isKnown ? quorum : nil, context)
                    }
                    return answer
                }
                if context.version >= 2 { response.nodes = (quorum.voters + quorum.observers).map { .init($0) } }
                respond(response, to: context)
            }
        }
    }

    private func partitionData(
        _ index: Int32, _ quorum: Controller.QuorumInfoResponse?, _ context: RequestContext
    ) -> DescribeQuorumResponse.PartitionData {
        var data = DescribeQuorumResponse.PartitionData()
        data.partitionIndex = index
        guard let quorum else {
            data.errorCode = ErrorCode.unknownTopicOrPartition.rawValue
            data.leaderID = -1
            return data
        }
        data.leaderID = quorum.leader.rawValue
        data.leaderEpoch = Int32(clamping: quorum.term.rawValue)
        data.highWatermark = quorum.highWatermark.rawValue
        data.currentVoters = quorum.voters.map { replica in
            var state = DescribeQuorumResponse.VoterState()
            state.replicaID = replica.endpoint.nodeID.rawValue
            if context.version >= 2 { state.replicaDirectoryID = ProtocolUUID(replica.directory) }
            state.logEndOffset = replica.logEndOffset.rawValue
            guard context.version >= 1 else { return state }
            state.lastFetchTimestamp = replica.lastFetchTimestamp.rawValue
            state.lastCaughtUpTimestamp = replica.lastCaughtUpTimestamp.rawValue
            return state
        }
        data.observers = quorum.observers.map { replica in
            var state = DescribeQuorumResponse.ObserverState()
            state.replicaID = replica.endpoint.nodeID.rawValue
            if context.version >= 2 { state.replicaDirectoryID = ProtocolUUID(replica.directory) }
            state.logEndOffset = replica.logEndOffset.rawValue
            guard context.version >= 1 else { return state }
            state.lastFetchTimestamp = replica.lastFetchTimestamp.rawValue
            state.lastCaughtUpTimestamp = replica.lastCaughtUpTimestamp.rawValue
            return state
        }
        return data
    }
}

extension DescribeQuorumResponse.Node {
    fileprivate init(_ replica: Controller.QuorumReplica) {
        self.init()
        nodeID = replica.endpoint.nodeID.rawValue
        var listener = DescribeQuorumResponse.Listener()
        listener.name = "CONTROLLER"
        listener.host = replica.endpoint.host
        listener.port = UInt16(clamping: replica.endpoint.port)
        listeners = replica.endpoint.host.isEmpty ? [] : [listener]
    }
}

extension ProtocolUUID {
    init(_ id: TopicID) { self.init(high: id.high, low: id.low) }
}

extension TopicID {
    init(_ id: ProtocolUUID) { self.init(high: id.high, low: id.low) }
}

extension DescribeQuorumResponse: ErrorCarrying {
    var firstErrorCode: Int16 {
        errorCode != 0 ? errorCode : topics.lazy.flatMap(\.partitions).map(\.errorCode).first { $0 != 0 } ?? 0
    }
}
