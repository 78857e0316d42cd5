// SPDX-License-Identifier: Apache-2.0

package import Primitives
package import WireProtocol

/// Where in a partition to begin: `earliest`, `latest`, `1200`, `-10`, `2026-03-01T12:00:00Z`, `@1772366400000`, `1h`.
package enum StartText {
    package static let help = """
        earliest, latest, an offset, -N for the last N records, an ISO 8601 time, @MILLISECONDS since 1970, or an age such \
        as 30m or 7d.
        """

    /// - Parameter now: What an age is counted back from.
    package static func parse(_ text: String, now: Timestamp) -> RecordPlace? {
        switch text {
        case "earliest", "beginning": return .earliest
        case "latest", "end": return .latest
        default: break
        }
        if let number = Int64(text) {
            guard text.hasPrefix("-") else { return .offset(Offset(number)) }
            return number > .min ? .countFromEnd(-number) : nil
        }
        return time(text, now: now).map { .time($0) }
    }

    /// A point in time or an age.
    package static func time(_ text: String, now: Timestamp) -> Timestamp? {
        if text.hasPrefix("@") { return Int64(text.dropFirst()).flatMap { $0 >= 0 ? Timestamp($0) : nil } }
        if let time = TimeText.parse(text) { return time }
        return DurationText.parse(text).map { now.advanced(byMilliseconds: -$0) }
    }
}

/// Where committed offsets are moved to: as `StartText`, and `current`, `+N`, `-N` counted from the committed offset.
package enum OffsetTargetText {
    package static let help = """
        earliest, latest, current, an offset, +N or -N from the committed offset, an ISO 8601 time, @MILLISECONDS since \
        1970, or an age such as 30m or 7d. What lies outside the log is moved into it.
        """

    package static func parse(_ text: String) -> Admin.OffsetTarget? {
        switch text {
        case "earliest", "beginning": return .with { $0.kind = .earliest }
        case "latest", "end": return .with { $0.kind = .latest }
        case "current": return .with { $0.kind = .current }
        default: break
        }
        if let number = Int64(text) {
            let isShift = text.hasPrefix("+") || text.hasPrefix("-")
            return .with {
                if isShift {
                    ($0.kind, $0.shiftBy) = (.shiftBy, number)
                } else {
                    ($0.kind, $0.offset) = (.offset, Offset(number))
                }
            }
        }
        if let age = DurationText.parse(text) {
            return .with { ($0.kind, $0.durationMilliseconds) = (.duration, age) }
        }
        return StartText.time(text, now: .none).map { time in .with { ($0.kind, $0.timestamp) = (.timestamp, time) } }
    }
}
