// SPDX-License-Identifier: Apache-2.0

internal import Coordinator
internal import Groups
internal import KafkaProtocol
internal import Primitives
internal import Transactions

/// What a client looks for the coordinator of; 2 stands for share groups, which are not served.
private enum CoordinatorKind: Int8 {
    case group = 0
    case transaction = 1

    var topic: InternalTopic {
        switch self {
        case .group: .consumerOffsets
        case .transaction: .transactionState
        }
    }

    func partition(of key: String, count: Int32) -> PartitionIndex {
        switch self {
        case .group: OffsetsTopic.partition(of: GroupID(key), count: count)
        case .transaction: TransactionStateTopic.partition(of: TransactionalID(key), count: count)
        }
    }
}

extension BrokerShard {
    func findCoordinator(_ request: FindCoordinatorRequest, _ context: RequestContext) {
        guard let kind = CoordinatorKind(rawValue: request.keyType) else {
            return refuseCoordinator(.invalidRequest, request, context)
        }
        guard image.topic(named: kind.topic.name) == nil else { return answerCoordinator(kind, request, context) }
        command(EnsureInternalTopic(kind.topic)) { [self] result in
            guard case .success(.success) = result else {
                return refuseCoordinator(.coordinatorNotAvailable, request, context)
            }
            answerCoordinator(kind, request, context)
        }
    }

    private func answerCoordinator(
        _ kind: CoordinatorKind, _ request: FindCoordinatorRequest, _ context: RequestContext
    ) {
        guard let topic = image.topic(named: kind.topic.name) else {
            return refuseCoordinator(.coordinatorNotAvailable, request, context)
        }
        let brokers = liveBrokers(reachedBy: context.connection)
        let found = keys(of: request, context).map { key -> FindCoordinatorResponse.Coordinator in
            var coordinator = FindCoordinatorResponse.Coordinator()
            coordinator.key = key
            let index = kind.partition(of: key, count: Int32(topic.partitions.count))
            let leader = topic.partitions[Int(index.rawValue)].leader
            guard let broker = brokers.first(where: { $0.id == leader }) else {
                coordinator.errorCode = ErrorCode.coordinatorNotAvailable.rawValue
                coordinator.nodeID = -1
                coordinator.port = -1
                return coordinator
            }
            coordinator.nodeID = broker.id.rawValue
            coordinator.host = broker.host
            coordinator.port = broker.port
            return coordinator
        }
        respondCoordinators(found, context)
    }

    private func refuseCoordinator(_ code: ErrorCode, _ request: FindCoordinatorRequest, _ context: RequestContext) {
        let refused = keys(of: request, context).map { key -> FindCoordinatorResponse.Coordinator in
            var coordinator = FindCoordinatorResponse.Coordinator()
            coordinator.key = key
            coordinator.errorCode = code.rawValue
            coordinator.nodeID = -1
            coordinator.port = -1
            return coordinator
        }
        respondCoordinators(refused, context)
    }

    /// Version 4 asks for several keys at once (KIP-699).
    private func keys(of request: FindCoordinatorRequest, _ context: RequestContext) -> [String] {
        context.version >= 4 ? request.coordinatorKeys : [request.key]
    }

    private func respondCoordinators(_ found: [FindCoordinatorResponse.Coordinator], _ context: RequestContext) {
        var response = FindCoordinatorResponse()
        guard context.version < 4, let only = found.first else {
            response.coordinators = found
            return respond(response, to: context)
        }
        response.errorCode = only.errorCode
        response.nodeID = only.nodeID
        response.host = only.host
        response.port = only.port
        if context.version >= 1 { response.errorMessage = nil }
        respond(response, to: context)
    }
}
