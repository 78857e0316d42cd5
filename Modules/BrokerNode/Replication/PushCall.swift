// SPDX-License-Identifier: Apache-2.0

internal import Coordinator
internal import Primitives
internal import Replication
internal import Transport
internal import WireProtocol

/// The follower's end of one `Replicas.push` stream: frames in, an answer to each out.
///
/// The credit of a frame goes back to the leader when its answer has left, so what a leader can make this broker hold in
/// memory is bounded.
final class PushCall: @unchecked Sendable {
    // Proof of @unchecked: touched on `call.loop` only, where `begin` and the call's events run.
    /// Between two looks whether this broker is registered.
    private static let greetingMilliseconds: Int64 = 20

    private let call: RPCCall
    private let shards: ShardSet
    private let home: Int
    private var waiting: [(reply: Payload, cost: Int)] = []
    private var isSending = false
    private var isOver = false

    /// - Precondition: the loop of the call is one of the shards'.
    init(_ call: RPCCall, shards: ShardSet) {
        self.call = call
        self.shards = shards
        home = call.loop.index
    }

    func begin() {
        call.observe { [self] event in receive(event) }
        let request: Replicas.PushRequest
        do throws(DecodeError) {
            request = try call.request.decoded()
        } catch {
            return call.fail(RPCError(.invalidRequest, "the PushRequest does not decode: \(error)"))
        }
        let shard = shards[home]
        guard request.recipient == shard.node.id else {
            return call.fail(
                RPCError(
                    .invalidRequest, "this is broker \(shard.node.id), not broker \(request.recipient)",
                    remedy: "Two brokers advertise one address: correct myelin.rpc.port or the advertised host."))
        }
        greet()
    }

    /// Tells the leader which registration it talks to, as soon as there is one: the leader names it when it proposes this
    /// broker for an in-sync set, and one of an earlier start would be refused for ever.
    private func greet() {
        guard !isOver else { return }
        let shard = shards[home]
        guard shard.isRegistered else {
            shard.schedule(afterMilliseconds: Self.greetingMilliseconds) { [self] in greet() }
            return
        }
        answer([], cost: 0)
    }

    private func receive(_ event: RPCCall.Event) {
        switch event {
        case .item(let frame, let cost): take(frame, cost)
        case .end: call.respond(Payload(Replicas.PushResponse()))
        case .abandoned: isOver = true
        }
    }

    private func take(_ frame: Payload, _ cost: Int) {
        do throws(DecodeError) {
            let appends = try ReceivedAppend.decode(frame)
            shards[home].follow(appends) { [self] answers in answer(answers, cost: cost) }
        } catch {
            call.fail(RPCError(.invalidRequest, "a frame does not decode: \(error)"))
        }
    }

    // MARK: Answering

    private func answer(_ answers: [ReplicaAnswer], cost: Int) {
        guard !isOver else { return }
        let reply = Replicas.AppendFrameReply(answers, brokerEpoch: shards[home].brokerEpoch.rawValue)
        waiting.append((Payload(reply), cost))
        sendNext()
    }

    private func sendNext() {
        guard !isSending, let (reply, cost) = waiting.first else { return }
        isSending = true
        call.send(reply) { [self] error in
            isSending = false
            guard error == nil else { return isOver = true }
            waiting.removeFirst()
            if cost > 0 { call.taken(cost) }
            sendNext()
        }
    }
}
