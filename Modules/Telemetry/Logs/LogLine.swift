// SPDX-License-Identifier: Apache-2.0

internal import Logging

/// One line of a log before it is text.
struct LogLine {
    /// Nanoseconds since 1970.
    let time: Int64
    let level: Logger.Level
    let label: String
    let message: String
    let fields: [(key: String, value: String)]

    /// With the line end. Control characters of anyone's input are escaped, so that it cannot make up lines.
    func text(_ format: LogFormat) -> String {
        switch format {
        case .text: plainText
        case .json: jsonText
        }
    }

    private var plainText: String {
        let levelName = level.rawValue + String(repeating: " ", count: max(0, 5 - level.rawValue.count))
        var line = "\(timeText) \(levelName) \(label): \(escaped(message, forJSON: false))"
        for field in fields {
            let value = escaped(field.value, forJSON: false)
            let isPlain = !value.isEmpty && !value.contains { $0 == " " || $0 == "=" || $0 == "\"" }
            let quoted = value.split(separator: "\"", omittingEmptySubsequences: false).joined(separator: "\\\"")
            line += " \(escaped(field.key, forJSON: false))=" + (isPlain ? value : "\"\(quoted)\"")
        }
        return line + "\n"
    }

    private var jsonText: String {
        let head = [("time", timeText), ("level", level.rawValue), ("logger", label), ("message", message)]
        // A field must not pass for one of the line's own.
        let rest = fields.map { field in
            (head.contains { $0.0 == field.key } ? "field_\(field.key)" : field.key, field.value)
        }
        let pairs = (head + rest).map { "\"\(escaped($0.0, forJSON: true))\":\"\(escaped($0.1, forJSON: true))\"" }
        return "{\(pairs.joined(separator: ","))}\n"
    }

    /// RFC 3339, UTC, milliseconds.
    private var timeText: String {
        let milliseconds = time / 1_000_000
        let (day, rest) = (milliseconds / 86_400_000, milliseconds % 86_400_000)
        // Civil date from days, years starting in March so that the leap day is the last: H. Hinnant, chrono
        // algorithms.
        let shifted = day + 719_468
        let (era, dayOfEra) = (shifted / 146_097, shifted % 146_097)
        let yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shiftedMonth = (5 * dayOfYear + 2) / 153
        let month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
        let year = era * 400 + yearOfEra + (month <= 2 ? 1 : 0)
        let date = "\(padded(year, 4))-\(padded(month, 2))-\(padded(dayOfYear - (153 * shiftedMonth + 2) / 5 + 1, 2))"
        let clock = "\(padded(rest / 3_600_000, 2)):\(padded(rest / 60_000 % 60, 2)):\(padded(rest / 1_000 % 60, 2))"
        return "\(date)T\(clock).\(padded(rest % 1_000, 3))Z"
    }

    private func padded(_ number: Int64, _ width: Int) -> String {
        let digits = String(number)
        return String(repeating: "0", count: max(0, width - digits.count)) + digits
    }

    private func escaped(_ text: String, forJSON: Bool) -> String {
        var escaped = ""
        for scalar in text.unicodeScalars {
            switch scalar.value {
            case 0x0A: escaped += "\\n"
            case 0x0D: escaped += "\\r"
            case 0x09: escaped += "\\t"
            case 0x5C: escaped += "\\\\"
            case 0x22 where forJSON: escaped += "\\\""
            // C0, DEL, C1, and the separators and marks that some terminals and viewers act on.
            case 0..<0x20, 0x7F..<0xA0, 0x2028...0x202E, 0x2066...0x2069:
                let digits = String(scalar.value, radix: 16)
                escaped += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: escaped.unicodeScalars.append(scalar)
            }
        }
        return escaped
    }
}
