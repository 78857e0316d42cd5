// SPDX-License-Identifier: Apache-2.0

import Dispatch
import Foundation

/// SIGTERM and SIGINT, which ask for an orderly stop, from the moment this is made.
package final class StopSignals {
    private let sources: [any DispatchSourceSignal]
    private let names: AsyncStream<String>

    package init() {
        let (stream, continuation) = AsyncStream.makeStream(of: String.self, bufferingPolicy: .bufferingNewest(1))
        names = stream
        sources = [(SIGTERM, "SIGTERM"), (SIGINT, "SIGINT")].map { number, name in
            signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
            source.setEventHandler { continuation.yield(name) }
            source.resume()
            return source
        }
    }

    /// Waits for the first of them; its name.
    package func first() async -> String {
        for await name in names { return name }
        preconditionFailure("the stream of signals ended")
    }
}
