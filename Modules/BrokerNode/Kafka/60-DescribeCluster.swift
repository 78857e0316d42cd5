// SPDX-License-Identifier: Apache-2.0

internal import KafkaProtocol
internal import Primitives

extension BrokerShard {
    func describeCluster(_ request: DescribeClusterRequest, _ context: RequestContext) {
        var response = DescribeClusterResponse()
        // 1 stands for brokers, 2 for controllers, which clients reach elsewhere (KIP-919).
        guard request.endpointType == 1 else {
            response.errorCode =
                (request.endpointType == 2 ? ErrorCode.mismatchedEndpointType : .unsupportedEndpointType).rawValue
            response.errorMessage = "this listener belongs to a broker"
            return respond(response, to: context)
        }
        response.clusterID = node.clusterID
        response.controllerID = node.id.rawValue
        response.brokers = liveBrokers(
            reachedBy: context.connection, includingFenced: context.version >= 2 && request.includeFencedBrokers
        ).map { broker in
            var entry = DescribeClusterResponse.DescribeClusterBroker()
            entry.brokerID = broker.id.rawValue
            entry.host = broker.host
            entry.port = broker.port
            entry.rack = broker.rack
            if context.version >= 2 { entry.isFenced = broker.isFenced }
            return entry
        }
        if request.includeClusterAuthorizedOperations {
            response.clusterAuthorizedOperations = AuthorizedOperations.cluster
        }
        respond(response, to: context)
    }
}
