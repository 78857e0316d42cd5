// SPDX-License-Identifier: Apache-2.0

/// Lets one line per key and second through. Remembers a bounded number of keys.
struct LineLimiter: Sendable {
    private struct Entry {
        var lastWritten: Int64
        var suppressedCount: Int64
    }

    static let interval: Int64 = 1_000_000_000
    private let keyCountMax: Int
    private var entries: [String: Entry] = [:]
    private var lastForgotten: Int64 = 0

    init(keyCountMax: Int) { self.keyCountMax = keyCountMax }

    /// How many lines of the key were left out since its last one, or nil when this one is to be left out too.
    mutating func admit(_ key: String, atNanoseconds now: Int64) -> Int64? {
        var key = key
        if entries[key] == nil, entries.count >= keyCountMax {
            forgetOldKeys(at: now)
            // Every remembered key was written lately: strangers invent keys.
            if entries.count >= keyCountMax { key = "" }
        }
        guard let entry = entries[key] else {
            entries[key] = Entry(lastWritten: now, suppressedCount: 0)
            return 0
        }
        // A clock that was set back must not silence a key for long.
        guard now - entry.lastWritten >= Self.interval || now < entry.lastWritten else {
            entries[key]?.suppressedCount += 1
            return nil
        }
        entries[key] = Entry(lastWritten: now, suppressedCount: 0)
        return entry.suppressedCount
    }

    /// At most once a second, because it looks at every key.
    private mutating func forgetOldKeys(at now: Int64) {
        guard now - lastForgotten >= Self.interval || now < lastForgotten else { return }
        lastForgotten = now
        entries = entries.filter { now - $0.value.lastWritten < Self.interval }
    }
}
