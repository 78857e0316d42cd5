// SPDX-License-Identifier: Apache-2.0

package import Primitives
package import WireProtocol

/// What happens on the links of a shard to the brokers that follow its partitions.
package enum ReplicaLinkEvent: Sendable {
    /// The link takes the next frame.
    case writable(NodeID)
    /// What was in flight is lost, with its answers; the link is closed.
    case lost(NodeID)
    /// The follower's answer to a frame, in no order.
    case answered(NodeID, Payload)
}

/// The streams by which one shard pushes frames to other brokers.
///
/// Frames of one link arrive in the order they were sent, or not at all from some point on, which `.lost` then tells.
/// A driver of the simulator implements it as well as the framed RPC does.
/// - SeeAlso: docs/decisions/0014-replication.md
package protocol ReplicaLinks: AnyObject {
    /// Opens a link; frames may be sent at once and wait for the connection.
    ///
    /// - Precondition: there is no link to this broker.
    func open(to broker: NodeID, host: String, port: Int)

    /// Sends a frame.
    ///
    /// - Returns: whether the next may follow at once; else `.writable` or `.lost` comes.
    func send(_ frame: Payload, to broker: NodeID) -> Bool

    /// Ends a link without an event; nothing happens when there is none.
    func close(_ broker: NodeID)
}
