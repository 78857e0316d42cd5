// SPDX-License-Identifier: Apache-2.0

// What every coordinator that keeps its state in a log says to the shell that drives it.

/// The shell's name for one request; each gets exactly one `.reply`.
public struct RequestToken: Number {
    public let rawValue: Int64
    @inlinable public init(rawValue: Int64) { self.rawValue = rawValue }
}

/// Names one `.append`; later ones are greater.
public struct AppendTicket: Number {
    public let rawValue: Int64
    @inlinable public init(rawValue: Int64) { self.rawValue = rawValue }
}

/// Why the log did not keep the records of an `.append`. They may still be there after a time-out, and come back when
/// the partition is loaded again: the client was told to retry, and the same commit twice is the same commit.
public enum AppendFailure: Hashable, Sendable {
    /// Fewer in-sync replicas than acks=all needs, or no partition.
    case notEnoughReplicas
    case timedOut
    /// This node leads the partition no more.
    case leadershipLost
    case storageFailed
    case recordsTooLarge
}
