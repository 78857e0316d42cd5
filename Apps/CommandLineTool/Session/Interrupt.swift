// SPDX-License-Identifier: Apache-2.0

@preconcurrency import Dispatch
import Foundation

/// Ctrl-C and SIGTERM: the first asks the command to end, the second ends the process.
final class Interrupt: Sendable {
    private let sources: [any DispatchSourceSignal]

    init() {
        sources = [SIGINT, SIGTERM].map { number in
            signal(number, SIG_IGN)
            return DispatchSource.makeSignalSource(signal: number, queue: .global())
        }
    }

    /// Calls `body` at the first signal.
    func onSignal(_ body: @escaping @Sendable () -> Void) {
        for source in sources {
            source.setEventHandler {
                signal(SIGINT, SIG_DFL)
                signal(SIGTERM, SIG_DFL)
                body()
            }
            source.resume()
        }
    }
}
