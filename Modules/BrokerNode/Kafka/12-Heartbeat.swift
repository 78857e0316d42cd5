// SPDX-License-Identifier: Apache-2.0

internal import Groups
internal import KafkaProtocol
internal import Primitives

extension BrokerShard {
    func heartbeat(_ request: KafkaProtocol.HeartbeatRequest, _ context: RequestContext) {
        let heartbeat = Groups.HeartbeatRequest(
            group: GroupID(request.groupID), generation: GenerationID(request.generationID),
            member: MemberIdentity(
                MemberID(request.memberID), instanceID: request.groupInstanceID.map { GroupInstanceID($0) }))
        askGroup(heartbeat.group, .heartbeat(heartbeat)) { [self] reply in
            guard case .heartbeat(let refusal) = reply else {
                preconditionFailure("a heartbeat was answered with \(reply)")
            }
            var response = HeartbeatResponse()
            response.errorCode = (refusal?.kafkaCode ?? .none).rawValue
            respond(response, to: context)
        }
    }
}
