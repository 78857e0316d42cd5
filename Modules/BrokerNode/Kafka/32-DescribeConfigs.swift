// SPDX-License-Identifier: Apache-2.0

internal import Coordinator
internal import KafkaProtocol
internal import Primitives

extension BrokerShard {
    func describeConfigs(_ request: DescribeConfigsRequest, _ context: RequestContext) {
        var response = DescribeConfigsResponse()
        response.results = request.resources.map { resource in
            var result = DescribeConfigsResponse.DescribeConfigsResult()
            result.resourceType = resource.resourceType
            result.resourceName = resource.resourceName
            do throws(DescribeConfigRefusal) {
                let wanted = resource.configurationKeys.map(Set.init)
                result.errorMessage = nil
                result.configs = try entries(of: resource.target).filter { wanted?.contains($0.name) ?? true }.map {
                    DescribeConfigsResponse.DescribeConfigsResourceResult($0, request, version: context.version)
                }
            } catch {
                result.errorCode = error.kafkaCode.rawValue
                result.errorMessage = error.message
            }
            return result
        }
        respond(response, to: context)
    }

    /// The settings of a resource, as every interface shows them.
    func entries(of target: ConfigTarget) throws(DescribeConfigRefusal) -> [ConfigEntry] {
        switch target.kind {
        case .topic:
            if let problem = TopicName.problem(of: target.name) { throw .illegalTopicName(problem) }
            guard image.topic(named: target.name) != nil else { throw .unknownTopic(target.name) }
            return configs.topicEntries(of: target.name)
        case .broker where target.name.isEmpty: return configs.brokerDefaultEntries()
        case .broker:
            guard let id = Int32(target.name) else { throw .invalidBrokerID(target.name) }
            guard NodeID(id) == node.id else { throw .otherBroker(NodeID(id)) }
            return configs.brokerEntries()
        case .clientMetrics: return configs.clientMetricsEntries(of: target.name)
        case .brokerLogger, .group, .unknown: throw .unsupportedResource(target.kind)
        }
    }
}

/// Why the settings of a resource are not shown.
enum DescribeConfigRefusal: Error {
    case unsupportedResource(ConfigTarget.Kind)
    case illegalTopicName(TopicNameProblem)
    case unknownTopic(String)
    case invalidBrokerID(String)
    /// Each broker knows its own static settings only.
    case otherBroker(NodeID)
}

extension DescribeConfigsRequest.DescribeConfigsResource {
    var target: ConfigTarget { ConfigTarget(ConfigTarget.Kind(kafkaType: resourceType), name: resourceName) }
}

extension DescribeConfigsResponse.DescribeConfigsResourceResult {
    fileprivate init(_ entry: ConfigEntry, _ request: DescribeConfigsRequest, version: Int16) {
        self.init()
        name = entry.name
        value = entry.value
        readOnly = entry.definition.scope == .readOnly && entry.definition.brokerSettings.isEmpty && !entry.isOfTopic
        if version >= 1 { configSource = entry.origin.kafkaSource } else { isDefault = entry.isDefault }
        isSensitive = entry.definition.isSensitive
        if version >= 1, request.includeSynonyms {
            synonyms = entry.synonyms.map {
                var synonym = DescribeConfigsResponse.DescribeConfigsSynonym()
                synonym.name = $0.name
                synonym.value = $0.value
                synonym.source = $0.origin.kafkaSource
                return synonym
            }
        }
        guard version >= 3 else { return }
        configType = entry.definition.kind.kafkaType
        documentation = request.includeDocumentation ? entry.definition.documentation : nil
    }
}

extension ConfigEntry {
    fileprivate var isOfTopic: Bool { SettingsTable.topic[name] != nil }
}
