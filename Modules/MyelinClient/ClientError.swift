// SPDX-License-Identifier: Apache-2.0

internal import KafkaProtocol
public import Primitives
public import WireProtocol

/// Why the client could not do what it was asked.
public struct ClientError: Error, Equatable, Sendable, CustomStringConvertible {
    public enum Reason: Equatable, Sendable {
        /// The broker refused, by Kafka's name for the error, for example `UNKNOWN_TOPIC_OR_PARTITION`.
        case refused(String)
        /// The connection or the call failed.
        case rpc(RPCErrorCode)
        /// No answer, or no success, before the deadline: what was sent may have been done.
        case timedOut
        /// The producer or consumer was closed.
        case closed
        /// A setting or an argument is wrong.
        case invalidArgument
        /// The bytes of the broker make no sense.
        case malformedAnswer
        /// A batch that is stored cannot be read. What follows it begins at `next`.
        case damaged(TopicPartition, next: Offset)
    }

    public let reason: Reason
    /// What is wrong.
    public let message: String
    /// What to do, in sentences; empty where that is not known.
    public let remedy: String
    /// Whether the same call may succeed later; the client has already tried until its own deadline.
    public let isRetriable: Bool

    public init(_ reason: Reason, _ message: String, remedy: String = "", isRetriable: Bool = false) {
        self.reason = reason
        self.message = message
        self.remedy = remedy
        self.isRetriable = isRetriable
    }

    /// What is wrong and what to do.
    public var description: String { remedy.isEmpty ? message : "\(message). \(remedy)" }
}

extension ClientError {
    init(_ error: RPCError) {
        self.init(
            .rpc(error.code), error.message, remedy: error.remedy,
            isRetriable: error.isRetryable || error.code.rawValue >= 100)
    }

    /// - Parameters:
    ///   - subject: what the broker was asked about: a topic, a partition, a group.
    ///   - detail: what the broker adds to its code.
    init(code: Int16, _ subject: String, detail: String? = nil) {
        guard let known = ErrorCode(rawValue: code) else {
            self.init(.refused(String(code)), "\(subject): the broker answered with the unknown error \(code)")
            return
        }
        self.init(
            .refused(known.name), "\(subject): \(known.name)" + (detail.map { ", \($0)" } ?? ""), remedy: known.remedy,
            isRetriable: known.isRetriable)
    }

    /// - Parameter error: how the last try ended.
    static func timedOut(_ what: String, after error: ClientError) -> ClientError {
        ClientError(.timedOut, "\(what) did not succeed in time; last: \(error.message)", remedy: error.remedy)
    }

    static func timedOut(_ what: String) -> ClientError { ClientError(.timedOut, "\(what) took too long") }

    static let outsideTransaction = ClientError(
        .invalidArgument, "a producer with a transactional id sends inside a transaction")

    static let closed = ClientError(.closed, "the client is closed")
}

extension ErrorCode {
    /// What helps, for those refusals that people meet.
    fileprivate var remedy: String {
        switch self {
        case .unknownTopicOrPartition, .unknownTopicID: "'myelin topic list' shows the topics."
        case .leaderNotAvailable, .notLeaderOrFollower:
            "Start the brokers that hold it; 'myelin partition list --offline' shows which."
        case .notEnoughReplicas, .notEnoughReplicasAfterAppend:
            "Start the brokers that hold it; 'myelin partition list --under-min-in-sync' shows which."
        case .messageTooLarge, .recordListTooLarge:
            "Make records or batches smaller, or raise max.message.bytes of the topic."
        case .offsetOutOfRange: "Begin at earliest or latest, or at an offset in between."
        case .coordinatorNotAvailable, .coordinatorLoadInProgress, .notCoordinator, .kafkaStorageError:
            "'myelin doctor' tells more."
        default: ""
        }
    }
}
