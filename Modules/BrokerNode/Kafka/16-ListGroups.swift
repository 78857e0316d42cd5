// SPDX-License-Identifier: Apache-2.0

internal import Groups
internal import KafkaProtocol
internal import Primitives

extension BrokerShard {
    func listGroups(_ request: ListGroupsRequest, _ context: RequestContext) {
        listGroups(ListRequest(states: request.statesFilter, types: request.typesFilter)) { [self] result in
            var response = ListGroupsResponse()
            switch result {
            case .failure(let refusal): response.errorCode = refusal.kafkaCode.rawValue
            case .success(let groups):
                response.groups = groups.map {
                    var group = ListGroupsResponse.ListedGroup()
                    group.groupID = $0.group.rawValue
                    group.protocolType = $0.protocolType
                    if context.version >= 4 { group.groupState = $0.state.rawValue }
                    if context.version >= 5 { group.groupType = $0.type.rawValue }
                    return group
                }
            }
            respond(response, to: context)
        }
    }

    /// The groups of all coordinators of this broker, sorted by id; a refusal when one of them is still loading.
    func listGroups(
        _ request: ListRequest, then continuation: @escaping (Result<[Groups.ListedGroup], GroupRefusal>) -> Void
    ) {
        askAll({ $0.listOwnGroups(request, reply: $1) }) { parts in
            var all: [Groups.ListedGroup] = []
            for part in parts {
                switch part {
                case .success(let groups): all += groups
                case .failure(let refusal): return continuation(.failure(refusal))
                }
            }
            continuation(.success(all.sorted { $0.group < $1.group }))
        }
    }

    private func listOwnGroups(
        _ request: ListRequest, reply: @escaping (Result<[Groups.ListedGroup], GroupRefusal>) -> Void
    ) {
        guard !groups.isEmpty else { return reply(.success([])) }
        let shells = groups.sorted { $0.key < $1.key }.map(\.value)
        let gathering = Gathering<Result<[Groups.ListedGroup], GroupRefusal>>(count: shells.count) { parts in
            let refusal = parts.compactMap { part -> GroupRefusal? in
                if case .failure(let refusal) = part { return refusal }
                return nil
            }.first
            if let refusal { return reply(.failure(refusal)) }
            reply(.success(parts.flatMap { (try? $0.get()) ?? [] }))
        }
        for (place, shell) in shells.enumerated() {
            shell.submit(.list(request)) { answer in
                guard case .list(let result) = answer else {
                    preconditionFailure("a list was answered with \(answer)")
                }
                gathering.set(result, at: place)
            }
        }
    }
}
