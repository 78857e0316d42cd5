// SPDX-License-Identifier: Apache-2.0

internal import Groups
internal import KafkaProtocol
internal import Primitives

extension BrokerShard {
    func joinGroup(_ request: JoinGroupRequest, _ context: RequestContext) {
        let join = JoinRequest(
            group: GroupID(request.groupID),
            member: MemberIdentity(
                MemberID(request.memberID), instanceID: request.groupInstanceID.map { GroupInstanceID($0) }),
            clientID: context.clientID ?? "",
            clientHost: "/\(context.connection.stream?.peerHost ?? "")",
            sessionTimeoutMilliseconds: request.sessionTimeoutMs,
            rebalanceTimeoutMilliseconds: context.version >= 1 ? request.rebalanceTimeoutMs : request.sessionTimeoutMs,
            protocolType: request.protocolType,
            // The frame would otherwise live as long as the member.
            protocols: request.protocols.map {
                MemberProtocol(name: $0.name, metadata: SharedBytes($0.metadata.array))
            },
            requiresKnownMemberID: context.version >= 4, supportsSkippingAssignment: context.version >= 9)
        askGroup(join.group, .join(join)) { [self] reply in
            guard case .join(let result) = reply else { preconditionFailure("a join was answered with \(reply)") }
            var response = JoinGroupResponse()
            switch result {
            case .success(let joined): response.fill(from: joined, version: context.version)
            case .failure(let refusal):
                response.errorCode = refusal.kafkaCode.rawValue
                response.memberID = request.memberID
                if case .memberIDRequired(let id) = refusal { response.memberID = id.rawValue }
                response.protocolName = context.version >= 7 ? nil : ""
            }
            respond(response, to: context)
        }
    }
}

extension JoinGroupResponse {
    fileprivate mutating func fill(from joined: JoinedGroup, version: Int16) {
        generationID = joined.generation.rawValue
        if version >= 7 { protocolType = joined.protocolType }
        protocolName = joined.protocolName ?? (version >= 7 ? nil : "")
        leader = joined.leader.rawValue
        if version >= 9 { skipAssignment = joined.skipAssignment }
        memberID = joined.memberID.rawValue
        members = joined.members.map {
            var member = JoinGroupResponseMember()
            member.memberID = $0.memberID.rawValue
            if version >= 5 { member.groupInstanceID = $0.instanceID?.rawValue }
            member.metadata = $0.metadata
            return member
        }
    }
}
