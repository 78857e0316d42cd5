// SPDX-License-Identifier: Apache-2.0

public import Logging
import Synchronization

#if canImport(Glibc)
    import Glibc
#endif

/// How log lines look.
public enum LogFormat: String, Hashable, Sendable, CaseIterable {
    /// `2026-01-31T12:00:00.123Z info  broker: message key=value`
    case text
    /// One object per line: `time`, `level`, `logger`, `message`, then the fields.
    case json
}

/// Where all loggers of a process write: whole lines, to standard error unless told otherwise.
///
/// A line whose metadata has `LogSink.limitKey` is written at most once a second for that logger and value: for
/// whatever a stranger can cause at will. The next one written tells how many were left out (`suppressed`).
public final class LogSink: Sendable {
    /// The metadata key that names what is limited, an address or a reason say. It is not written itself.
    public static let limitKey = "limit"
    /// Different limited keys remembered at once; when all are fresh, further ones share one.
    static let limitCountMax = 1_024

    private struct State {
        var limiter = LineLimiter(keyCountMax: LogSink.limitCountMax)
        var suppressedCount: Int64 = 0
    }

    public let format: LogFormat
    private let clock: @Sendable () -> Int64
    private let write: @Sendable (String) -> Void
    private let state = Mutex(State())

    /// - Parameters:
    ///   - clock: Nanoseconds since 1970.
    ///   - write: Gets one line with its line end. Called from any thread, one call at a time.
    public init(
        format: LogFormat, clock: @escaping @Sendable () -> Int64 = LogSink.systemClock,
        write: @escaping @Sendable (String) -> Void = LogSink.writeToStandardError
    ) {
        self.format = format
        self.clock = clock
        self.write = write
    }

    /// A logger that writes here from `level` up.
    public func logger(_ label: String, level: Logger.Level = .info) -> Logger {
        var logger = Logger(label: label) { SinkLogHandler(label: $0, sink: self) }
        logger.logLevel = level
        return logger
    }

    /// Lines left out by the limit since the start.
    public var suppressedLineCount: Int64 { state.withLock { $0.suppressedCount } }

    func log(_ level: Logger.Level, _ label: String, _ message: String, _ metadata: Logger.Metadata) {
        let time = clock()
        var fields = metadata.filter { $0.key != Self.limitKey }.map { (key: $0.key, value: "\($0.value)") }
        fields.sort { $0.key < $1.key }
        state.withLock { state in
            if let limited = metadata[Self.limitKey] {
                let key = "\(label) \(limited)"
                guard let suppressedCount = state.limiter.admit(key, atNanoseconds: time) else {
                    state.suppressedCount += 1
                    return
                }
                if suppressedCount > 0 { fields.append(("suppressed", String(suppressedCount))) }
            }
            write(LogLine(time: time, level: level, label: label, message: message, fields: fields).text(format))
        }
    }

    /// Nanoseconds since 1970 by the system's clock.
    public static let systemClock: @Sendable () -> Int64 = {
        var time = timespec()
        _ = unsafe clock_gettime(CLOCK_REALTIME, &time)
        return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
    }

    /// One `write` per line, so that lines of several processes do not mix. What the pipe does not take is lost: a log
    /// must not stop the node.
    public static let writeToStandardError: @Sendable (String) -> Void = { line in
        var line = line
        line.withUTF8 { bytes in _ = unsafe Glibc.write(STDERR_FILENO, bytes.baseAddress, bytes.count) }
    }
}

/// Lets a `Logger` write to a `LogSink`.
struct SinkLogHandler: LogHandler {
    let label: String
    let sink: LogSink
    var logLevel = Logger.Level.info
    var metadata: Logger.Metadata = [:]

    init(label: String, sink: LogSink) {
        self.label = label
        self.sink = sink
    }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        let fields = metadata.merging(event.metadata ?? [:]) { $1 }
        sink.log(event.level, label, event.message.description, fields)
    }
}
