// SPDX-License-Identifier: Apache-2.0

internal import KafkaProtocol

/// A response that can say whether it brings bad news.
protocol ErrorCarrying {
    /// The first error code in the order of the message that is not 0; 0 without one.
    var firstErrorCode: Int16 { get }
}

/// A response with one error code for all of it.
protocol SingleErrorCarrying: ErrorCarrying {
    var errorCode: Int16 { get }
}

extension SingleErrorCarrying {
    var firstErrorCode: Int16 { errorCode }
}

/// The first code that is not 0.
private func first<Items: Sequence>(_ items: Items, _ code: (Items.Element) -> Int16) -> Int16 {
    for item in items {
        let found = code(item)
        if found != 0 { return found }
    }
    return 0
}

extension ProtocolResponse {
    fileprivate func either(_ code: Int16, _ others: @autoclosure () -> Int16) -> Int16 { code != 0 ? code : others() }
}

// MARK: Data

extension ProduceResponse: ErrorCarrying {
    var firstErrorCode: Int16 { first(responses) { first($0.partitionResponses, \.errorCode) } }
}

extension FetchResponse: ErrorCarrying {
    var firstErrorCode: Int16 { either(errorCode, first(responses) { first($0.partitions, \.errorCode) }) }
}

extension ListOffsetsResponse: ErrorCarrying {
    var firstErrorCode: Int16 { first(topics) { first($0.partitions, \.errorCode) } }
}

extension OffsetForLeaderEpochResponse: ErrorCarrying {
    var firstErrorCode: Int16 { first(topics) { first($0.partitions, \.errorCode) } }
}

extension DeleteRecordsResponse: ErrorCarrying {
    var firstErrorCode: Int16 { first(topics) { first($0.partitions, \.errorCode) } }
}

extension InitProducerIdResponse: SingleErrorCarrying {}

extension DescribeProducersResponse: ErrorCarrying {
    var firstErrorCode: Int16 { first(topics) { first($0.partitions, \.errorCode) } }
}

// MARK: The cluster

extension MetadataResponse: ErrorCarrying {
    var firstErrorCode: Int16 {
        either(errorCode, first(topics) { $0.errorCode != 0 ? $0.errorCode : first($0.partitions, \.errorCode) })
    }
}

extension DescribeTopicPartitionsResponse: ErrorCarrying {
    var firstErrorCode: Int16 {
        first(topics) { $0.errorCode != 0 ? $0.errorCode : first($0.partitions, \.errorCode) }
    }
}

extension ApiVersionsResponse: SingleErrorCarrying {}

extension DescribeClusterResponse: SingleErrorCarrying {}

extension CreateTopicsResponse: ErrorCarrying {
    var firstErrorCode: Int16 { first(topics, \.errorCode) }
}

extension DeleteTopicsResponse: ErrorCarrying {
    var firstErrorCode: Int16 { first(responses, \.errorCode) }
}

extension CreatePartitionsResponse: ErrorCarrying {
    var firstErrorCode: Int16 { first(results, \.errorCode) }
}

extension DescribeConfigsResponse: ErrorCarrying {
    var firstErrorCode: Int16 { first(results, \.errorCode) }
}

extension AlterConfigsResponse: ErrorCarrying {
    var firstErrorCode: Int16 { first(responses, \.errorCode) }
}

extension IncrementalAlterConfigsResponse: ErrorCarrying {
    var firstErrorCode: Int16 { first(responses, \.errorCode) }
}

extension DescribeLogDirsResponse: ErrorCarrying {
    var firstErrorCode: Int16 { either(errorCode, first(results, \.errorCode)) }
}

extension GetTelemetrySubscriptionsResponse: SingleErrorCarrying {}

extension PushTelemetryResponse: SingleErrorCarrying {}

extension ListConfigResourcesResponse: SingleErrorCarrying {}

extension DescribeClientQuotasResponse: SingleErrorCarrying {}

extension AlterClientQuotasResponse: ErrorCarrying {
    var firstErrorCode: Int16 { first(entries, \.errorCode) }
}

// MARK: Groups

extension FindCoordinatorResponse: ErrorCarrying {
    var firstErrorCode: Int16 { either(errorCode, first(coordinators, \.errorCode)) }
}

extension JoinGroupResponse: SingleErrorCarrying {}

extension SyncGroupResponse: SingleErrorCarrying {}

extension HeartbeatResponse: SingleErrorCarrying {}

extension LeaveGroupResponse: ErrorCarrying {
    var firstErrorCode: Int16 { either(errorCode, first(members, \.errorCode)) }
}

extension WriteTxnMarkersResponse: ErrorCarrying {
    var firstErrorCode: Int16 { first(markers) { first($0.topics) { first($0.partitions, \.errorCode) } } }
}

extension TxnOffsetCommitResponse: ErrorCarrying {
    var firstErrorCode: Int16 { first(topics) { first($0.partitions, \.errorCode) } }
}

extension OffsetCommitResponse: ErrorCarrying {
    var firstErrorCode: Int16 { first(topics) { first($0.partitions, \.errorCode) } }
}

extension OffsetFetchResponse: ErrorCarrying {
    var firstErrorCode: Int16 {
        either(
            errorCode,
            either(
                first(topics) { first($0.partitions, \.errorCode) },
                first(groups) { group in
                    group.errorCode != 0
                        ? group.errorCode : first(group.topics) { first($0.partitions, \.errorCode) }
                }))
    }
}

extension OffsetDeleteResponse: ErrorCarrying {
    var firstErrorCode: Int16 { either(errorCode, first(topics) { first($0.partitions, \.errorCode) }) }
}

extension DescribeGroupsResponse: ErrorCarrying {
    var firstErrorCode: Int16 { first(groups, \.errorCode) }
}

extension ListGroupsResponse: SingleErrorCarrying {}

extension DeleteGroupsResponse: ErrorCarrying {
    var firstErrorCode: Int16 { first(results, \.errorCode) }
}

// MARK: Transactions

extension AddPartitionsToTxnResponse: ErrorCarrying {
    var firstErrorCode: Int16 {
        let inBatch = first(resultsByTransaction) {
            first($0.topicResults) { first($0.resultsByPartition, \.partitionErrorCode) }
        }
        guard errorCode == 0, inBatch == 0 else { return errorCode != 0 ? errorCode : inBatch }
        return first(resultsByTopicV3AndBelow) { first($0.resultsByPartition, \.partitionErrorCode) }
    }
}

extension AddOffsetsToTxnResponse: SingleErrorCarrying {}

extension EndTxnResponse: SingleErrorCarrying {}

extension DescribeTransactionsResponse: ErrorCarrying {
    var firstErrorCode: Int16 { first(transactionStates, \.errorCode) }
}

extension ListTransactionsResponse: SingleErrorCarrying {}
