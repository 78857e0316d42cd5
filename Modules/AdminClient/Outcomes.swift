// SPDX-License-Identifier: Apache-2.0

public import WireProtocol

/// One item of an answer that can fail on its own.
public protocol AdminOutcome: Sendable {
    /// Why there is nothing about this item, or nothing was changed; nil when all is well.
    var error: RPCError? { get }
}

extension Admin.TopicSummary: AdminOutcome {}
extension Admin.TopicDescription: AdminOutcome {}
extension Admin.TopicOutcome: AdminOutcome {}
extension Admin.PartitionInfo: AdminOutcome {}
extension Admin.PartitionTrimOutcome: AdminOutcome {}
extension Admin.PartitionMoveOutcome: AdminOutcome {}
extension Admin.LeaderElectOutcome: AdminOutcome {}
extension Admin.GroupDescription: AdminOutcome {}
extension Admin.GroupLag: AdminOutcome {}
extension Admin.PartitionLag: AdminOutcome {}
extension Admin.OffsetReset: AdminOutcome {}
extension Admin.GroupOutcome: AdminOutcome {}
extension Admin.TransactionDescription: AdminOutcome {}
extension Admin.TransactionOutcome: AdminOutcome {}
extension Admin.ConfigDescription: AdminOutcome {}
extension Admin.ConfigOutcome: AdminOutcome {}

extension AdminOutcome {
    /// The item itself, or its error thrown.
    public func checked() throws(RPCError) -> Self {
        if let error { throw error }
        return self
    }
}

extension Sequence where Element: AdminOutcome {
    /// The items without an error, in order.
    public var succeeded: [Element] { filter { $0.error == nil } }
    /// The items with an error, in order.
    public var failed: [Element] { filter { $0.error != nil } }
}

extension Array where Element: AdminOutcome {
    /// The one item of an answer about one thing, or its error thrown.
    func only(for subject: String) throws(RPCError) -> Element {
        guard let first, count == 1 else {
            throw RPCError(
                .internalFault, "the node answered with \(count) items about \(subject)",
                remedy: "Compare the versions of tool and node.")
        }
        return try first.checked()
    }
}
