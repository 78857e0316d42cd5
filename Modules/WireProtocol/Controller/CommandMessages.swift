// SPDX-License-Identifier: Apache-2.0

public import Primitives

extension Controller {
    /// A command by name, with its content as JSON.
    public struct SubmitRequest: Message {
        /// Name of the command's type: `CreateTopics`.
        public var command = ""
        /// The command, UTF-8 JSON.
        public var arguments = SharedBytes.empty
        /// Decide and answer as if, and write nothing.
        public var validateOnly = false

        public init() {}

        public mutating func fields<Visitor: FieldVisitor>(_ visitor: inout Visitor) throws(DecodeError) {
            try visitor.field(1, "command", &command)
            try visitor.field(2, "arguments", &arguments)
            try visitor.field(3, "validateOnly", &validateOnly)
        }
    }

    /// What became of a command.
    public struct SubmitResponse: Message {
        /// Why it was not carried out; nil: it was.
        public var refusal: Refusal?
        /// The command's outcome, UTF-8 JSON.
        public var outcome = SharedBytes.empty
        /// An image that holds the log up to here holds what the command led to.
        public var nextOffset = Offset(0)
        /// Of the active controller.
        public var term = Term(0)

        public init() {}

        public mutating func fields<Visitor: FieldVisitor>(_ visitor: inout Visitor) throws(DecodeError) {
            try visitor.field(1, "refusal", &refusal)
            try visitor.field(2, "outcome", &outcome)
            try visitor.field(3, "nextOffset", &nextOffset)
            try visitor.field(4, "term", &term)
        }
    }

    /// Why the active controller, or one that is not, did not do what was asked.
    public struct Refusal: Message {
        /// What is in the way.
        public var reason = RefusalReason.unspecified
        /// The active controller as far as the answering one knows.
        public var leader: ControllerEndpoint?
        /// One sentence for people; empty where the reason says all.
        public var detail = ""
        /// The limit that was met.
        public var limit: Int64 = 0
        /// What was measured against it.
        public var byteCount: Int64 = 0
        /// What the disk said: its operation, target and number.
        public var fault: Fault?

        public init() {}

        public mutating func fields<Visitor: FieldVisitor>(_ visitor: inout Visitor) throws(DecodeError) {
            try visitor.field(1, "reason", &reason)
            try visitor.field(2, "leader", &leader)
            try visitor.field(3, "detail", &detail)
            try visitor.field(4, "limit", &limit)
            try visitor.field(5, "byteCount", &byteCount)
            try visitor.field(6, "fault", &fault)
        }
    }

    /// Why something was not done.
    public enum RefusalReason: UInt32, MessageEnum {
        /// Not said, or a reason of a newer controller.
        case unspecified = 0
        /// Ask the active controller. Nothing was done.
        case notController = 1
        /// Too many commands wait, `limit` of them. Nothing was done.
        case busy = 2
        /// No room on the disk. Nothing was done.
        case diskFull = 3
        /// Nobody can decide now. Nothing was done.
        case unavailable = 4
        /// The records take `byteCount` bytes, `limit` are allowed. Nothing was done.
        case tooLarge = 5
        /// Leadership was lost, or the deadline passed, while the command was on its way: it may or may not have happened.
        case outcomeUnknown = 6
        /// The controller knows no command of that name: it is older than the sender. Nothing was done.
        case unknownCommand = 7
        /// The arguments do not decode. Nothing was done.
        case invalidArguments = 8
        /// The voters are not such that this can be done: `detail` says why. Nothing was done.
        case illegalVoterChange = 9
    }

    /// A fault of the disk of the answering controller.
    public struct Fault: Message {
        /// `write`, `synchronize` …
        public var operation = ""
        /// Path in the data folder.
        public var target = ""
        /// The system's number.
        public var errno: Int32 = 0

        public init() {}

        public mutating func fields<Visitor: FieldVisitor>(_ visitor: inout Visitor) throws(DecodeError) {
            try visitor.field(1, "operation", &operation)
            try visitor.field(2, "target", &target)
            try visitor.field(3, "errno", &errno)
        }
    }

    /// A controller and where it answers RPC.
    public struct ControllerEndpoint: Message {
        public var nodeID = NodeID(0)
        /// Name or address, no brackets around IPv6.
        public var host = ""
        public var port: Int32 = 0

        public init() {}

        public init(_ nodeID: NodeID, host: String, port: Int32) {
            self.nodeID = nodeID
            self.host = host
            self.port = port
        }

        public mutating func fields<Visitor: FieldVisitor>(_ visitor: inout Visitor) throws(DecodeError) {
            try visitor.field(1, "nodeID", &nodeID)
            try visitor.field(2, "host", &host)
            try visitor.field(3, "port", &port)
        }
    }
}
