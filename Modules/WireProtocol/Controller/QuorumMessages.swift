// SPDX-License-Identifier: Apache-2.0

public import Primitives

extension Controller {
    /// Opens the stream from one controller to another.
    public struct RaftRequest: Message {
        /// Whom the sender takes the receiver for; another one refuses.
        public var recipient = NodeID(0)
        /// Names the data folder of the sender for ever.
        public var directory = TopicID.zero
        /// Names this start of the sender: two live senders of one folder have different ones.
        public var incarnation = TopicID.zero
        /// Where the sender answers.
        public var endpoint = ControllerEndpoint()
        /// The wall clock of the sender as it opens the stream; 0: not said.
        public var wallClock = Timestamp(0)

        public init() {}

        public mutating func fields<Visitor: FieldVisitor>(_ visitor: inout Visitor) throws(DecodeError) {
            try visitor.field(1, "recipient", &recipient)
            try visitor.field(2, "directory", &directory)
            try visitor.field(3, "incarnation", &incarnation)
            try visitor.field(4, "endpoint", &endpoint)
            try visitor.field(5, "wallClock", &wallClock)
        }
    }

    /// One message of the consensus, encoded by `Coordinator/Raft`, in the attachment.
    public struct RaftItem: Message {
        public init() {}

        public mutating func fields<Visitor: FieldVisitor>(_ visitor: inout Visitor) throws(DecodeError) {}
    }

    /// Ends the stream: the receiver is going away.
    public struct RaftResponse: Message {
        public init() {}

        public mutating func fields<Visitor: FieldVisitor>(_ visitor: inout Visitor) throws(DecodeError) {}
    }

    /// Asks how the quorum stands; only the active controller knows.
    public struct QuorumInfoRequest: Message {
        public init() {}

        public mutating func fields<Visitor: FieldVisitor>(_ visitor: inout Visitor) throws(DecodeError) {}
    }

    /// The quorum as the active controller sees it.
    public struct QuorumInfoResponse: Message {
        /// `notController`, or nil.
        public var refusal: Refusal?
        /// The active controller.
        public var leader = NodeID(0)
        public var term = Term(0)
        /// Offset after the last committed record.
        public var highWatermark = Offset(0)
        /// Ascending by id.
        public var voters: [QuorumReplica] = []
        /// Controllers that follow without a vote, ascending by id.
        public var observers: [QuorumReplica] = []

        public init() {}

        public mutating func fields<Visitor: FieldVisitor>(_ visitor: inout Visitor) throws(DecodeError) {
            try visitor.field(1, "refusal", &refusal)
            try visitor.field(2, "leader", &leader)
            try visitor.field(3, "term", &term)
            try visitor.field(4, "highWatermark", &highWatermark)
            try visitor.field(5, "voters", &voters)
            try visitor.field(6, "observers", &observers)
        }
    }

    /// How far one controller is.
    public struct QuorumReplica: Message {
        public var endpoint = ControllerEndpoint()
        /// Of its data folder.
        public var directory = TopicID.zero
        /// Offset after its last record, as far as the active controller knows.
        public var logEndOffset = Offset(0)
        /// When it last answered; −1 never.
        public var lastFetchTimestamp = Timestamp(0)
        /// When it last had all that the active controller had; −1 never.
        public var lastCaughtUpTimestamp = Timestamp(0)

        public init() {}

        public mutating func fields<Visitor: FieldVisitor>(_ visitor: inout Visitor) throws(DecodeError) {
            try visitor.field(1, "endpoint", &endpoint)
            try visitor.field(2, "directory", &directory)
            try visitor.field(3, "logEndOffset", &logEndOffset)
            try visitor.field(4, "lastFetchTimestamp", &lastFetchTimestamp)
            try visitor.field(5, "lastCaughtUpTimestamp", &lastCaughtUpTimestamp)
        }
    }

    /// Asks that a controller becomes a voter. It is answered when the change is committed.
    public struct AddVoterRequest: Message {
        /// Where the new voter answers.
        public var endpoint = ControllerEndpoint()
        /// Of its data folder.
        public var directory = TopicID.zero
        /// Check and change nothing.
        public var validateOnly = false

        public init() {}

        public mutating func fields<Visitor: FieldVisitor>(_ visitor: inout Visitor) throws(DecodeError) {
            try visitor.field(1, "endpoint", &endpoint)
            try visitor.field(2, "directory", &directory)
            try visitor.field(3, "validateOnly", &validateOnly)
        }
    }

    /// Asks that a voter becomes an observer. It is answered when the change is committed.
    public struct RemoveVoterRequest: Message {
        public var nodeID = NodeID(0)
        /// Of its data folder, so that a voter that was replaced meanwhile is not meant.
        public var directory = TopicID.zero
        /// Check and change nothing.
        public var validateOnly = false

        public init() {}

        public mutating func fields<Visitor: FieldVisitor>(_ visitor: inout Visitor) throws(DecodeError) {
            try visitor.field(1, "nodeID", &nodeID)
            try visitor.field(2, "directory", &directory)
            try visitor.field(3, "validateOnly", &validateOnly)
        }
    }

    /// Asks that a voter is looked for at another address. It is answered when the change is committed.
    public struct MoveVoterRequest: Message {
        /// The voter, and where it answers from now on.
        public var endpoint = ControllerEndpoint()
        /// Of its data folder; zero takes the one that votes under the id.
        public var directory = TopicID.zero
        /// Check and change nothing.
        public var validateOnly = false

        public init() {}

        public mutating func fields<Visitor: FieldVisitor>(_ visitor: inout Visitor) throws(DecodeError) {
            try visitor.field(1, "endpoint", &endpoint)
            try visitor.field(2, "directory", &directory)
            try visitor.field(3, "validateOnly", &validateOnly)
        }
    }

    /// Asks the active controller to hand over.
    public struct TransferLeadershipRequest: Message {
        /// A voter.
        public var nodeID = NodeID(0)
        /// Check and change nothing.
        public var validateOnly = false

        public init() {}

        public mutating func fields<Visitor: FieldVisitor>(_ visitor: inout Visitor) throws(DecodeError) {
            try visitor.field(1, "nodeID", &nodeID)
            try visitor.field(2, "validateOnly", &validateOnly)
        }
    }

    /// What became of a change of the quorum.
    public struct VoterResponse: Message {
        /// Why it was not made; nil: it was, or, for a transfer, it has begun.
        public var refusal: Refusal?

        public init() {}

        public mutating func fields<Visitor: FieldVisitor>(_ visitor: inout Visitor) throws(DecodeError) {
            try visitor.field(1, "refusal", &refusal)
        }
    }
}
