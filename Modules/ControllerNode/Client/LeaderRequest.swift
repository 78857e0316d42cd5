// SPDX-License-Identifier: Apache-2.0

internal import Primitives
public import WireProtocol

/// What only the active controller answers.
public enum LeaderRequest: Equatable, Sendable {
    case submit(Controller.SubmitRequest)
    case quorumInfo
    case addVoter(Controller.AddVoterRequest)
    case removeVoter(Controller.RemoveVoterRequest)
    case transferLeadership(Controller.TransferLeadershipRequest)
    case moveVoter(Controller.MoveVoterRequest)
}

extension LeaderRequest {
    /// The answer of one that does not serve it now.
    func refused(_ refusal: Controller.Refusal) -> LeaderResponse {
        switch self {
        case .submit: .submit(.with { $0.refusal = refusal })
        case .quorumInfo: .quorumInfo(.with { $0.refusal = refusal })
        case .addVoter, .removeVoter, .transferLeadership, .moveVoter: .voters(.with { $0.refusal = refusal })
        }
    }
}

/// The answer to the request of the same name, carried out or refused.
public enum LeaderResponse: Equatable, Sendable {
    case submit(Controller.SubmitResponse)
    case quorumInfo(Controller.QuorumInfoResponse)
    case voters(Controller.VoterResponse)

    var refusal: Controller.Refusal? {
        switch self {
        case .submit(let response): response.refusal
        case .quorumInfo(let response): response.refusal
        case .voters(let response): response.refusal
        }
    }

    /// What an image must hold before the answer is given on.
    var nextOffset: Offset {
        switch self {
        case .submit(let response): response.nextOffset
        case .quorumInfo, .voters: .zero
        }
    }
}

extension Controller.ControllerEndpoint {
    /// Whether both lead to the same socket, whoever is thought to listen there.
    func isSamePlace(as other: Controller.ControllerEndpoint) -> Bool { host == other.host && port == other.port }

    /// Whether anything can be at this place: the controller of a node that is its own cluster has none.
    var isReachable: Bool { !host.isEmpty && port > 0 }
}

extension Controller.Refusal {
    /// Whether another controller, or this one later, may well do it: it is not active, or it is starting or stopping.
    var isOfThisControllerOnly: Bool { reason == .notController || reason == .unavailable && fault == nil }
}

extension RPCError {
    /// Whether the node cannot have begun what was asked.
    var isCertainlyUndone: Bool {
        switch code {
        case .unavailable, .overloaded, .invalidRequest, .notSupported, .notController, .wrongMagic,
            .unsupportedVersion, .wrongCluster, .wrongRole, .handshakeTimeout, .connectionRefused, .unreachable,
            .unknownMethod, .unauthorized:
            true
        case .unspecified, .cancelled, .deadlineExceeded, .notFound, .alreadyExists, .refused, .internalFault,
            .notLeader, .storageFault, .headerChecksumMismatch, .payloadChecksumMismatch, .unknownFrameType,
            .invalidLength, .unexpectedFrame, .creditExceeded, .peerSilent, .connectionLost:
            false
        }
    }
}
