// SPDX-License-Identifier: Apache-2.0

import Harness
import KafkaProtocol
import Primitives

// Feeds arbitrary bytes to everything that reads the Kafka protocol. The first byte chooses what the rest is:
//
//   0  a request frame, as a broker takes it
//   1  API and version, two bytes each, and a response frame, as a client takes it
//   2  version, two bytes, and a consumer's subscription
//   3  the same and a consumer's assignment
//
// What decodes must encode, to something that decodes to the same. Byte for byte it may differ: unknown tagged fields are
// dropped. No decoding, successful or not, may ask for much more memory than the frame has bytes.

/// An array makes room for at most 64 bytes for each byte left, and arrays lie in arrays three deep. Strings, errors and
/// the rest of a struct's memory make up the remainder.
func checkAllocation(_ allocated: Int, of frame: SharedBytes, _ name: String) {
    let bound = 16_384 + 400 * frame.count
    require(allocated <= bound, "\(name) of \(frame.count) bytes asked for \(allocated) bytes")
}

func checkMessage<Message: ProtocolMessage>(
    _ type: Message.Type, _ start: ByteReader, _ version: Int16, of frame: SharedBytes
) {
    var read: Message?
    let allocated = allocatedByteCount {
        var reader = start
        guard let message = try? Message(decoding: &reader, version: version), reader.remaining == 0 else { return }
        read = message
    }
    checkAllocation(allocated, of: frame, "\(type)")
    guard let read else { return }
    var writer = ByteWriter()
    read.encode(into: &writer, version: version)
    var reader = ByteReader(writer.shared)
    do {
        let again = try Message(decoding: &reader, version: version)
        try reader.finish()
        require(again == read, "\(type) version \(version) changes when it is written")
    } catch {
        fatalError("\(type) writes in version \(version) what it does not read: \(error)")
    }
}

/// Whether a request or its response is looked at.
enum Side {
    case request, response
}

func check<Request: ProtocolRequest>(
    _ type: Request.Type, _ side: Side, _ reader: ByteReader, _ version: Int16, of frame: SharedBytes
) {
    switch side {
    case .request: checkMessage(type, reader, version, of: frame)
    case .response: checkMessage(Request.Response.self, reader, version, of: frame)
    }
}

func check(_ api: APIKey, _ side: Side, _ reader: ByteReader, _ version: Int16, of frame: SharedBytes) {
    let request: any ProtocolRequest.Type =
        switch api {
        case .produce: ProduceRequest.self
        case .fetch: FetchRequest.self
        case .listOffsets: ListOffsetsRequest.self
        case .metadata: MetadataRequest.self
        case .offsetCommit: OffsetCommitRequest.self
        case .offsetFetch: OffsetFetchRequest.self
        case .findCoordinator: FindCoordinatorRequest.self
        case .joinGroup: JoinGroupRequest.self
        case .heartbeat: HeartbeatRequest.self
        case .leaveGroup: LeaveGroupRequest.self
        case .syncGroup: SyncGroupRequest.self
        case .describeGroups: DescribeGroupsRequest.self
        case .listGroups: ListGroupsRequest.self
        case .apiVersions: ApiVersionsRequest.self
        case .createTopics: CreateTopicsRequest.self
        case .deleteTopics: DeleteTopicsRequest.self
        case .deleteRecords: DeleteRecordsRequest.self
        case .initProducerId: InitProducerIdRequest.self
        case .offsetForLeaderEpoch: OffsetForLeaderEpochRequest.self
        case .describeConfigs: DescribeConfigsRequest.self
        case .alterConfigs: AlterConfigsRequest.self
        case .describeLogDirs: DescribeLogDirsRequest.self
        case .createPartitions: CreatePartitionsRequest.self
        case .deleteGroups: DeleteGroupsRequest.self
        case .incrementalAlterConfigs: IncrementalAlterConfigsRequest.self
        case .offsetDelete: OffsetDeleteRequest.self
        case .describeCluster: DescribeClusterRequest.self
        case .describeProducers: DescribeProducersRequest.self
        case .describeTopicPartitions: DescribeTopicPartitionsRequest.self
        case .electLeaders: ElectLeadersRequest.self
        case .alterPartitionReassignments: AlterPartitionReassignmentsRequest.self
        case .listPartitionReassignments: ListPartitionReassignmentsRequest.self
        case .describeQuorum: DescribeQuorumRequest.self
        case .updateFeatures: UpdateFeaturesRequest.self
        case .unregisterBroker: UnregisterBrokerRequest.self
        case .addRaftVoter: AddRaftVoterRequest.self
        case .removeRaftVoter: RemoveRaftVoterRequest.self
        case .addPartitionsToTxn: AddPartitionsToTxnRequest.self
        case .addOffsetsToTxn: AddOffsetsToTxnRequest.self
        case .endTxn: EndTxnRequest.self
        case .writeTxnMarkers: WriteTxnMarkersRequest.self
        case .txnOffsetCommit: TxnOffsetCommitRequest.self
        case .getTelemetrySubscriptions: GetTelemetrySubscriptionsRequest.self
        case .pushTelemetry: PushTelemetryRequest.self
        case .listConfigResources: ListConfigResourcesRequest.self
        case .describeClientQuotas: DescribeClientQuotasRequest.self
        case .alterClientQuotas: AlterClientQuotasRequest.self
        case .describeTransactions: DescribeTransactionsRequest.self
        case .listTransactions: ListTransactionsRequest.self
        }
    check(request, side, reader, version, of: frame)
}

func checkRequest(_ frame: SharedBytes) {
    var reader = ByteReader(frame)
    var incoming: IncomingRequest?
    let allocated = allocatedByteCount { incoming = try? IncomingRequest(decoding: &reader) }
    checkAllocation(allocated, of: frame, "a request header")
    guard case .supported(let api, let header) = incoming else { return }
    checkHeader(header, api)
    check(api, .request, reader, header.apiVersion, of: frame)
}

func checkHeader(_ header: RequestHeader, _ api: APIKey) {
    var writer = ByteWriter()
    header.encode(into: &writer, headerVersion: api.requestHeaderVersion(for: header.apiVersion))
    var reader = ByteReader(writer.shared)
    let again = try? IncomingRequest(decoding: &reader)
    require(again == .supported(api, header) && reader.remaining == 0, "\(header) is read as \(again as Any)")
}

func checkResponse(_ bytes: SharedBytes) throws(DecodeError) {
    var reader = ByteReader(bytes)
    let (number, version) = (try reader.readInt16(), try reader.readInt16())
    guard let api = APIKey(rawValue: number), api.validVersions.contains(version) else { return }
    _ = try ResponseHeader(decoding: &reader, headerVersion: api.responseHeaderVersion(for: version))
    check(api, .response, reader, version, of: bytes)
}

func checkConsumer<Message: ProtocolMessage>(_ type: Message.Type, _ bytes: SharedBytes) throws(DecodeError) {
    var reader = ByteReader(bytes)
    let version = try reader.readInt16()
    guard Message.validVersions.contains(version) else { return }
    checkMessage(type, reader, version, of: bytes)
}

fuzz { bytes in
    guard !bytes.isEmpty else { return }
    let rest = bytes.slice(from: 1, count: bytes.count - 1)
    switch bytes[0] % 4 {
    case 0: checkRequest(rest)
    case 1: try? checkResponse(rest)
    case 2: try? checkConsumer(ConsumerProtocolSubscription.self, rest)
    default: try? checkConsumer(ConsumerProtocolAssignment.self, rest)
    }
}
