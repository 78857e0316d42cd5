// SPDX-License-Identifier: Apache-2.0

package import BrokerNode
package import ControllerNode
package import Coordinator
package import Logging
import Telemetry

/// Where a process writes what happens: stderr, in the form and from the level that its settings ask for.
package struct ProcessLog: Sendable {
    private let sink: LogSink
    package let logger: Logger

    /// Warns of the environment variables that name no setting.
    package init(_ settings: BrokerSettings) {
        sink = LogSink(format: settings[.logFormat] == .json ? .json : .text)
        logger = sink.logger("myelin", level: Logger.Level(rawValue: settings[.logLevel].rawValue) ?? .info)
        for variable in settings.unknownVariables {
            logger.warning("the environment variable \(variable) names no setting")
        }
    }

    /// Where nodes write.
    package var events: EventLog { EventLog(logger) }

    /// What the metrics tell of the process.
    package var facts: ProcessFacts {
        ProcessFacts(version: Version.number, suppressedLogLineCount: { [sink] in sink.suppressedLineCount })
    }
}

extension EventLog {
    /// Writes through a logger; a limit key becomes the metadata that the sink limits by.
    fileprivate init(_ logger: Logger) {
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
