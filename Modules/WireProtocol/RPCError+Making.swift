// SPDX-License-Identifier: Apache-2.0

extension RPCError {
    /// An error in one expression.
    ///
    /// - Parameter isRetryable: nil takes what is usual for the code.
    public init(
        _ code: RPCErrorCode, _ message: String, remedy: String = "", reason: String = "", isRetryable: Bool? = nil,
        retryAfterMilliseconds: UInt32 = 0
    ) {
        self.init()
        self.code = code
        self.message = message
        self.remedy = remedy
        self.reason = reason
        self.isRetryable = isRetryable ?? code.isUsuallyRetryable
        self.retryAfterMilliseconds = retryAfterMilliseconds
    }
}

extension RPCErrorCode {
    /// Whether the same call, sent again unchanged, may well succeed.
    public var isUsuallyRetryable: Bool {
        switch self {
        case .unavailable, .overloaded, .notController, .notLeader, .peerSilent, .connectionLost, .connectionRefused,
            .unreachable, .handshakeTimeout:
            true
        case .unspecified, .cancelled, .deadlineExceeded, .invalidRequest, .notFound, .alreadyExists, .refused,
            .unauthorized, .notSupported, .internalFault, .storageFault, .wrongMagic, .unsupportedVersion,
            .headerChecksumMismatch, .payloadChecksumMismatch, .unknownFrameType, .unknownMethod, .invalidLength,
            .unexpectedFrame, .creditExceeded, .wrongCluster, .wrongRole:
            false
        }
    }

    /// Ends the whole connection, not one call.
    public var endsConnection: Bool { rawValue >= 100 }
}

extension RPCError: CustomStringConvertible {
    /// The sentence, the code, and what to do.
    public var description: String {
        remedy.isEmpty ? "\(message) (\(code))" : "\(message) (\(code)). \(remedy)"
    }
}
