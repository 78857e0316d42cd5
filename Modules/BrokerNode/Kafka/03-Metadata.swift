// SPDX-License-Identifier: Apache-2.0

internal import Coordinator
internal import KafkaProtocol
internal import Primitives

extension BrokerShard {
    func metadata(_ request: MetadataRequest, _ context: RequestContext) {
        // Version 0 says "all" with an empty list, later ones with null.
        guard let wanted = request.topics, context.version > 0 || !wanted.isEmpty else {
            return answerMetadata(image.topicsByName().map { describe($0, context) }, request, context)
        }
        let mayCreate =
            (context.version < 4 || request.allowAutoTopicCreation) && configs.settings[.autoCreateTopics]
        let missing = wanted.compactMap(\.name).filter { !$0.isEmpty && image.topic(named: $0) == nil }
        guard mayCreate, !missing.isEmpty else { return answerMetadata(wanted, request, context) }
        let names = Array(Set(missing)).sorted()
        let ordinary = names.filter { InternalTopic(rawValue: $0) == nil }
        // What the quota of mutations does not admit is not there yet: a client asks again.
        var gate = MutationGate(context, strictFrom: 0, at: now)
        let settings = configs.settings
        let admitted = ordinary.map { NewTopic(name: $0) }.filter { gate.admits($0.countedPartitions(settings)) }
        let wait = gate.waitNanoseconds
        guard !admitted.isEmpty else { return answerMetadata(wanted, request, context, waitNanoseconds: wait) }
        command(CreateTopics(admitted)) { [self] _ in
            // A refusal shows as what it left: a topic that is not there, or a name that cannot be.
            answerMetadata(wanted, request, context, waitNanoseconds: wait)
        }
    }

    private func answerMetadata(
        _ wanted: [MetadataRequest.MetadataRequestTopic], _ request: MetadataRequest, _ context: RequestContext,
        waitNanoseconds: Int64 = 0
    ) {
        let topics = wanted.map { topic -> MetadataResponse.MetadataResponseTopic in
            let found = topic.name.map { image.topic(named: $0) } ?? image.topic(topic.topicID)
            if let found { return describe(found, context) }
            var unknown = MetadataResponse.MetadataResponseTopic()
            unknown.name = topic.name
            unknown.topicID = topic.topicID
            unknown.errorCode = unknownCode(topic.name).rawValue
            if context.version < 12, topic.name == nil { unknown.name = "" }
            return unknown
        }
        answerMetadata(topics, request, context, waitNanoseconds: waitNanoseconds)
    }

    /// Why a topic is not there; nil stands for one that was named by id.
    private func unknownCode(_ name: String?) -> ErrorCode {
        guard let name else { return .unknownTopicID }
        return TopicName.problem(of: name) == nil ? .unknownTopicOrPartition : .invalidTopicException
    }

    private func answerMetadata(
        _ topics: [MetadataResponse.MetadataResponseTopic], _ request: MetadataRequest, _ context: RequestContext,
        waitNanoseconds: Int64 = 0
    ) {
        var response = MetadataResponse()
        response.clusterID = node.clusterID
        response.controllerID = node.id.rawValue
        response.brokers = knownBrokers(to: context.connection).map { MetadataResponse.MetadataResponseBroker($0) }
        response.topics = topics
        if context.version >= 8 {
            if request.includeTopicAuthorizedOperations {
                for index in response.topics.indices {
                    response.topics[index].topicAuthorizedOperations = AuthorizedOperations.topic
                }
            }
            if context.version <= 10, request.includeClusterAuthorizedOperations {
                response.clusterAuthorizedOperations = AuthorizedOperations.cluster
            }
        }
        respond(response, to: context, waitNanoseconds: waitNanoseconds, for: .controllerMutationRate)
    }

    private func describe(_ topic: TopicImage, _ context: RequestContext) -> MetadataResponse.MetadataResponseTopic {
        var described = MetadataResponse.MetadataResponseTopic()
        described.name = topic.name
        described.topicID = topic.id
        described.isInternal = InternalTopic.isInternal(topic.name)
        described.partitions = topic.partitions.enumerated().map { index, partition in
            var entry = MetadataResponse.MetadataResponsePartition()
            entry.partitionIndex = Int32(index)
            entry.errorCode = (partition.leader == .none ? ErrorCode.leaderNotAvailable : .none).rawValue
            entry.leaderID = partition.leader.rawValue
            entry.leaderEpoch = partition.leaderEpoch.rawValue
            entry.replicaNodes = partition.replicas.map(\.rawValue)
            entry.isrNodes = partition.inSyncReplicas.map(\.rawValue)
            if context.version >= 5 {
                entry.offlineReplicas = partition.replicas.filter { image.broker($0)?.isFenced ?? true }.map(\.rawValue)
            }
            return entry
        }
        return described
    }
}

/// Where a client reaches a broker.
struct BrokerEndpoint {
    let id: NodeID
    let host: String
    let port: Int32
    let rack: String?
    let isFenced: Bool
}

/// Where a broker is reached, as responses of several APIs carry it.
protocol EndpointEntry {
    init()
    var nodeID: Int32 { get set }
    var host: String { get set }
    var port: Int32 { get set }
    var rack: String? { get set }
}

extension EndpointEntry {
    init(_ broker: BrokerEndpoint) {
        self.init()
        nodeID = broker.id.rawValue
        host = broker.host
        port = broker.port
        rack = broker.rack
    }
}

extension MetadataResponse.MetadataResponseBroker: EndpointEntry {}

extension BrokerShard {
    /// Brokers for a client to go on with: those that live, or, when all of them are fenced, the one that answers. A client
    /// that is told of nobody gives up every connection that it has, and librdkafka 2.16 makes no other one.
    func knownBrokers(to connection: KafkaConnection) -> [BrokerEndpoint] {
        let live = liveBrokers(reachedBy: connection)
        guard live.isEmpty else { return live }
        return liveBrokers(reachedBy: connection, includingFenced: true).filter { $0.id == node.id }
    }

    /// Brokers that clients are told of, by id, at the addresses of the listener that `connection` came to.
    ///
    /// This broker says what the client itself used to get here, the address that works, unless `advertised.listeners` or
    /// its registration says better.
    func liveBrokers(reachedBy connection: KafkaConnection, includingFenced: Bool = false) -> [BrokerEndpoint] {
        let isRPC = connection.stream?.isRPC ?? false
        return image.brokers().filter { includingFenced || !$0.isFenced }.map { broker in
            var host = broker.listeners.first?.host ?? ""
            var port = Int32(broker.listeners.first?.port ?? 0)
            if isRPC { (host, port) = (broker.rpc?.host ?? "", Int32(broker.rpc?.port ?? 0)) }
            let saysBetter = isRPC ? broker.rpc != nil : node.hasAdvertisedListeners
            if broker.id == node.id, !saysBetter, let stream = connection.stream {
                (host, port) = (stream.localHost, Int32(stream.localPort))
            }
            return BrokerEndpoint(id: broker.id, host: host, port: port, rack: broker.rack, isFenced: broker.isFenced)
        }
    }
}

/// Bit sets of the operations that a client may do (KIP-430), by Kafka's operation codes. Everything, until access is
/// controlled.
enum AuthorizedOperations {
    /// Read, write, create, delete, alter, describe, describe configs, alter configs.
    static let topic: Int32 = 0b1101_1111_1000
    /// Create, alter, describe, cluster action, describe configs, alter configs, idempotent write.
    static let cluster: Int32 = 0b1_1111_1010_0000
    /// Read, delete, describe, describe configs, alter configs.
    static let group: Int32 = 0b1101_0100_1000
}
