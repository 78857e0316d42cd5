// SPDX-License-Identifier: Apache-2.0

public import Primitives

extension Controller {
    /// Asks for the committed metadata from an offset on.
    public struct FollowMetadataRequest: Message {
        /// Offset of the first record that the caller lacks; 0 has nothing.
        public var fromOffset = Offset(0)

        public init() {}

        public mutating func fields<Visitor: FieldVisitor>(_ visitor: inout Visitor) throws(DecodeError) {
            try visitor.field(1, "fromOffset", &fromOffset)
        }
    }

    /// One step of following.
    ///
    /// First comes a `status`. Where the log no longer has `fromOffset`, a snapshot follows in pieces; then `records`, each
    /// beginning where the caller stands. A `status` also comes when the active controller changes and at least every
    /// half second, so that silence means that the controller is gone.
    public struct MetadataItem: Message {
        public var kind = MetadataItemKind.unspecified
        /// Of the last record that this item leads to; of the answering controller in a status.
        public var term = Term(0)
        /// Offset after the last record that the caller has when it has taken this item; in a status, and in the pieces of a
        /// snapshot, offset after the last committed record that the controller, or the snapshot, has.
        public var nextOffset = Offset(0)
        /// The active controller; nil while there is none.
        public var leader: ControllerEndpoint?
        /// Snapshot: where the piece belongs.
        public var position: Int64 = 0
        /// Snapshot: of all pieces together.
        public var byteCount: Int64 = 0
        /// Status: the cluster, for a broker whose data folder is new.
        public var clusterID = ""
        /// Status: who votes, ascending by id, so that whoever follows finds the controllers that came later.
        public var voters: [ControllerEndpoint] = []

        public init() {}

        public mutating func fields<Visitor: FieldVisitor>(_ visitor: inout Visitor) throws(DecodeError) {
            try visitor.field(1, "kind", &kind)
            try visitor.field(2, "term", &term)
            try visitor.field(3, "nextOffset", &nextOffset)
            try visitor.field(4, "leader", &leader)
            try visitor.field(5, "position", &position)
            try visitor.field(6, "byteCount", &byteCount)
            try visitor.field(7, "clusterID", &clusterID)
            try visitor.field(8, "voters", &voters)
        }
    }

    /// What an item brings.
    public enum MetadataItemKind: UInt32, MessageEnum {
        /// Not said, or a kind of a newer controller, to be passed over.
        case unspecified = 0
        /// Who leads and how far the controller is; no attachment.
        case status = 1
        /// A piece of a snapshot (docs/formats/metadata.md) in the attachment.
        case snapshotPiece = 2
        /// Record batches as they stand in the log in the attachment.
        case records = 3
    }

    /// Ends the following: the controller is going away.
    public struct FollowMetadataResponse: Message {
        public init() {}

        public mutating func fields<Visitor: FieldVisitor>(_ visitor: inout Visitor) throws(DecodeError) {}
    }
}
