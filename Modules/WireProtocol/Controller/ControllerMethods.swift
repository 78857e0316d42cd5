// SPDX-License-Identifier: Apache-2.0

/// What brokers and controllers ask of a controller: methods 0x0300 to 0x03ff and their messages.
///
/// A request that only the active controller can serve is answered with a `Refusal` that names it, not with an `RPCError`:
/// the call worked, and what to do next is part of the answer.
public enum Controller {
    /// Hands a command to the active controller.
    public static let submit = UnaryMethod<SubmitRequest, SubmitResponse>(0x0301, "Submit", isMutating: true)
    /// Committed metadata from an offset on, for ever. Every controller serves it.
    public static let followMetadata =
        ServerStreamingMethod<FollowMetadataRequest, MetadataItem, FollowMetadataResponse>(0x0302, "FollowMetadata")
    /// Messages of the consensus from one voter or observer to another; one stream for each direction of a pair.
    public static let raft = ClientStreamingMethod<RaftRequest, RaftItem, RaftResponse>(0x0303, "Raft")
    /// Who leads the quorum and how far everybody is.
    public static let quorumInfo = UnaryMethod<QuorumInfoRequest, QuorumInfoResponse>(0x0304, "QuorumInfo")
    /// Makes a controller that follows the log a voter (KIP-853).
    public static let addVoter = UnaryMethod<AddVoterRequest, VoterResponse>(0x0305, "AddVoter", isMutating: true)
    /// Makes a voter an observer (KIP-853).
    public static let removeVoter =
        UnaryMethod<RemoveVoterRequest, VoterResponse>(0x0306, "RemoveVoter", isMutating: true)
    /// Asks the active controller to hand over to another voter.
    public static let transferLeadership =
        UnaryMethod<TransferLeadershipRequest, VoterResponse>(0x0307, "TransferLeadership", isMutating: true)
    /// Tells the quorum where a voter answers from now on.
    public static let moveVoter = UnaryMethod<MoveVoterRequest, VoterResponse>(0x0308, "MoveVoter", isMutating: true)

    /// Every method above, ascending by id.
    public static let methods: [MethodDescriptor] = [
        submit.descriptor, followMetadata.descriptor, raft.descriptor, quorumInfo.descriptor, addVoter.descriptor,
        removeVoter.descriptor, transferLeadership.descriptor, moveVoter.descriptor,
    ]
}

extension Catalogue {
    /// Everything of the controller catalogue.
    public static var controller: Catalogue {
        var catalogue = Catalogue()
        catalogue.add(Controller.submit)
        catalogue.add(Controller.followMetadata)
        catalogue.add(Controller.raft)
        catalogue.add(Controller.quorumInfo)
        catalogue.add(Controller.addVoter)
        catalogue.add(Controller.removeVoter)
        catalogue.add(Controller.transferLeadership)
        catalogue.add(Controller.moveVoter)
        return catalogue
    }
}
