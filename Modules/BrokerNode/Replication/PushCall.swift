// SPDX-License-Identifier: Apache-2.0

internal import Transport
internal import WireProtocol

/// A `Replicas.push` stream that a leader opened over the framed RPC.
final class PushCall: PushStream {
    private let call: RPCCall
    private let shards: ShardSet

    private init(_ call: RPCCall, shards: ShardSet) { (self.call, self.shards) = (call, shards) }

    /// - Precondition: the loop of the call is one of the shards'.
    static func begin(_ call: RPCCall, shards: ShardSet) {
        let receiver = PushReceiver(PushCall(call, shards: shards), on: shards[call.loop.index])
        call.observe { event in
            switch event {
            case .item(let frame, let cost): receiver.received(frame, cost: cost)
            case .end: call.respond(Payload(Replicas.PushResponse()))
            case .abandoned: receiver.abandoned()
            }
        }
        receiver.begin(call.request)
    }

    func send(_ reply: Payload, done: @escaping (RPCError?) -> Void) {
        let home = call.loop.index
        let carried = LoopConfined(done, home: home)
        call.send(reply) { [shards] error in carried.value(on: shards[home])(error) }
    }

    func taken(_ cost: Int) { call.taken(cost) }

    func fail(_ error: RPCError) { call.fail(error) }
}
