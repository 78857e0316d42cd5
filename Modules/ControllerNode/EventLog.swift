// SPDX-License-Identifier: Apache-2.0

/// Where a node tells people what happens. Made by whoever runs the node; a node itself knows no logging library.
public struct EventLog: Sendable {
    public enum Severity: Sendable {
        case info, notice, warning, error, critical
    }

    private let sink: @Sendable (Severity, String, _ limitKey: String?) -> Void

    /// - Parameter sink: Gets a line and, for lines that hostile input or a broken disk could cause by the thousand, a key:
    ///   of one key at most one line a second is to be written.
    public init(_ sink: @escaping @Sendable (Severity, String, _ limitKey: String?) -> Void) { self.sink = sink }

    /// Writes nothing.
    public static let silent = EventLog { _, _, _ in }

    package func info(_ text: String) { sink(.info, text, nil) }
    package func notice(_ text: String, limitedBy key: String? = nil) { sink(.notice, text, key) }
    package func warning(_ text: String, limitedBy key: String? = nil) { sink(.warning, text, key) }
    package func error(_ text: String, limitedBy key: String? = nil) { sink(.error, text, key) }
    package func critical(_ text: String) { sink(.critical, text, nil) }
}
