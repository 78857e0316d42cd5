// SPDX-License-Identifier: Apache-2.0

internal import Groups
internal import KafkaProtocol
internal import Primitives
internal import WireProtocol

extension Admin.GroupMember {
    init(_ member: MemberMetadata, protocolType: String) {
        self.init()
        memberID = member.memberID.rawValue
        groupInstanceID = member.instanceID?.rawValue ?? ""
        clientID = member.clientID
        clientHost = member.clientHost
        assignment = member.partitions(protocolType: protocolType).map { topic, partitions in
            .with { ($0.topic, $0.partitions) = (topic, partitions) }
        }
    }
}

extension MemberMetadata {
    /// What the member reads, by topic; nothing where the assignment is not a consumer's, or does not decode: the bytes are
    /// the clients' own.
    func partitions(protocolType: String) -> [(topic: String, partitions: [PartitionIndex])] {
        guard protocolType == "consumer", !assignment.isEmpty else { return [] }
        do throws(DecodeError) {
            return try ConsumerProtocolAssignment(versioned: assignment).assignedPartitions
                .map { (topic: $0.topic, partitions: $0.partitions.sorted().map { PartitionIndex($0) }) }
                .sorted { $0.topic < $1.topic }
        } catch {
            return []
        }
    }
}
