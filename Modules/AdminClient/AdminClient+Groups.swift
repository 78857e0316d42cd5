// SPDX-License-Identifier: Apache-2.0

public import WireProtocol

extension AdminClient {
    /// One line per group, ascending by id.
    ///
    /// - Parameters:
    ///   - states: Only groups in these states, Kafka's names; empty gives all.
    ///   - types: Only groups of these types: `classic`, `consumer`, `share`; empty gives all.
    public func groups(
        states: [String] = [], types: [String] = []
    ) async throws(RPCError) -> [Admin.GroupSummary] {
        try await call(Admin.groupList, .with { ($0.states, $0.types) = (states, types) }).groups
    }

    /// Everything about groups but their offsets, in the order asked.
    public func describeGroups(_ ids: [String]) async throws(RPCError) -> [Admin.GroupDescription] {
        try await call(Admin.groupDescribe, .with { $0.groupIDs = ids }).groups
    }

    /// Everything about one group but its offsets. Throws `.notFound` when there is none.
    public func describeGroup(_ id: String) async throws(RPCError) -> Admin.GroupDescription {
        try await describeGroups([id]).only(for: "group \(id)")
    }

    /// How far groups are behind, in records and in milliseconds.
    ///
    /// - Parameters:
    ///   - ids: Empty asks for all.
    ///   - topics: Only in these; empty for all.
    public func groupLag(
        _ ids: [String] = [], topics: [String] = []
    ) async throws(RPCError) -> [Admin.GroupLag] {
        try await call(Admin.groupLag, .with { ($0.groupIDs, $0.topics) = (ids, topics) }).groups
    }

    /// Moves the committed offsets of a group that has no members; each partition succeeds or fails alone.
    ///
    /// - Parameter selection: Which partitions; empty takes all with a committed offset.
    public func resetOffsets(
        of group: String, selection: [Admin.TopicPartitions] = [], to target: Admin.OffsetTarget,
        validateOnly: Bool = false
    ) async throws(RPCError) -> [Admin.OffsetReset] {
        let request = Admin.GroupOffsetResetRequest.with {
            $0.groupID = group
            $0.selection = selection
            $0.target = target
            $0.validateOnly = validateOnly
        }
        return try await call(Admin.groupOffsetReset, request).partitions
    }

    /// Deletes groups that have no members, with their offsets; each succeeds or fails alone.
    public func deleteGroups(
        _ ids: [String], validateOnly: Bool = false
    ) async throws(RPCError) -> [Admin.GroupOutcome] {
        try await call(Admin.groupDelete, .with { ($0.groupIDs, $0.validateOnly) = (ids, validateOnly) }).groups
    }
}
