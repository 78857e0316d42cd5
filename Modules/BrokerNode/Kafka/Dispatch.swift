// SPDX-License-Identifier: Apache-2.0

internal import KafkaProtocol
internal import Primitives

/// Why a connection is ended instead of answered.
enum RejectReason: String, CaseIterable, Sendable {
    case unknownAPI = "unknown_api"
    case unsupportedVersion = "unsupported_version"
    case malformedRequest = "malformed_request"
}

extension BrokerShard {
    /// Works on one request frame; the answer goes to `slot` of the connection, now or later.
    func serve(_ frame: SharedBytes, on connection: KafkaConnection, slot: UInt64) {
        var reader = ByteReader(frame)
        do {
            switch try IncomingRequest(decoding: &reader) {
            case .supported(let api, let header):
                let context = RequestContext(
                    connection: connection, slot: slot, api: api, version: header.apiVersion,
                    correlationID: header.correlationID, clientID: header.clientID, arrival: now,
                    byteCount: frame.count, rates: hasQuotas ? connection.rates(ofClient: header.clientID) : nil)
                try dispatch(context, &reader)
                if let rate = context.rates?.request {
                    rate.use(Double(now.nanoseconds - context.arrival.nanoseconds), at: now)
                }
            case .unsupportedVersion(.apiVersions, let header):
                apiVersionsUnsupported(header, on: connection, slot: slot)
            case .unsupportedVersion: connection.reject(.unsupportedVersion)
            case .unknownAPI: connection.reject(.unknownAPI)
            }
        } catch {
            connection.reject(.malformedRequest)
        }
    }

    private func dispatch(_ context: RequestContext, _ reader: inout ByteReader) throws(DecodeError) {
        switch context.api {
        case .produce: produce(try decode(&reader, context), context)
        case .fetch: fetch(try decode(&reader, context), context)
        case .listOffsets: listOffsets(try decode(&reader, context), context)
        case .metadata: metadata(try decode(&reader, context), context)
        case .offsetCommit: offsetCommit(try decode(&reader, context), context)
        case .offsetFetch: offsetFetch(try decode(&reader, context), context)
        case .findCoordinator: findCoordinator(try decode(&reader, context), context)
        case .joinGroup: joinGroup(try decode(&reader, context), context)
        case .heartbeat: heartbeat(try decode(&reader, context), context)
        case .leaveGroup: leaveGroup(try decode(&reader, context), context)
        case .syncGroup: syncGroup(try decode(&reader, context), context)
        case .describeGroups: describeGroups(try decode(&reader, context), context)
        case .listGroups: listGroups(try decode(&reader, context), context)
        case .apiVersions: apiVersions(try decode(&reader, context), context)
        case .createTopics: createTopics(try decode(&reader, context), context)
        case .deleteTopics: deleteTopics(try decode(&reader, context), context)
        case .deleteRecords: deleteRecords(try decode(&reader, context), context)
        case .initProducerId: initProducerID(try decode(&reader, context), context)
        case .addPartitionsToTxn: addPartitionsToTransaction(try decode(&reader, context), context)
        case .addOffsetsToTxn: addOffsetsToTransaction(try decode(&reader, context), context)
        case .endTxn: endTransaction(try decode(&reader, context), context)
        case .describeTransactions: describeTransactions(try decode(&reader, context), context)
        case .listTransactions: listTransactions(try decode(&reader, context), context)
        case .offsetForLeaderEpoch: offsetForLeaderEpoch(try decode(&reader, context), context)
        case .describeConfigs: describeConfigs(try decode(&reader, context), context)
        case .alterConfigs: alterConfigs(try decode(&reader, context), context)
        case .describeLogDirs: describeLogDirs(try decode(&reader, context), context)
        case .createPartitions: createPartitions(try decode(&reader, context), context)
        case .deleteGroups: deleteGroups(try decode(&reader, context), context)
        case .incrementalAlterConfigs: incrementalAlterConfigs(try decode(&reader, context), context)
        case .offsetDelete: offsetDelete(try decode(&reader, context), context)
        case .describeCluster: describeCluster(try decode(&reader, context), context)
        case .writeTxnMarkers: writeTxnMarkers(try decode(&reader, context), context)
        case .txnOffsetCommit: txnOffsetCommit(try decode(&reader, context), context)
        case .describeProducers: describeProducers(try decode(&reader, context), context)
        case .describeTopicPartitions: describeTopicPartitions(try decode(&reader, context), context)
        case .getTelemetrySubscriptions: getTelemetrySubscriptions(try decode(&reader, context), context)
        case .pushTelemetry: pushTelemetry(try decode(&reader, context), context)
        case .listConfigResources: listConfigResources(try decode(&reader, context), context)
        case .describeClientQuotas: describeClientQuotas(try decode(&reader, context), context)
        case .alterClientQuotas: alterClientQuotas(try decode(&reader, context), context)
        case .electLeaders: electLeaders(try decode(&reader, context), context)
        case .alterPartitionReassignments: alterPartitionReassignments(try decode(&reader, context), context)
        case .listPartitionReassignments: listPartitionReassignments(try decode(&reader, context), context)
        case .describeQuorum: describeQuorum(try decode(&reader, context), context)
        case .updateFeatures: updateFeatures(try decode(&reader, context), context)
        case .unregisterBroker: unregisterBroker(try decode(&reader, context), context)
        case .addRaftVoter: addRaftVoter(try decode(&reader, context), context)
        case .removeRaftVoter: removeRaftVoter(try decode(&reader, context), context)
        }
    }

    /// Reads the fields of a request. Bytes behind the last field are ignored, as Kafka does: librdkafka 2 asks for all
    /// topics with a null array of four bytes where the flexible versions of Metadata have one.
    private func decode<Request: ProtocolRequest>(
        _ reader: inout ByteReader, _ context: RequestContext
    ) throws(DecodeError) -> Request {
        try Request(decoding: &reader, version: context.version)
    }
}
