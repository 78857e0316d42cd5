// SPDX-License-Identifier: Apache-2.0

import MyelinClient
import Primitives
import WireProtocol

/// How the tool ends; docs/operations/cli.md lists the numbers.
package enum ExitStatus: Int32, Sendable {
    case success = 0
    /// The operation failed, or what was checked is not well.
    case failure = 1
    /// The command line is wrong; nothing was done.
    case usage = 2
    /// 128 + SIGINT, as shells count.
    case interrupted = 130
}

/// Why a command could not do its work: one sentence, and what to do next.
package struct Failure: Error, Equatable {
    package let message: String
    /// Sentences or commands, each on a line of its own.
    package let advice: [String]
    package let status: ExitStatus

    package init(_ message: String, advice: [String] = [], status: ExitStatus = .failure) {
        self.message = message
        self.advice = advice
        self.status = status
    }

    /// The command line asks for something impossible.
    package static func usage(_ message: String, advice: [String] = []) -> Failure {
        Failure(message, advice: advice, status: .usage)
    }

    /// - Parameters:
    ///   - name: What the error is about.
    ///   - subject: Stands before the message, unless that speaks of `name` itself.
    init(_ error: RPCError, name: String, subject: String) {
        let message = error.message.contains(name) ? error.message : "\(subject): \(error.message)"
        self.init(message, advice: error.remedy.isEmpty ? [] : [error.remedy])
    }

    init(_ error: RPCError) {
        self.init(error.message, advice: error.remedy.isEmpty ? [] : [error.remedy])
    }

    init(_ error: ClientError) {
        let advice =
            if case .damaged(let partition, let next) = error.reason {
                "Read on behind it with --from \(next) --partitions \(partition.partition)."
            } else {
                error.remedy
            }
        self.init(error.message, advice: advice.isEmpty ? [] : [advice])
    }
}

/// The result is printed and complete, but says that something is not well.
struct NotWell: Error {}
