// SPDX-License-Identifier: Apache-2.0

package import Primitives

/// Points in time as ISO 8601 writes them, in the proleptic Gregorian calendar.
package enum TimeText {
    /// Reads `2026-03-01`, `2026-03-01T12:30`, `2026-03-01T12:30:05.250` with `Z`, `+02:00`, `+0200` or nothing behind,
    /// which means UTC; a space may stand for the `T`.
    ///
    /// - Returns: nil for anything else, a day that is not in the calendar included.
    package static func parse(_ text: String) -> Timestamp? {
        var scanner = Scanner(text)
        guard let year = scanner.digits(4), scanner.skip("-"), let month = scanner.digits(2), scanner.skip("-"),
            let day = scanner.digits(2), (1...12).contains(month), (1...daysInMonth(month, of: year)).contains(day)
        else { return nil }
        let midnight = daysSinceEpoch(year, month, day) * 86_400_000
        if scanner.isAtEnd { return Timestamp(midnight) }
        guard scanner.skip("T") || scanner.skip("t") || scanner.skip(" "), let clock = clock(&scanner),
            let zone = zone(&scanner), scanner.isAtEnd
        else { return nil }
        return Timestamp(midnight + clock - zone)
    }

    /// `2026-03-01T12:30:05.250Z`; `-` for no time.
    package static func format(_ timestamp: Timestamp) -> String {
        // Nine digits of days keep the year within what the calendar's arithmetic can do.
        guard timestamp != .none, timestamp.rawValue.magnitude < 86_400_000 * 100_000_000 else { return "-" }
        let day = floorDivide(timestamp.rawValue, 86_400_000)
        let clock = timestamp.rawValue - day * 86_400_000
        let (year, month, monthDay) = civil(day)
        let time = [clock / 3_600_000, clock / 60_000 % 60, clock / 1000 % 60].map { pad($0, 2) }
        return "\(pad(year, 4))-\(pad(month, 2))-\(pad(monthDay, 2))T\(time.joined(separator: ":"))."
            + "\(pad(clock % 1000, 3))Z"
    }

    private static func clock(_ scanner: inout Scanner) -> Int64? {
        guard let hour = scanner.digits(2), hour < 24, scanner.skip(":"), let minute = scanner.digits(2), minute < 60
        else { return nil }
        let minutes = (hour * 60 + minute) * 60_000
        guard scanner.skip(":") else { return minutes }
        guard let second = scanner.digits(2), second < 60 else { return nil }
        guard scanner.skip(".") || scanner.skip(",") else { return minutes + second * 1000 }
        guard let fraction = scanner.fraction() else { return nil }
        return minutes + second * 1000 + fraction
    }

    /// Milliseconds that the zone's clocks are ahead of UTC.
    private static func zone(_ scanner: inout Scanner) -> Int64? {
        if scanner.isAtEnd || scanner.skip("Z") || scanner.skip("z") { return 0 }
        let sign: Int64
        if scanner.skip("+") { sign = 1 } else if scanner.skip("-") { sign = -1 } else { return nil }
        guard let hour = scanner.digits(2), hour < 24 else { return nil }
        _ = scanner.skip(":")
        guard let minute = scanner.isAtEnd ? 0 : scanner.digits(2), minute < 60 else { return nil }
        return sign * (hour * 60 + minute) * 60_000
    }

    // Howard Hinnant's algorithms for civil dates, with years that begin in March.
    private static func daysSinceEpoch(_ year: Int64, _ month: Int64, _ day: Int64) -> Int64 {
        let shifted = month <= 2 ? year - 1 : year
        let era = floorDivide(shifted, 400)
        let yearOfEra = shifted - era * 400
        let dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
        return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
    }

    private static func civil(_ day: Int64) -> (year: Int64, month: Int64, day: Int64) {
        let shifted = day + 719_468
        let era = floorDivide(shifted, 146_097)
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let marchMonth = (5 * dayOfYear + 2) / 153
        let month = marchMonth + (marchMonth < 10 ? 3 : -9)
        return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, dayOfYear - (153 * marchMonth + 2) / 5 + 1)
    }

    private static func daysInMonth(_ month: Int64, of year: Int64) -> Int64 {
        switch month {
        case 2: year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28
        case 4, 6, 9, 11: 30
        default: 31
        }
    }

    private static func floorDivide(_ value: Int64, _ divisor: Int64) -> Int64 {
        value >= 0 ? value / divisor : -((-value + divisor - 1) / divisor)
    }

    private static func pad(_ value: Int64, _ count: Int) -> String {
        let text = String(value)
        return String(repeating: "0", count: max(count - text.count, 0)) + text
    }

    /// Takes a text apart from the left.
    private struct Scanner {
        private var rest: Substring.UTF8View

        init(_ text: String) { rest = Substring(text).utf8 }

        var isAtEnd: Bool { rest.isEmpty }

        mutating func skip(_ character: Unicode.Scalar) -> Bool {
            guard rest.first == UInt8(ascii: character) else { return false }
            rest.removeFirst()
            return true
        }

        mutating func digits(_ count: Int) -> Int64? {
            let digits = rest.prefix(count)
            guard digits.count == count, digits.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
            rest.removeFirst(count)
            return digits.reduce(0) { $0 * 10 + Int64($1 - 0x30) }
        }

        /// Milliseconds from one or more digits; what is finer is dropped.
        mutating func fraction() -> Int64? {
            var value: Int64 = 0
            var count = 0
            while let digit = digits(1) {
                if count < 3 { value = value * 10 + digit }
                count += 1
            }
            guard count > 0 else { return nil }
            return (count..<max(count, 3)).reduce(value) { value, _ in value * 10 }
        }
    }
}

