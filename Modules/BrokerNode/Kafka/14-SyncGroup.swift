// SPDX-License-Identifier: Apache-2.0

internal import Groups
internal import KafkaProtocol
internal import Primitives

extension BrokerShard {
    func syncGroup(_ request: SyncGroupRequest, _ context: RequestContext) {
        // Version 5 must say which protocol it believes in, so that a mix-up shows (KIP-559).
        if context.version >= 5, request.protocolType == nil || request.protocolName == nil {
            return answerSync(.failure(.inconsistentProtocol), context)
        }
        let sync = SyncRequest(
            group: GroupID(request.groupID), generation: GenerationID(request.generationID),
            member: MemberIdentity(
                MemberID(request.memberID), instanceID: request.groupInstanceID.map { GroupInstanceID($0) }),
            protocolType: request.protocolType, protocolName: request.protocolName,
            assignments: request.assignments.map {
                SyncRequest.Assignment(MemberID($0.memberID), SharedBytes($0.assignment.array))
            })
        askGroup(sync.group, .sync(sync)) { [self] reply in
            guard case .sync(let result) = reply else { preconditionFailure("a sync was answered with \(reply)") }
            answerSync(result, context)
        }
    }

    private func answerSync(_ result: Result<SyncedGroup, GroupRefusal>, _ context: RequestContext) {
        var response = SyncGroupResponse()
        switch result {
        case .success(let synced):
            response.assignment = synced.assignment
            if context.version >= 5 {
                response.protocolType = synced.protocolType
                response.protocolName = synced.protocolName
            }
        case .failure(let refusal): response.errorCode = refusal.kafkaCode.rawValue
        }
        respond(response, to: context)
    }
}
