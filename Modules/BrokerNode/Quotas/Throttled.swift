// SPDX-License-Identifier: Apache-2.0

internal import KafkaProtocol

/// A response that tells the client how long it is not served (KIP-219).
protocol Throttled {
    var throttleTimeMs: Int32 { get set }
}

extension ProduceResponse: Throttled {}
extension FetchResponse: Throttled {}
extension ListOffsetsResponse: Throttled {}
extension MetadataResponse: Throttled {}
extension OffsetCommitResponse: Throttled {}
extension OffsetFetchResponse: Throttled {}
extension FindCoordinatorResponse: Throttled {}
extension JoinGroupResponse: Throttled {}
extension HeartbeatResponse: Throttled {}
extension LeaveGroupResponse: Throttled {}
extension SyncGroupResponse: Throttled {}
extension DescribeGroupsResponse: Throttled {}
extension ListGroupsResponse: Throttled {}
extension ApiVersionsResponse: Throttled {}
extension CreateTopicsResponse: Throttled {}
extension DeleteTopicsResponse: Throttled {}
extension DeleteRecordsResponse: Throttled {}
extension InitProducerIdResponse: Throttled {}
extension OffsetForLeaderEpochResponse: Throttled {}
extension AddPartitionsToTxnResponse: Throttled {}
extension AddOffsetsToTxnResponse: Throttled {}
extension EndTxnResponse: Throttled {}
extension TxnOffsetCommitResponse: Throttled {}
extension DescribeConfigsResponse: Throttled {}
extension AlterConfigsResponse: Throttled {}
extension DescribeLogDirsResponse: Throttled {}
extension CreatePartitionsResponse: Throttled {}
extension DeleteGroupsResponse: Throttled {}
extension ElectLeadersResponse: Throttled {}
extension IncrementalAlterConfigsResponse: Throttled {}
extension AlterPartitionReassignmentsResponse: Throttled {}
extension ListPartitionReassignmentsResponse: Throttled {}
extension OffsetDeleteResponse: Throttled {}
extension DescribeClientQuotasResponse: Throttled {}
extension AlterClientQuotasResponse: Throttled {}
extension UpdateFeaturesResponse: Throttled {}
extension DescribeClusterResponse: Throttled {}
extension DescribeProducersResponse: Throttled {}
extension UnregisterBrokerResponse: Throttled {}
extension DescribeTransactionsResponse: Throttled {}
extension ListTransactionsResponse: Throttled {}
extension DescribeTopicPartitionsResponse: Throttled {}
extension AddRaftVoterResponse: Throttled {}
extension RemoveRaftVoterResponse: Throttled {}
extension GetTelemetrySubscriptionsResponse: Throttled {}
extension PushTelemetryResponse: Throttled {}
extension ListConfigResourcesResponse: Throttled {}
