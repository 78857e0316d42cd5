// SPDX-License-Identifier: Apache-2.0

/// What a command prints for programs: JSON or YAML, fields in the order given.
package enum Document: Sendable, Equatable {
    case null
    case bool(Bool)
    case integer(Int64)
    case number(Double)
    case text(String)
    case list([Document])
    case fields([Field])

    package struct Field: Sendable, Equatable {
        package let name: String
        package let value: Document

        package init(_ name: String, _ value: Document) {
            self.name = name
            self.value = value
        }
    }

    package static func integer(_ value: Int) -> Document { .integer(Int64(value)) }
    package static func integer(_ value: Int32) -> Document { .integer(Int64(value)) }
    package static func integer(_ value: Int16) -> Document { .integer(Int64(value)) }
    package static func optional(_ value: Int64?) -> Document { value.map { .integer($0) } ?? .null }
    package static func optional(_ value: String?) -> Document { value.map { .text($0) } ?? .null }
    package static func texts(_ values: [String]) -> Document { .list(values.map { .text($0) }) }
}

extension Document: ExpressibleByDictionaryLiteral, ExpressibleByStringLiteral, ExpressibleByBooleanLiteral {
    package init(dictionaryLiteral elements: (String, Document)...) { self = .fields(elements.map { Field($0, $1) }) }
    package init(stringLiteral value: String) { self = .text(value) }
    package init(booleanLiteral value: Bool) { self = .bool(value) }

    /// The value of a field; nil when there is none.
    package subscript(name: String) -> Document? {
        guard case .fields(let fields) = self else { return nil }
        return fields.first { $0.name == name }?.value
    }
}

extension Document {
    /// JSON (RFC 8259) over several lines, indented by two.
    package var json: String {
        var text = ""
        write(to: &text, indentation: 0)
        return text
    }

    /// JSON in one line.
    package var jsonLine: String {
        var text = ""
        write(to: &text, indentation: nil)
        return text
    }

    private func write(to text: inout String, indentation: Int?) {
        switch self {
        case .null: text += "null"
        case .bool(let value): text += value ? "true" : "false"
        case .integer(let value): text += String(value)
        // JSON has no word for what is not finite.
        case .number(let value): text += value.isFinite ? value.description : "null"
        case .text(let value): Self.write(value, to: &text)
        case .list(let values):
            Self.write(values, between: ("[", "]"), to: &text, indentation) { $0.write(to: &$1, indentation: $2) }
        case .fields(let fields):
            Self.write(fields, between: ("{", "}"), to: &text, indentation) { field, text, indentation in
                Self.write(field.name, to: &text)
                text += ": "
                field.value.write(to: &text, indentation: indentation)
            }
        }
    }

    private static func write<Element>(
        _ elements: [Element], between brackets: (String, String), to text: inout String, _ indentation: Int?,
        _ writeElement: (Element, inout String, Int?) -> Void
    ) {
        guard !elements.isEmpty else { return text += brackets.0 + brackets.1 }
        let inner = indentation.map { $0 + 1 }
        let newLine = { (depth: Int?) in depth.map { "\n" + String(repeating: "  ", count: $0) } }
        text += brackets.0
        for (index, element) in elements.enumerated() {
            if index > 0 { text += inner == nil ? ", " : "," }
            text += newLine(inner) ?? ""
            writeElement(element, &text, inner)
        }
        text += newLine(indentation) ?? ""
        text += brackets.1
    }

    private static func write(_ value: String, to text: inout String) {
        text += "\""
        for scalar in value.unicodeScalars {
            switch scalar {
            case "\"": text += "\\\""
            case "\\": text += "\\\\"
            case "\n": text += "\\n"
            case "\r": text += "\\r"
            case "\t": text += "\\t"
            case _ where scalar.value < 0x20 || scalar.value == 0x7f:
                text += "\\u" + hexadecimal(UInt64(scalar.value), digits: 4)
            default: text.unicodeScalars.append(scalar)
            }
        }
        text += "\""
    }
}
