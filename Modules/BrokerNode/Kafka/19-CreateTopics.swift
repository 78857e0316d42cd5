// SPDX-License-Identifier: Apache-2.0

internal import ControllerNode
internal import Coordinator
internal import KafkaProtocol
internal import Primitives

extension BrokerShard {
    func createTopics(_ request: CreateTopicsRequest, _ context: RequestContext) {
        let topics = request.topics.map { topic in
            NewTopic(
                name: topic.name, partitionCount: topic.numPartitions, replicationFactor: topic.replicationFactor,
                assignment: topic.assignments.map {
                    ReplicaAssignment(
                        partition: PartitionIndex($0.partitionIndex), brokers: $0.brokerIDs.map { NodeID($0) })
                },
                configs: topic.configs.map { NewTopic.Config(name: $0.name, value: $0.value) })
        }
        let validateOnly = context.version >= 1 && request.validateOnly
        var gate = MutationGate(context, strictFrom: 6, isRehearsal: validateOnly, at: now)
        let admitted = topics.map { gate.admits($0.countedPartitions(configs.settings)) }
        let wait = gate.waitNanoseconds
        command(CreateTopics(topics.keeping(admitted), validateOnly: validateOnly)) { [self] result in
            var response = CreateTopicsResponse()
            var rest = (try? result.get())?[...] ?? []
            switch result {
            case .failure(let failure):
                response.topics = topics.map { refused($0.name, failure.kafkaCode, failure.description, context) }
            case .success:
                response.topics = zip(topics, admitted).map { topic, isAdmitted in
                    guard isAdmitted else {
                        return refused(topic.name, .throttlingQuotaExceeded, MutationGate.refusal, context)
                    }
                    switch rest.removeFirst() {
                    case .success(let created): return accepted(created, context)
                    case .failure(let refusal):
                        return refused(topic.name, refusal.kafkaCode, refusal.message, context)
                    }
                }
            }
            respond(response, to: context, waitNanoseconds: wait, for: .controllerMutationRate)
        }
    }

    private func refused(
        _ name: String, _ code: ErrorCode, _ message: String, _ context: RequestContext
    ) -> CreateTopicsResponse.CreatableTopicResult {
        var result = CreateTopicsResponse.CreatableTopicResult()
        result.name = name
        result.errorCode = code.rawValue
        if context.version >= 1 { result.errorMessage = message }
        return result
    }

    private func accepted(
        _ topic: CreatedTopic, _ context: RequestContext
    ) -> CreateTopicsResponse.CreatableTopicResult {
        var result = CreateTopicsResponse.CreatableTopicResult()
        result.name = topic.name
        if context.version >= 1 { result.errorMessage = nil }
        if context.version >= 7 { result.topicID = topic.id }
        guard context.version >= 5 else { return result }
        result.numPartitions = topic.partitionCount
        result.replicationFactor = topic.replicationFactor
        result.configs = topic.configs.map { entry in
            var config = CreateTopicsResponse.CreatableTopicConfigs()
            config.name = entry.name
            config.value = entry.value
            config.configSource = entry.origin.kafkaSource
            config.isSensitive = entry.definition.isSensitive
            return config
        }
        return result
    }
}
