// SPDX-License-Identifier: Apache-2.0

public import Transport
public import WireProtocol

/// An open stream of record batches into a topic. Write items, read an acknowledgement for each, call `finish`, then
/// `response`.
public typealias ProduceStream = RPCClientStream<
    Admin.ProduceResponse, Admin.ProduceItem, Admin.ProduceAcknowledgement
>

/// An open stream of record batches out of a topic. Read items to their end, then `response`.
public typealias ConsumeStream = RPCClientStream<Admin.ConsumeResponse, NoItems, Admin.ConsumeItem>

extension AdminClient {
    /// Opens a stream of record batches into a topic.
    ///
    /// Each item carries whole v2 batches of one partition as its attachment. No deadline: cancel the stream or drop it.
    ///
    /// - Parameter acks: 0, 1 or −1 (all in-sync replicas).
    public func produce(to topic: String, acks: Int16 = -1, timeoutMilliseconds: Int32 = 0) -> ProduceStream {
        rpc.open(
            Admin.produce,
            .with {
                $0.topic = topic
                $0.acks = acks
                $0.timeoutMilliseconds = timeoutMilliseconds
            })
    }

    /// Opens a stream of record batches out of a topic.
    ///
    /// Attachments are the batches as stored: the first may begin before the position asked for, the last may end after
    /// it; `startOffset` and `endOffset` of the item say what counts.
    public func consume(_ request: Admin.ConsumeRequest) -> ConsumeStream {
        rpc.open(Admin.consume, request)
    }
}
