// SPDX-License-Identifier: Apache-2.0

/// A type that checked text of a setting reads as.
public protocol SettingReadable: Sendable {
    /// - Returns: nil when the text is not of this type.
    static func read(_ text: String?) -> Self?
}

extension Bool: SettingReadable {
    /// `true` or `false`, upper and lower case alike, as Kafka reads them.
    public static func read(_ text: String?) -> Bool? {
        switch text?.lowercased() {
        case "true": true
        case "false": false
        default: nil
        }
    }
}

extension Int: SettingReadable {
    public static func read(_ text: String?) -> Int? { text.flatMap { Int($0) } }
}

extension Double: SettingReadable {
    public static func read(_ text: String?) -> Double? { text.flatMap { Double($0) } }
}

extension String: SettingReadable {
    public static func read(_ text: String?) -> String? { text }
}

extension Array: SettingReadable where Element == String {
    public static func read(_ text: String?) -> [String]? { text.map(split) }

    /// Elements between commas, without surrounding spaces; empty ones do not count.
    static func split(_ text: String) -> [String] {
        text.split(separator: ",").map { SettingDefinition.trimmed(String($0)) }.filter { !$0.isEmpty }
    }
}

/// Reads as nil where the setting has no value.
extension Optional: SettingReadable where Wrapped: SettingReadable {
    public static func read(_ text: String?) -> Wrapped?? {
        guard let text else { return .some(nil) }
        return Wrapped.read(text).map { .some($0) }
    }
}

/// A setting whose values are words.
public protocol SettingChoice: SettingReadable, RawRepresentable, CaseIterable where RawValue == String {}

extension SettingChoice {
    public static func read(_ text: String?) -> Self? { text.flatMap { Self(rawValue: $0) } }

    static var allowedValues: AllowedValues { .oneOf(allCases.map(\.rawValue)) }
}

/// How a topic's batches are stored: as the producer compressed them, or by one codec for all.
public enum CompressionChoice: String, SettingChoice {
    case uncompressed, zstd, lz4, snappy, gzip, producer
}

/// Who stamps the records of a topic.
public enum TimestampChoice: String, SettingChoice {
    case createTime = "CreateTime"
    case logAppendTime = "LogAppendTime"
}

/// The form of log lines.
public enum LogFormatChoice: String, SettingChoice {
    case text, json
}

/// The least important log lines that are written.
public enum LogLevelChoice: String, SettingChoice {
    case trace, debug, info, notice, warning, error, critical
}

/// What moves bytes between memory and disk.
public enum DiskMechanismChoice: String, SettingChoice {
    /// io_uring where the system allows it, else threads.
    case auto
    case ioUring = "io_uring"
    case threads
}

/// What happens to old records: removed by age and size, reduced to the last one of each key, or both.
public struct CleanupPolicy: SettingReadable, Hashable {
    public let deletes: Bool
    public let compacts: Bool

    public static func read(_ text: String?) -> CleanupPolicy? {
        let words = text.map([String].split) ?? []
        return CleanupPolicy(deletes: words.contains("delete"), compacts: words.contains("compact"))
    }
}
