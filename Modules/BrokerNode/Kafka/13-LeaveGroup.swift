// SPDX-License-Identifier: Apache-2.0

internal import Groups
internal import KafkaProtocol
internal import Primitives

extension BrokerShard {
    func leaveGroup(_ request: LeaveGroupRequest, _ context: RequestContext) {
        // Version 3 lets several members leave at once (KIP-345).
        let members =
            context.version >= 3
            ? request.members.map {
                MemberIdentity(MemberID($0.memberID), instanceID: $0.groupInstanceID.map { GroupInstanceID($0) })
            } : [MemberIdentity(MemberID(request.memberID))]
        let leave = LeaveRequest(group: GroupID(request.groupID), members: members)
        askGroup(leave.group, .leave(leave)) { [self] reply in
            guard case .leave(let result) = reply else { preconditionFailure("a leave was answered with \(reply)") }
            var response = LeaveGroupResponse()
            switch result {
            case .failure(let refusal): response.errorCode = refusal.kafkaCode.rawValue
            case .success(let left) where context.version < 3:
                response.errorCode = (left.first?.refusal?.kafkaCode ?? .none).rawValue
            case .success(let left):
                response.members = left.map {
                    var member = LeaveGroupResponse.MemberResponse()
                    member.memberID = $0.identity.memberID.rawValue
                    member.groupInstanceID = $0.identity.instanceID?.rawValue
                    member.errorCode = ($0.refusal?.kafkaCode ?? .none).rawValue
                    return member
                }
            }
            respond(response, to: context)
        }
    }
}
