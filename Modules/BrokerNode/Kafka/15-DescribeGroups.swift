// SPDX-License-Identifier: Apache-2.0

internal import Groups
internal import KafkaProtocol
internal import Primitives

extension BrokerShard {
    func describeGroups(_ request: DescribeGroupsRequest, _ context: RequestContext) {
        askGroups(
            request.groups.map { GroupID($0) }, { .describe($0) },
            { reply in
                guard case .describe(let found) = reply else {
                    preconditionFailure("a describe was answered with \(reply)")
                }
                return found
            }
        ) { [self] descriptions in
            var response = DescribeGroupsResponse()
            response.groups = descriptions.map {
                DescribeGroupsResponse.DescribedGroup($0, request, version: context.version)
            }
            respond(response, to: context)
        }
    }
}

extension DescribeGroupsResponse.DescribedGroup {
    fileprivate init(_ group: GroupDescription, _ request: DescribeGroupsRequest, version: Int16) {
        self.init()
        groupID = group.group.rawValue
        groupState = group.state.rawValue
        protocolType = group.protocolType
        protocolData = group.protocolName
        members = group.members.map {
            var member = DescribeGroupsResponse.DescribedGroupMember()
            member.memberID = $0.memberID.rawValue
            if version >= 4 { member.groupInstanceID = $0.instanceID?.rawValue }
            member.clientID = $0.clientID
            member.clientHost = $0.clientHost
            member.memberMetadata = $0.subscription
            member.memberAssignment = $0.assignment
            return member
        }
        // Before version 6 a group that is not there is a dead one.
        let refusal = group.refusal == .groupNotFound && version < 6 ? nil : group.refusal
        errorCode = (refusal?.kafkaCode ?? .none).rawValue
        if version >= 6, refusal != nil { errorMessage = "no such group" }
        if version >= 3, request.includeAuthorizedOperations { authorizedOperations = AuthorizedOperations.group }
    }
}
