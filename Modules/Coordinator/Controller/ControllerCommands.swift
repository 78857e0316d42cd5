// SPDX-License-Identifier: Apache-2.0

/// Every command there is, for whoever takes them from other nodes by their names.
public enum ControllerCommands {
    public static let all: [any ControllerCommand.Type] = [
        AllocateProducerIDs.self, AlterClientQuotas.self, AlterConfigs.self, AlterPartitionReassignments.self,
        AlterPartitions.self,
        AlterTopics.self, BalanceStep.self, BrokerHeartbeat.self, CreatePartitions.self, CreateTopics.self,
        DeleteTopics.self, DrainBroker.self, ElectLeaders.self, EnsureInternalTopic.self, FenceBrokers.self,
        RaiseInternalReplication.self, RebalanceLeaders.self, RegisterBroker.self, RemoveTopics.self,
        ReplaceConfigs.self, ReportLoss.self, UnregisterBroker.self, UpdateFeatures.self,
    ]
}
