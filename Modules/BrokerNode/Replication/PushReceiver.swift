// SPDX-License-Identifier: Apache-2.0

internal import Coordinator
internal import Primitives
internal import Replication
internal import Transport
package import WireProtocol

/// What the follower's end of a push needs of the stream below it: a call of our own RPC, or the simulator's network.
package protocol PushStream: AnyObject {
    /// Sends an answer; `done` gets why it could not be, once, when it has left or never will.
    func send(_ reply: Payload, done: @escaping (RPCError?) -> Void)
    /// Gives the leader back what a frame took of its credit.
    func taken(_ cost: Int)
    func fail(_ error: RPCError)
}

/// The follower's end of one `Replicas.push` stream: frames in, an answer to each out.
///
/// The credit of a frame goes back to the leader when its answer has left, so what a leader can make this broker hold in
/// memory is bounded.
package final class PushReceiver {
    /// Between two looks whether this broker is registered.
    private static let greetingMilliseconds: Int64 = 20

    private let stream: any PushStream
    private let shard: BrokerShard
    private var waiting: [(reply: Payload, cost: Int)] = []
    private var isSending = false
    private var isOver = false

    package init(_ stream: any PushStream, on shard: BrokerShard) {
        self.stream = stream
        self.shard = shard
    }

    /// Takes the request that opened the stream.
    package func begin(_ request: Payload) {
        let opening: Replicas.PushRequest
        do throws(DecodeError) {
            opening = try request.decoded()
        } catch {
            return stream.fail(RPCError(.invalidRequest, "the PushRequest does not decode: \(error)"))
        }
        guard opening.recipient == shard.node.id else {
            return stream.fail(
                RPCError(
                    .invalidRequest, "this is broker \(shard.node.id), not broker \(opening.recipient)",
                    remedy: "Two brokers advertise one address: correct myelin.rpc.port or the advertised host."))
        }
        greet()
    }

    /// Tells the leader which registration it talks to, as soon as there is one: the leader names it when it proposes this
    /// broker for an in-sync set, and one of an earlier start would be refused for ever.
    private func greet() {
        guard !isOver else { return }
        guard shard.isRegistered else {
            shard.schedule(afterMilliseconds: Self.greetingMilliseconds) { [self] in greet() }
            return
        }
        answer([], cost: 0)
    }

    /// Takes a frame.
    package func received(_ frame: Payload, cost: Int) {
        do throws(DecodeError) {
            let appends = try ReceivedAppend.decode(frame)
            shard.follow(appends) { [self] answers in answer(answers, cost: cost) }
        } catch {
            stream.fail(RPCError(.invalidRequest, "a frame does not decode: \(error)"))
        }
    }

    /// Nobody is at the other end any more.
    package func abandoned() { isOver = true }

    // MARK: Answering

    private func answer(_ answers: [ReplicaAnswer], cost: Int) {
        guard !isOver else { return }
        let reply = Replicas.AppendFrameReply(answers, brokerEpoch: shard.brokerEpoch.rawValue)
        waiting.append((Payload(reply), cost))
        sendNext()
    }

    private func sendNext() {
        guard !isSending, let (reply, cost) = waiting.first else { return }
        isSending = true
        stream.send(reply) { [self] error in
            isSending = false
            guard error == nil else { return isOver = true }
            waiting.removeFirst()
            if cost > 0 { stream.taken(cost) }
            sendNext()
        }
    }
}
