// SPDX-License-Identifier: Apache-2.0

internal import Coordinator
internal import KafkaProtocol
internal import Primitives

extension BrokerShard {
    /// Names of resources that have settings of their own, or can have (KIP-1142); version 0 knows subscriptions to
    /// metrics of clients only.
    func listConfigResources(_ request: ListConfigResourcesRequest, _ context: RequestContext) {
        var response = ListConfigResourcesResponse()
        let wanted: [ListedResource]
        if context.version == 0 {
            wanted = [.clientMetrics]
        } else if request.resourceTypes.isEmpty {
            wanted = ListedResource.allCases
        } else {
            let known = request.resourceTypes.compactMap(ListedResource.init)
            guard known.count == request.resourceTypes.count else {
                response.errorCode = ErrorCode.unsupportedVersion.rawValue
                return respond(response, to: context)
            }
            wanted = ListedResource.allCases.filter(known.contains)
        }
        for type in wanted {
            response.configResources += names(of: type).map { name in
                var resource = ListConfigResourcesResponse.ConfigResource()
                resource.resourceName = name
                if context.version >= 1 { resource.resourceType = type.rawValue }
                return resource
            }
        }
        respond(response, to: context)
    }

    private func names(of type: ListedResource) -> [String] {
        switch type {
        case .topic: image.topicsByName().map(\.name)
        case .broker, .brokerLogger: image.brokers().map { String($0.id.rawValue) }
        case .clientMetrics: image.clientMetricsSubscriptions()
        case .group: []
        }
    }
}

/// Kafka's numbers of the types of resources.
private enum ListedResource: Int8, CaseIterable {
    case topic = 2
    case broker = 4
    case brokerLogger = 8
    case clientMetrics = 16
    /// No group has settings of its own.
    case group = 32
}
