// SPDX-License-Identifier: Apache-2.0

/// What a node cannot know of the process it runs in; whoever starts it says so.
public struct ProcessFacts: Sendable {
    /// As `--version` tells it.
    public var version: String
    /// Of the source it was built from.
    public var commit: String
    /// Log lines left out so far because their like was written just before.
    public var suppressedLogLineCount: @Sendable () -> Int64

    public init(
        version: String = "unknown", commit: String = "unknown",
        suppressedLogLineCount: @escaping @Sendable () -> Int64 = { 0 }
    ) {
        self.version = version
        self.commit = commit
        self.suppressedLogLineCount = suppressedLogLineCount
    }
}
