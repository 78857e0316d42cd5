// SPDX-License-Identifier: Apache-2.0

import BrokerNode
import Coordinator
import Dispatch
import Foundation
import Logging
import Telemetry
import Transport

/// One process with every role, from start to orderly stop.
struct Node {
    let settings: BrokerSettings
    private let sink: LogSink
    private let logger: Logger

    init(settings: BrokerSettings) {
        self.settings = settings
        sink = LogSink(format: settings[.logFormat] == .json ? .json : .text)
        logger = sink.logger("myelin", level: Logger.Level(rawValue: settings[.logLevel].rawValue) ?? .info)
    }

    func run() async throws {
        let stop = StopSignals()
        for variable in settings.unknownVariables {
            logger.warning("the environment variable \(variable) names no setting")
        }
        let folder = try DataFolder(settings.dataDirectory)
        defer { folder.removeIfTemporary() }
        let group = ShardLoopGroup(count: settings[.numNetworkThreads] ?? ProcessInfo.processInfo.activeProcessorCount)
        do {
            try await serve(folder.path, on: group, until: stop)
        } catch {
            await group.shutDown()
            throw error
        }
        await group.shutDown()
        logger.info("stopped")
    }

    /// Serves until a signal asks to stop; the listeners close in the order that lets their work finish.
    private func serve(_ path: String, on group: ShardLoopGroup, until stop: StopSignals) async throws {
        let node = try await BrokerNode.start(
            settings: settings, dataDirectory: path, on: group, log: EventLog(logger))
        let facts = ProcessFacts(
            version: Version.number, suppressedLogLineCount: { [sink] in sink.suppressedLineCount })
        do {
            let host = node.kafkaAddress.host
            let rpc = try await node.startAdminServer(
                host: host, port: settings[.rpcPort], on: group, process: facts)
            let endpoint = try await AdminEndpoint.start(
                for: node, host: host, port: settings[.adminPort], process: facts)
            logger.info(
                "node \(node.nodeID) of cluster \(node.clusterID) is ready",
                metadata: [
                    "kafka": "\(node.kafkaAddress)", "rpc": "\(rpc.address)", "admin": "\(endpoint.address)",
                    "data": "\(path)", "disk": "\(node.diskMechanism)",
                ])
            print("ready")
            fflush(nil)
            let signal = await stop.first()
            logger.info("\(signal): stopping")
            await endpoint.shutDown()
            await rpc.drain(withinMilliseconds: 2_000)
        } catch {
            await node.stop()
            throw error
        }
        await node.stop()
    }
}

/// The folder of the data, which is temporary when nobody named one.
struct DataFolder {
    let path: String
    private let isTemporary: Bool

    init(_ named: String?) throws {
        isTemporary = named == nil
        let url =
            named.map { URL(fileURLWithPath: $0) }
            ?? FileManager.default.temporaryDirectory.appendingPathComponent("myelin-\(UUID().uuidString)")
        path = url.standardizedFileURL.path
    }

    func removeIfTemporary() {
        guard isTemporary else { return }
        do {
            try FileManager.default.removeItem(atPath: path)
        } catch {
            FileHandle.standardError.write(Data("myelin-standalone: \(path) could not be removed\n".utf8))
        }
    }
}

/// SIGTERM and SIGINT, which ask for an orderly stop.
final class StopSignals {
    private let sources: [any DispatchSourceSignal]
    private let names: AsyncStream<String>

    init() {
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

    func first() async -> String {
        for await name in names { return name }
        preconditionFailure("the stream of signals ended")
    }
}

extension EventLog {
    /// Writes through a logger; a limit key becomes the metadata that the sink limits by.
    init(_ logger: Logger) {
        self.init { severity, text, key in
            let level: Logger.Level =
                switch severity {
                case .info: .info
                case .notice: .notice
                case .warning: .warning
                case .error: .error
                case .critical: .critical
                }
            logger.log(level: level, "\(text)", metadata: key.map { [LogSink.limitKey: "\($0)"] })
        }
    }
}
