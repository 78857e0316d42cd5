// SPDX-License-Identifier: Apache-2.0

internal import Primitives
internal import Transport
internal import WireProtocol

extension ControllerLoop {
    /// The methods of the controller catalogue, each carried to the loop of the controller.
    var service: RPCService {
        var service = RPCService()
        service.raw(Controller.followMetadata) { [self] call in beginFollowing(call) }
        service.raw(Controller.raft) { [self] call in beginReceiving(call) }
        onLeader(Controller.submit, &service, LeaderRequest.submit) { response in
            if case .submit(let message) = response { message } else { nil }
        }
        onLeader(Controller.quorumInfo, &service, { _ in .quorumInfo }) { response in
            if case .quorumInfo(let message) = response { message } else { nil }
        }
        onLeader(Controller.addVoter, &service, LeaderRequest.addVoter, Self.voters)
        onLeader(Controller.removeVoter, &service, LeaderRequest.removeVoter, Self.voters)
        onLeader(Controller.transferLeadership, &service, LeaderRequest.transferLeadership, Self.voters)
        onLeader(Controller.moveVoter, &service, LeaderRequest.moveVoter, Self.voters)
        return service
    }

    private static func voters(_ response: LeaderResponse) -> Controller.VoterResponse? {
        if case .voters(let message) = response { message } else { nil }
    }

    private func onLeader<Request, Response>(
        _ method: UnaryMethod<Request, Response>, _ service: inout RPCService,
        _ wrap: @escaping @Sendable (Request) -> LeaderRequest,
        _ unwrap: @escaping @Sendable (LeaderResponse) -> Response?
    ) {
        service.raw(method) { [self] call in
            do throws(DecodeError) {
                let request = wrap(try call.request.decoded())
                onLoop {
                    $0.serve(request) { response in
                        guard let message = unwrap(response) else {
                            preconditionFailure("\(response) answers \(method.descriptor.name)")
                        }
                        call.respond(Payload(message))
                    }
                }
            } catch { call.refuseUndecodable(Request.name, error) }
        }
    }

    private func beginFollowing(_ call: RPCCall) {
        do throws(DecodeError) {
            let request: Controller.FollowMetadataRequest = try call.request.decoded()
            let stream = FollowerStream(call, from: request.fromOffset, at: self)
            call.observe { [self] event in
                guard case .abandoned = event else { return }
                onLoop {
                    stream.abandoned()
                    $0.unfollow(stream)
                }
            }
            onLoop { $0.follow(stream) }
        } catch { call.refuseUndecodable(Controller.FollowMetadataRequest.name, error) }
    }

    private func beginReceiving(_ call: RPCCall) {
        do throws(DecodeError) {
            let request: Controller.RaftRequest = try call.request.decoded()
            let peer = call.peer
            call.observe { [self] event in
                switch event {
                case .item(let item, let cost):
                    onLoop {
                        $0.receive(item.attachment, request.incarnation, from: peer.nodeID)
                        call.taken(cost)
                    }
                case .end: call.respond(Payload(Controller.RaftResponse()))
                case .abandoned: break
                }
            }
            onLoop {
                if let refusal = $0.refusal(of: request, from: peer) { return call.fail(refusal) }
                $0.admit(request, from: peer.nodeID)
            }
        } catch { call.refuseUndecodable(Controller.RaftRequest.name, error) }
    }

    /// In order of the calls, at once where this is the loop of the controller.
    private func onLoop(_ work: @escaping @Sendable (ControllerLoop) -> Void) {
        if loop.isCurrent { work(self) } else { loop.execute { [self] in work(self) } }
    }
}

extension RPCCall {
    fileprivate func refuseUndecodable(_ name: String, _ error: DecodeError) {
        fail(RPCError(.invalidRequest, "the \(name) does not decode: \(error)"))
    }
}
