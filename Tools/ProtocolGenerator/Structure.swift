// SPDX-License-Identifier: Apache-2.0

/// A Swift struct to be written, with the versions in which it can be on the wire.
struct Structure {
    var name: String
    var fields: [Field]
    var versions: VersionRange
    var flexibleSince: Int?

    /// The Swift expression that tells whether the version at hand is flexible.
    var flexible: String {
        guard let since = flexibleSince, since <= versions.last else { return "false" }
        return since <= versions.first ? "true" : "flexible"
    }

    /// When a version has tagged fields: nil for always, `false` for never.
    var taggedCondition: String? { flexible == "true" ? nil : flexible }

    func isFlexible(_ version: Int) -> Bool { flexibleSince.map { version >= $0 } ?? false }

    /// The Swift condition that `version` is in `range`, nil when all versions of this struct are.
    func condition(_ range: VersionRange) -> String? {
        let inside = range.clamped(to: versions)
        var terms: [String] = []
        if inside.first == inside.last, inside != versions { return "version == \(inside.first)" }
        if inside.first > versions.first { terms.append("version >= \(inside.first)") }
        if inside.last < versions.last { terms.append("version <= \(inside.last)") }
        return terms.isEmpty ? nil : terms.joined(separator: " && ")
    }

    var untagged: [Field] { fields.filter { $0.tag == nil } }
    var tagged: [Field] { fields.filter { $0.tag != nil }.sorted { $0.tag! < $1.tag! } }

    /// Whether records of it, or of a struct in it, may lie outside the message.
    var holdsExternalRecords: Bool { Self.holdExternalRecords(fields) }

    static func holdExternalRecords(_ fields: [Field]) -> Bool {
        fields.contains { $0.type == .externalRecords || holdExternalRecords($0.fields) }
    }

    /// This struct and those inside, outermost first.
    func withInner() -> [Structure] {
        var all = [self]
        for field in fields {
            guard let name = field.structureName else { continue }
            let inner = Structure(
                name: name, fields: field.fields, versions: field.versions, flexibleSince: flexibleSince)
            all += inner.withInner()
        }
        return all
    }

    /// The fewest bytes that it takes in `version`.
    func byteCountMin(in version: Int) -> Int {
        let isFlexible = isFlexible(version)
        let present = untagged.filter { $0.versions.contains(version) }
        return present.reduce(isFlexible ? 1 : 0) { $0 + byteCountMin(of: $1, in: version, isFlexible: isFlexible) }
    }

    private func byteCountMin(of field: Field, in version: Int, isFlexible: Bool) -> Int {
        switch field.type {
        case .bool, .int8: 1
        case .int16, .uint16: 2
        case .int32: 4
        case .int64, .float64: 8
        case .topicID, .uuid: 16
        case .string, .text: isFlexible ? 1 : 2
        case .bytes, .records, .externalRecords, .array: isFlexible ? 1 : 4
        case .structure(let name):
            field.nullable != nil
                ? 1
                : Structure(name: name, fields: field.fields, versions: field.versions, flexibleSince: flexibleSince)
                    .byteCountMin(in: version)
        }
    }

    /// The Swift expression for the fewest bytes that an element of the array `field` takes.
    func elementByteCountMin(of field: Field) -> String {
        let element = Structure(
            name: field.structureName ?? "", fields: field.fields, versions: field.versions,
            flexibleSince: flexibleSince)
        func fewest(flexible: Bool) -> Int? {
            field.versions.versions.filter { isFlexible($0) == flexible }.map(element.byteCountMin).min()
        }
        switch (fewest(flexible: true), fewest(flexible: false)) {
        case (let compact?, let plain?) where compact != plain: return "flexible ? \(compact) : \(plain)"
        case (let compact?, _): return String(compact)
        case (nil, let plain): return String(plain ?? 0)
        }
    }
}

extension Field {
    private static let keywords: Set<String> = [
        "as", "break", "case", "class", "default", "defer", "do", "else", "enum", "extension", "false", "for", "func",
        "if", "import", "in", "init", "inout", "internal", "is", "let", "nil", "operator", "private", "protocol",
        "public", "repeat", "return", "self", "static", "struct", "subscript", "super", "switch", "throw", "throws",
        "true", "try", "var", "where", "while",
    ]

    /// The table's name as a Swift property: `topicId` becomes `topicID`, `brokerIds` becomes `brokerIDs`.
    var swiftName: String {
        var name = self.name
        for (from, to) in [("Ids", "IDs"), ("Id", "ID")] where name.hasSuffix(from) {
            name = name.dropLast(from.count) + to
        }
        for upper in "ABCDEFGHIJKLMNOPQRSTUVWXYZ" { name = name.replacing("Id\(upper)", with: "ID\(upper)") }
        return Self.keywords.contains(name) ? "`\(name)`" : name
    }

    private var bareSwiftType: String { Self.swiftType(type) }

    private static func swiftType(_ type: FieldType) -> String {
        switch type {
        case .bool: "Bool"
        case .int8: "Int8"
        case .int16: "Int16"
        case .uint16: "UInt16"
        case .int32: "Int32"
        case .int64: "Int64"
        case .float64: "Double"
        case .string, .text: "String"
        case .bytes, .records: "SharedBytes"
        case .externalRecords: "RecordsField"
        case .topicID: "TopicID"
        case .uuid: "ProtocolUUID"
        case .structure(let name): name
        case .array(let element): "[\(swiftType(element))]"
        }
    }

    /// Records elsewhere have a null of their own.
    var isOptional: Bool { nullable != nil && type != .externalRecords }

    var swiftType: String { bareSwiftType + (isOptional ? "?" : "") }

    /// What it is in a fresh message; nil where Swift needs no word for it.
    var swiftDefault: String? {
        if isOptional, defaultText == "null" || type == .records { return nil }
        switch type {
        case .bool, .int8, .int16, .uint16, .int32, .int64, .float64:
            return defaultText ?? (type == .bool ? "false" : "0")
        case .string, .text: return "\"\""
        case .bytes, .records: return ".empty"
        case .externalRecords: return ".null"
        case .topicID, .uuid: return ".zero"
        case .structure(let name): return "\(name)()"
        case .array: return "[]"
        }
    }

    /// The Swift condition that it has its default.
    var isDefault: String {
        guard let value = swiftDefault else { return "\(swiftName) == nil" }
        switch type {
        case .bool: return value == "true" ? swiftName : "!\(swiftName)"
        case .string, .text, .bytes, .records, .array:
            return isOptional ? "\(swiftName)?.isEmpty == true" : "\(swiftName).isEmpty"
        default: return "\(swiftName) == \(value)"
        }
    }

    /// The Swift condition that it has not.
    var isNotDefault: String {
        guard let value = swiftDefault else { return "\(swiftName) != nil" }
        switch type {
        case .bool: return value == "true" ? "!\(swiftName)" : swiftName
        case .string, .text, .bytes, .records, .array:
            return isOptional ? "\(swiftName)?.isEmpty != true" : "!\(swiftName).isEmpty"
        default: return "\(swiftName) != \(value)"
        }
    }
}