/// Lengths of time: `250ms`, `30s`, `5m`, `12h`, `7d`, and sums such as `1h30m`.
package enum DurationText {
    private static let units: [(name: String, milliseconds: Int64)] = [
        ("ms", 1), ("s", 1000), ("m", 60_000), ("h", 3_600_000), ("d", 86_400_000), ("w", 604_800_000),
    ]

    /// Milliseconds; nil when the text is no duration or does not fit.
    package static func parse(_ text: String) -> Int64? {
        var rest = Substring(text)
        var total: Int64 = 0
        guard !rest.isEmpty else { return nil }
        while !rest.isEmpty {
            let digits = rest.prefix { $0.isASCII && $0.isNumber }
            let name = rest.dropFirst(digits.count).prefix { $0.isLetter }
            guard let value = Int64(digits), let unit = units.first(where: { $0.name == name }) else { return nil }
            let (product, tooLong) = value.multipliedReportingOverflow(by: unit.milliseconds)
            let (sum, overflow) = total.addingReportingOverflow(product)
            guard !tooLong, !overflow else { return nil }
            total = sum
            rest = rest.dropFirst(digits.count + name.count)
        }
        return total
    }
}

/// Sizes: `4096`, `64KiB`, `64k`, `1MiB`, `10GB`; K, M, G and T are powers of 1024 unless `B` alone follows them.
package enum SizeText {
    /// Bytes; nil when the text is no size or does not fit.
    package static func parse(_ text: String) -> Int64? {
        let digits = text.prefix { $0.isASCII && $0.isNumber }
        let unit = text.dropFirst(digits.count).lowercased()
        guard let value = Int64(digits), let factor = factor(of: unit) else { return nil }
        let (product, overflow) = value.multipliedReportingOverflow(by: factor)
        return overflow ? nil : product
    }

    private static func factor(of unit: String) -> Int64? {
        guard let first = unit.first, first != "b" else { return unit.isEmpty || unit == "b" ? 1 : nil }
        guard let power = Array("kmgt").firstIndex(of: first).map({ $0 + 1 }) else { return nil }
        let base: Int64
        switch unit.dropFirst() {
        case "", "i", "ib": base = 1024
        case "b": base = 1000
        default: return nil
        }
        return (0..<power).reduce(1) { factor, _ in factor * base }
    }
}
