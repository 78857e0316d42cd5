// SPDX-License-Identifier: Apache-2.0

internal import KafkaProtocol
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
    }

    public let reason: Reason
    /// What is wrong and, where it is known, what to do.
    public let message: String
    /// Whether the same call may succeed later; the client has already tried until its own deadline.
    public let isRetriable: Bool

    public init(_ reason: Reason, _ message: String, isRetriable: Bool = false) {
        self.reason = reason
        self.message = message
        self.isRetriable = isRetriable
    }

    public var description: String { message }
}

extension ClientError {
    init(_ error: RPCError) {
        let remedy = error.remedy.isEmpty ? "" : " \(error.remedy)"
        self.init(
            .rpc(error.code), error.message + remedy, isRetriable: error.isRetryable || error.code.rawValue >= 100)
    }

    /// - Parameter subject: what the broker was asked about: a topic, a partition, a group.
    init(code: Int16, _ subject: String) {
        guard let known = ErrorCode(rawValue: code) else {
            self.init(.refused(String(code)), "\(subject): the broker answered with the unknown error \(code)")
            return
        }
        self.init(
            .refused(known.name), "\(subject): \(known.name)", isRetriable: known.isRetriable)
    }

    static func timedOut(_ what: String) -> ClientError { ClientError(.timedOut, "\(what) took too long") }

    static let closed = ClientError(.closed, "the client is closed")
}
