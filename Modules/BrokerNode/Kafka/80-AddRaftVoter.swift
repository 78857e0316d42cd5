// SPDX-License-Identifier: Apache-2.0

internal import ControllerNode
internal import Coordinator
internal import KafkaProtocol
internal import Primitives
internal import WireProtocol

extension BrokerShard {
    /// Gives a controller a vote (KIP-853). Answered when the new voters are committed, whatever version 1 asks for: a change
    /// that is only written may still be lost.
    func addRaftVoter(_ request: AddRaftVoterRequest, _ context: RequestContext) {
        guard let listener = request.listeners.first else {
            return respond(AddRaftVoterResponse(refusing: .invalidRequest, "the voter has no listener"), to: context)
        }
        guard isOwnCluster(request.clusterID) else {
            return respond(AddRaftVoterResponse(refusing: .inconsistentClusterID, wrongCluster), to: context)
        }
        let change = Controller.AddVoterRequest.with {
            $0.endpoint = Controller.ControllerEndpoint(
                NodeID(request.voterID), host: listener.host, port: Int32(listener.port))
            $0.directory = TopicID(request.voterDirectoryID)
        }
        changeQuorum(.addVoter(change)) { [self] result in
            switch result {
            case .success: respond(AddRaftVoterResponse(), to: context)
            case .failure(let refusal):
                respond(AddRaftVoterResponse(refusing: refusal.kafkaCode, refusal.description), to: context)
            }
        }
    }

    /// Null stands for whichever cluster it is.
    func isOwnCluster(_ id: String?) -> Bool { id.map { $0 == node.clusterID } ?? true }
    var wrongCluster: String { "this is cluster \(node.clusterID)" }
}

extension AddRaftVoterResponse: ErrorCarrying {
    var firstErrorCode: Int16 { errorCode }

    fileprivate init(refusing code: ErrorCode, _ message: String) {
        self.init()
        errorCode = code.rawValue
        errorMessage = message
    }
}
