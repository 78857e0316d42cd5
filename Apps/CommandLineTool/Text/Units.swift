// SPDX-License-Identifier: Apache-2.0

/// Numbers as people read them. Programs get plain numbers in the base unit.
package enum Units {
    /// `0 B`, `999 B`, `1.5 KiB`, `12 MiB`: two significant digits below ten, powers of 1024.
    package static func bytes(_ count: Int64) -> String {
        guard count.magnitude >= 1024 else { return "\(count) B" }
        var value = Double(count)
        for unit in ["KiB", "MiB", "GiB", "TiB", "PiB", "EiB"] {
            value /= 1024
            // What rounds up to 1024 belongs to the next unit.
            if value.magnitude < 1023.5 || unit == "EiB" { return "\(short(value)) \(unit)" }
        }
        preconditionFailure("\(count) bytes exceed every unit")
    }

    /// Thousands apart: `1,234,567`.
    package static func count(_ value: Int64) -> String {
        var digits = String(value.magnitude)
        var groups: [String] = []
        while digits.count > 3 {
            groups.insert(String(digits.suffix(3)), at: 0)
            digits.removeLast(3)
        }
        return (value < 0 ? "-" : "") + ([digits] + groups).joined(separator: ",")
    }

    /// `1 topic`, `2 topics`.
    package static func count(_ value: Int64, _ noun: String) -> String {
        "\(count(value)) \(noun)\(value == 1 ? "" : "s")"
    }

    /// `0 ms`, `850 ms`, `12.3 s`, `4m 05s`, `3h 12m`, `2d 04h`.
    package static func duration(milliseconds: Int64) -> String {
        if milliseconds < 0 { return "-" + duration(milliseconds: milliseconds == .min ? .max : -milliseconds) }
        if milliseconds < 1000 { return "\(milliseconds) ms" }
        let seconds = milliseconds / 1000
        if seconds < 60 { return "\(fixed(Double(milliseconds) / 1000, digits: 1)) s" }
        if seconds < 3600 { return "\(seconds / 60)m \(twoDigits(seconds % 60))s" }
        if seconds < 86400 { return "\(seconds / 3600)h \(twoDigits(seconds / 60 % 60))m" }
        return "\(seconds / 86400)d \(twoDigits(seconds / 3600 % 24))h"
    }

    /// `850 ns`, `12.3 µs`, `1.05 ms`, `2.50 s`: three significant digits.
    package static func duration(nanoseconds: Int64) -> String {
        let value = Double(nanoseconds)
        switch nanoseconds {
        case ..<1000: return "\(nanoseconds) ns"
        case ..<1_000_000: return "\(significant(value / 1000)) µs"
        case ..<1_000_000_000: return "\(significant(value / 1_000_000)) ms"
        default: return "\(significant(value / 1_000_000_000)) s"
        }
    }

    /// Per second: `12.3 MiB/s`.
    package static func bandwidth(bytes: Int64, nanoseconds: Int64) -> String {
        "\(self.bytes(Int64(perSecond(bytes, nanoseconds))))/s"
    }

    package static func perSecond(_ count: Int64, _ nanoseconds: Int64) -> Double {
        nanoseconds > 0 ? Double(count) * 1_000_000_000 / Double(nanoseconds) : 0
    }

    /// Three significant digits, at most two behind the point.
    static func significant(_ value: Double) -> String {
        fixed(value, digits: value < 9.995 ? 2 : value < 99.95 ? 1 : 0)
    }

    private static func short(_ value: Double) -> String { fixed(value, digits: value.magnitude < 9.95 ? 1 : 0) }

    /// `digits` digits behind the point, rounded half away from zero, whatever the locale.
    package static func fixed(_ value: Double, digits: Int) -> String {
        let scale = (0..<digits).reduce(1.0) { scale, _ in scale * 10 }
        let scaled = (value * scale).rounded()
        guard digits > 0, scaled.magnitude < 1e18 else { return String(Int64(clamping: Int(value.rounded()))) }
        let whole = Int64(scaled.magnitude)
        let fraction = String(whole % Int64(scale))
        return (scaled < 0 ? "-" : "") + "\(whole / Int64(scale))."
            + String(repeating: "0", count: digits - fraction.count) + fraction
    }

    private static func twoDigits(_ value: Int64) -> String { value < 10 ? "0\(value)" : "\(value)" }
}
