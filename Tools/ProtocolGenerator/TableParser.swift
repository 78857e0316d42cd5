// SPDX-License-Identifier: Apache-2.0

/// A table that says something impossible, with the line that says it.
struct TableError: Error, CustomStringConvertible {
    var file: String
    var line: Int
    var problem: String
    var description: String { "\(file):\(line): \(problem)" }
}

/// Reads one table file; the grammar is in docs/formats/kafka-protocol.md.
struct TableParser {
    private struct Line {
        var number: Int
        var depth: Int
        var words: [String]
    }

    private let file: String
    private var lines: [Line] = []
    private var next = 0

    static func parse(_ text: String, file: String) throws -> Declaration {
        var parser = TableParser(file: file)
        try parser.split(text)
        return try parser.declaration()
    }

    private init(file: String) { self.file = file }

    private func fail(_ problem: String, line: Int? = nil) -> TableError {
        let number = line ?? (next < lines.count ? lines[next].number : lines.last?.number ?? 0)
        return TableError(file: file, line: number, problem: problem)
    }

    private mutating func split(_ text: String) throws {
        for (index, raw) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
            let content = raw.prefix { $0 != "#" }
            let words = content.split(separator: " ").map(String.init)
            guard !words.isEmpty else { continue }
            let indent = content.prefix { $0 == " " }.count
            guard indent % 2 == 0 else { throw fail("indented by \(indent), not by twos", line: index + 1) }
            lines.append(Line(number: index + 1, depth: indent / 2, words: words))
        }
    }

    /// The words of the next line when it stands at the margin and begins with `keyword`.
    private mutating func take(_ keyword: String) -> [String]? {
        guard next < lines.count, lines[next].depth == 0, lines[next].words[0] == keyword else { return nil }
        defer { next += 1 }
        return Array(lines[next].words.dropFirst())
    }

    private mutating func need(_ keyword: String) throws -> [String] {
        guard let words = take(keyword), !words.isEmpty else { throw fail("'\(keyword) …' is missing") }
        return words
    }

    private mutating func declaration() throws -> Declaration {
        var key: Int?
        let name: String
        if let words = take("api") {
            guard words.count == 2, let number = Int(words[0]) else { throw fail("'api KEY NAME' is malformed") }
            (key, name) = (number, words[1])
        } else {
            name = try need("data")[0]
        }
        let versions = try range(try need("versions")[0], within: VersionRange(first: 0, last: Int(Int16.max)))
        let advertised = try take("advertised").map {
            try range($0.first ?? "", within: VersionRange(first: 0, last: versions.last))
        }
        let flexible = try need("flexible")[0]
        let since = flexible == "none" ? nil : try range(flexible, within: versions).first
        var messages: [Message] = []
        for (keyword, role, suffix) in sections(isAPI: key != nil) {
            guard take(keyword) != nil else { throw fail("'\(keyword)' is missing") }
            messages.append(Message(role: role, name: name + suffix, fields: try fields(depth: 1, in: versions)))
        }
        guard next == lines.count else { throw fail("unexpected '\(lines[next].words[0])'") }
        return Declaration(
            fileName: file, apiKey: key, name: name, versions: versions, advertised: advertised ?? versions,
            flexibleSince: since, messages: messages)
    }

    private func sections(isAPI: Bool) -> [(String, Message.Role, String)] {
        isAPI ? [("request", .request, "Request"), ("response", .response, "Response")] : [("fields", .data, "")]
    }

    /// `7`, `3-12` or `9+`; what lies outside `outer` is an error.
    private func range(_ text: String, within outer: VersionRange) throws -> VersionRange {
        let parts = text.split(separator: "-").map(String.init)
        let result: VersionRange
        if text.hasSuffix("+"), let first = Int(text.dropLast()) {
            result = VersionRange(first: first, last: outer.last)
        } else if parts.count == 2, let first = Int(parts[0]), let last = Int(parts[1]) {
            result = VersionRange(first: first, last: last)
        } else if let only = Int(text) {
            result = VersionRange(first: only, last: only)
        } else {
            throw fail("'\(text)' is no range of versions")
        }
        guard !result.isEmpty, result.clamped(to: outer) == result else {
            throw fail("versions \(text) are not within \(outer.first)-\(outer.last)")
        }
        return result
    }

    private mutating func fields(depth: Int, in versions: VersionRange) throws -> [Field] {
        var result: [Field] = []
        while next < lines.count, lines[next].depth >= depth {
            guard lines[next].depth == depth else { throw fail("indented too far") }
            let line = lines[next]
            var field = try parse(line, in: versions)
            next += 1
            field.fields = try fields(depth: depth + 1, in: field.versions)
            if (field.structureName == nil) != field.fields.isEmpty {
                throw fail("a struct has fields, nothing else has", line: line.number)
            }
            if result.contains(where: { $0.name == field.name }) {
                throw fail("a second field \(field.name)", line: line.number)
            }
            result.append(field)
        }
        return result
    }

    private func parse(_ line: Line, in versions: VersionRange) throws -> Field {
        guard line.words.count >= 2 else { throw fail("a field needs a name and a type") }
        var words = line.words[2...]
        var typeText = line.words[1]
        let isNullable = typeText.hasSuffix("?")
        if isNullable { typeText.removeLast() }
        var field = Field(
            name: line.words[0], type: try type(typeText, isExternal: words.contains("external")), versions: versions,
            line: line.number)
        if let first = words.first, first.first?.isNumber == true {
            field.versions = try range(words.removeFirst(), within: versions)
        }
        if isNullable { field.nullable = field.versions }
        try readOptions(words, into: &field)
        return field
    }

    private func readOptions(_ options: ArraySlice<String>, into field: inout Field) throws {
        var words = options
        while let word = words.popFirst() {
            switch word {
            case "ignorable": field.isIgnorable = true
            case "external": break
            case "=", "tag", "is", "null":
                guard let value = words.popFirst() else { throw fail("'\(word)' needs a value") }
                try set(word, value, of: &field)
            default: throw fail("unknown option '\(word)'")
            }
        }
    }

    private func set(_ option: String, _ value: String, of field: inout Field) throws {
        switch option {
        case "=": field.defaultText = value
        case "is": field.entity = value
        case "null":
            guard field.nullable != nil else { throw fail("'null' without '?'") }
            field.nullable = try range(value, within: field.versions)
        default:
            guard let tag = Int(value), tag >= 0 else { throw fail("'\(value)' is no tag") }
            field.tag = tag
        }
    }

    private func type(_ text: String, isExternal: Bool) throws -> FieldType {
        if text.hasPrefix("["), text.hasSuffix("]") {
            return .array(of: try type(String(text.dropFirst().dropLast()), isExternal: false))
        }
        switch text {
        case "bool": return .bool
        case "int8": return .int8
        case "int16": return .int16
        case "uint16": return .uint16
        case "int32": return .int32
        case "int64": return .int64
        case "float64": return .float64
        case "string": return .string
        case "text": return .text
        case "bytes": return .bytes
        case "records": return isExternal ? .externalRecords : .records
        case "topicId": return .topicID
        case "uuid": return .uuid
        default:
            guard text.first?.isUppercase == true else { throw fail("unknown type '\(text)'") }
            return .structure(text)
        }
    }
}
