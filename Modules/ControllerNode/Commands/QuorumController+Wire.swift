// SPDX-License-Identifier: Apache-2.0

internal import Coordinator
internal import Primitives
internal import WireProtocol

extension QuorumController {
    /// Serves what only the active controller serves; another one answers who is.
    ///
    /// - Parameter reply: Called once, from `turn` or at once.
    public func serve(_ request: LeaderRequest, reply: @escaping (LeaderResponse) -> Void) {
        switch request {
        case .submit(let message): serve(message) { reply(.submit($0)) }
        case .quorumInfo: reply(.quorumInfo(quorumInfo()))
        case .addVoter(let message):
            guard let voter = Voter(message.endpoint, directory: IncarnationID(message.directory)) else {
                return reply(.voters(response(.failure(Self.wrongPort))))
            }
            change(.add(voter), validateOnly: message.validateOnly) { reply(.voters(self.response($0))) }
        case .removeVoter(let message):
            let key = ReplicaKey(
                id: message.nodeID, directory: message.directory == .zero ? nil : IncarnationID(message.directory))
            change(.remove(known(key)), validateOnly: message.validateOnly) { reply(.voters(self.response($0))) }
        case .moveVoter(let message):
            let key = ReplicaKey(
                id: message.endpoint.nodeID,
                directory: message.directory == .zero ? nil : IncarnationID(message.directory))
            guard let voter = Voter(message.endpoint, directory: known(key).directory) else {
                return reply(.voters(response(.failure(Self.wrongPort))))
            }
            change(.move(voter), validateOnly: message.validateOnly) { reply(.voters(self.response($0))) }
        case .transferLeadership(let message):
            transferLeadership(to: message.nodeID, validateOnly: message.validateOnly) {
                reply(.voters(self.response($0)))
            }
        }
    }

    private static var wrongPort: SubmitRefusal { .undecodable("a voter needs a port from 1 to 65535") }

    /// A key without a directory means whichever disk votes under the id.
    private func known(_ key: ReplicaKey) -> ReplicaKey {
        key.directory == nil ? voters[key.id]?.key ?? key : key
    }

    private func serve(_ request: Controller.SubmitRequest, reply: @escaping (Controller.SubmitResponse) -> Void) {
        guard let type = CommandRegistry.command(named: request.command) else {
            return reply(response(.unknownCommand(request.command)))
        }
        serve(type, request, reply: reply)
    }

    private func serve<Command: ControllerCommand>(
        _ type: Command.Type, _ request: Controller.SubmitRequest,
        reply: @escaping (Controller.SubmitResponse) -> Void
    ) {
        let command: Command
        do throws(SubmitRefusal) {
            command = try CommandRegistry.decode(type, from: request.arguments)
        } catch { return reply(response(error)) }
        submit(command, validateOnly: request.validateOnly) { [unowned self] result, nextOffset in
            switch result {
            case .success(let outcome):
                reply(
                    .with {
                        $0.outcome = CommandRegistry.encode(outcome)
                        ($0.nextOffset, $0.term) = (nextOffset, term)
                    })
            case .failure(let refusal): reply(response(refusal))
            }
        }
    }

    private func response(_ refusal: SubmitRefusal) -> Controller.SubmitResponse {
        .with { ($0.refusal, $0.term) = (message(refusal), term) }
    }

    private func response(_ result: Result<Void, SubmitRefusal>) -> Controller.VoterResponse {
        .with { if case .failure(let refusal) = result { $0.refusal = message(refusal) } }
    }

    private func message(_ refusal: SubmitRefusal) -> Controller.Refusal {
        refusal.message(leader: leader.map(Controller.ControllerEndpoint.init))
    }
}

extension Voter {
    fileprivate init?(_ endpoint: Controller.ControllerEndpoint, directory: IncarnationID?) {
        guard let port = UInt16(exactly: endpoint.port), port > 0 else { return nil }
        self.init(id: endpoint.nodeID, directory: directory, host: endpoint.host, port: port)
    }
}
