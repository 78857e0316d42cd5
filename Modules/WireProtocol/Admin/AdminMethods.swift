// SPDX-License-Identifier: Apache-2.0

/// What the ops CLI and every other operator's tool can ask of a node: methods 0x0100 to 0x01ff and their messages.
///
/// Field names follow Kafka's words. A mutating request has `validateOnly`: the node then checks everything, answers as
/// if it had acted, and changes nothing.
public enum Admin {
    public static let clusterInfo = UnaryMethod<ClusterInfoRequest, ClusterInfoResponse>(0x0101, "ClusterInfo")
    public static let health = UnaryMethod<HealthRequest, HealthResponse>(0x0102, "Health")
    public static let doctor = UnaryMethod<DoctorRequest, DoctorResponse>(0x0103, "Doctor")
    public static let metrics = UnaryMethod<MetricsRequest, MetricsResponse>(0x0104, "Metrics")
    public static let balance = UnaryMethod<BalanceRequest, BalanceResponse>(0x0105, "Balance", isMutating: true)
    public static let featureUpdate =
        UnaryMethod<FeatureUpdateRequest, FeatureUpdateResponse>(0x0106, "FeatureUpdate", isMutating: true)
    public static let brokerDrain =
        UnaryMethod<BrokerDrainRequest, BrokerDrainResponse>(0x0107, "BrokerDrain", isMutating: true)
    public static let brokerStop =
        UnaryMethod<BrokerStopRequest, BrokerStopResponse>(0x0108, "BrokerStop", isMutating: true)
    public static let brokerUnregister =
        UnaryMethod<BrokerUnregisterRequest, BrokerUnregisterResponse>(0x0109, "BrokerUnregister", isMutating: true)
    public static let voterChange =
        UnaryMethod<VoterChangeRequest, VoterChangeResponse>(0x010a, "VoterChange", isMutating: true)

    public static let topicList = UnaryMethod<TopicListRequest, TopicListResponse>(0x0110, "TopicList")
    public static let topicDescribe = UnaryMethod<TopicDescribeRequest, TopicDescribeResponse>(0x0111, "TopicDescribe")
    public static let topicCreate =
        UnaryMethod<TopicCreateRequest, TopicCreateResponse>(0x0112, "TopicCreate", isMutating: true)
    public static let topicAlter =
        UnaryMethod<TopicAlterRequest, TopicAlterResponse>(0x0113, "TopicAlter", isMutating: true)
    public static let topicDelete =
        UnaryMethod<TopicDeleteRequest, TopicDeleteResponse>(0x0114, "TopicDelete", isMutating: true)
    public static let topicTrim =
        UnaryMethod<TopicTrimRequest, TopicTrimResponse>(0x0115, "TopicTrim", isMutating: true)
    public static let partitionList = UnaryMethod<PartitionListRequest, PartitionListResponse>(0x0118, "PartitionList")
    public static let partitionMove =
        UnaryMethod<PartitionMoveRequest, PartitionMoveResponse>(0x0119, "PartitionMove", isMutating: true)
    public static let partitionMoveList =
        UnaryMethod<PartitionMoveListRequest, PartitionMoveListResponse>(0x011a, "PartitionMoveList")
    public static let leaderElect =
        UnaryMethod<LeaderElectRequest, LeaderElectResponse>(0x011b, "LeaderElect", isMutating: true)

    // 0x0120 and 0x0121 carried records before clients had `Clients.session`; they are not given out again.

    public static let groupList = UnaryMethod<GroupListRequest, GroupListResponse>(0x0130, "GroupList")
    public static let groupDescribe = UnaryMethod<GroupDescribeRequest, GroupDescribeResponse>(0x0131, "GroupDescribe")
    public static let groupLag = UnaryMethod<GroupLagRequest, GroupLagResponse>(0x0132, "GroupLag")
    public static let groupOffsetReset =
        UnaryMethod<GroupOffsetResetRequest, GroupOffsetResetResponse>(0x0133, "GroupOffsetReset", isMutating: true)
    public static let groupDelete =
        UnaryMethod<GroupDeleteRequest, GroupDeleteResponse>(0x0134, "GroupDelete", isMutating: true)

    public static let configList = UnaryMethod<ConfigListRequest, ConfigListResponse>(0x0140, "ConfigList")
    public static let configDescribe =
        UnaryMethod<ConfigDescribeRequest, ConfigDescribeResponse>(0x0141, "ConfigDescribe")
    public static let configAlter =
        UnaryMethod<ConfigAlterRequest, ConfigAlterResponse>(0x0142, "ConfigAlter", isMutating: true)
    public static let configExplain = UnaryMethod<ConfigExplainRequest, ConfigExplainResponse>(0x0143, "ConfigExplain")

    public static let transactionList =
        UnaryMethod<TransactionListRequest, TransactionListResponse>(0x0150, "TransactionList")
    public static let transactionDescribe =
        UnaryMethod<TransactionDescribeRequest, TransactionDescribeResponse>(0x0151, "TransactionDescribe")
    public static let transactionAbort =
        UnaryMethod<TransactionAbortRequest, TransactionAbortResponse>(0x0152, "TransactionAbort", isMutating: true)

    public static let quotaList = UnaryMethod<QuotaListRequest, QuotaListResponse>(0x0158, "QuotaList")
    public static let quotaAlter =
        UnaryMethod<QuotaAlterRequest, QuotaAlterResponse>(0x0159, "QuotaAlter", isMutating: true)

    /// What one broker asks another, to answer for the cluster.
    public static let brokerState = UnaryMethod<BrokerStateRequest, BrokerStateResponse>(0x0160, "BrokerState")
    public static let offsetLookup = UnaryMethod<OffsetLookupRequest, OffsetLookupResponse>(0x0161, "OffsetLookup")

    /// Every method above, ascending by id.
    public static let methods: [MethodDescriptor] = [
        clusterInfo.descriptor, health.descriptor, doctor.descriptor, metrics.descriptor,
        balance.descriptor, featureUpdate.descriptor, brokerDrain.descriptor, brokerStop.descriptor,
        brokerUnregister.descriptor, voterChange.descriptor,
        topicList.descriptor, topicDescribe.descriptor, topicCreate.descriptor, topicAlter.descriptor,
        topicDelete.descriptor, topicTrim.descriptor, partitionList.descriptor,
        partitionMove.descriptor, partitionMoveList.descriptor, leaderElect.descriptor,
        groupList.descriptor, groupDescribe.descriptor, groupLag.descriptor, groupOffsetReset.descriptor,
        groupDelete.descriptor,
        configList.descriptor, configDescribe.descriptor, configAlter.descriptor, configExplain.descriptor,
        transactionList.descriptor, transactionDescribe.descriptor, transactionAbort.descriptor,
        quotaList.descriptor, quotaAlter.descriptor,
        brokerState.descriptor, offsetLookup.descriptor,
    ]
}
