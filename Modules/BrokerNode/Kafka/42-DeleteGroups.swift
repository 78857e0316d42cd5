// SPDX-License-Identifier: Apache-2.0

internal import Groups
internal import KafkaProtocol
internal import Primitives

extension BrokerShard {
    func deleteGroups(_ request: DeleteGroupsRequest, _ context: RequestContext) {
        deleteGroups(request.groupsNames.map { GroupID($0) }) { [self] deleted in
            var response = DeleteGroupsResponse()
            response.results = deleted.map {
                var result = DeleteGroupsResponse.DeletableGroupResult()
                result.groupID = $0.group.rawValue
                result.errorCode = ($0.refusal?.kafkaCode ?? .none).rawValue
                return result
            }
            respond(response, to: context)
        }
    }

    func deleteGroups(_ groups: [GroupID], then continuation: @escaping ([DeletedGroup]) -> Void) {
        askGroups(
            groups, { .deleteGroups($0) },
            { reply in
                guard case .deleteGroups(let deleted) = reply else {
                    preconditionFailure("a deletion was answered with \(reply)")
                }
                return deleted
            }, then: continuation)
    }
}
