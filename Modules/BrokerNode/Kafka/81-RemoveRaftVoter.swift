// SPDX-License-Identifier: Apache-2.0

internal import ControllerNode
internal import Coordinator
internal import KafkaProtocol
internal import Primitives
internal import WireProtocol

extension BrokerShard {
    /// Takes the vote of a controller (KIP-853).
    func removeRaftVoter(_ request: RemoveRaftVoterRequest, _ context: RequestContext) {
        guard isOwnCluster(request.clusterID) else {
            return respond(RemoveRaftVoterResponse(refusing: .inconsistentClusterID, wrongCluster), to: context)
        }
        let change = Controller.RemoveVoterRequest.with {
            $0.nodeID = NodeID(request.voterID)
            $0.directory = TopicID(request.voterDirectoryID)
        }
        changeQuorum(.removeVoter(change)) { [self] result in
            switch result {
            case .success: respond(RemoveRaftVoterResponse(), to: context)
            case .failure(let refusal):
                respond(RemoveRaftVoterResponse(refusing: refusal.kafkaCode, refusal.description), to: context)
            }
        }
    }
}

extension RemoveRaftVoterResponse: ErrorCarrying {
    var firstErrorCode: Int16 { errorCode }

    fileprivate init(refusing code: ErrorCode, _ message: String) {
        self.init()
        errorCode = code.rawValue
        errorMessage = message
    }
}
