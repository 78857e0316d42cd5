// SPDX-License-Identifier: Apache-2.0

import Dispatch
import Foundation
import Logging
package import Transport

/// What a server process runs, once it is there.
package protocol Server: Sendable {
    /// Ends in the order that lets work under way finish.
    func stop() async
}

/// The life of a server process: it starts, is ready, is asked to stop, stops in order.
package struct ServerProcess {
    private let log: ProcessLog
    private let group: ShardLoopGroup

    /// - Parameter threadCount: Of the shard loops that the server gets.
    package init(log: ProcessLog, threadCount: Int) {
        self.log = log
        group = ShardLoopGroup(count: threadCount)
    }

    private enum Event<Running: Server> {
        case started(Running)
        case failed(any Error)
        case asked(_ signal: String)
    }

    /// Serves until SIGTERM or SIGINT.
    ///
    /// One that comes while `start` still waits, for controllers say, ends the process at once: nobody was served.
    /// - Parameter start: Returns when every listener answers.
    package func run<Running: Server>(
        _ start: @escaping @Sendable (ShardLoopGroup) async throws -> Running
    ) async throws {
        let (events, happened) = AsyncStream.makeStream(of: Event<Running>.self)
        let signals = Self.onStopSignal { happened.yield(.asked($0)) }
        let starting = Task { [group] in
            do { happened.yield(.started(try await start(group))) } catch { happened.yield(.failed(error)) }
        }
        defer {
            starting.cancel()
            withExtendedLifetime(signals) {}
        }
        var running: Running?
        for await event in events {
            switch event {
            case .started(let server):
                running = server
                ServiceManager.tellReady()
            case .failed(let error):
                await group.shutDown()
                throw error
            case .asked(let signal):
                guard let running else { return log.logger.info("\(signal): stopping before the start was through") }
                return await stop(running, after: signal)
            }
        }
    }

    private func stop(_ server: some Server, after signal: String) async {
        log.logger.info("\(signal): stopping")
        ServiceManager.tellStopping()
        await server.stop()
        await group.shutDown()
        log.logger.info("stopped")
    }

    /// Calls `body` with the name of each signal that asks to stop, as long as the result is kept.
    private static func onStopSignal(_ body: @escaping @Sendable (String) -> Void) -> [any DispatchSourceSignal] {
        [(SIGTERM, "SIGTERM"), (SIGINT, "SIGINT")].map { number, name in
            signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
            source.setEventHandler { body(name) }
            source.resume()
            return source
        }
    }
}
