// SPDX-License-Identifier: Apache-2.0

/// Writes the Swift structs of one table file.
struct MessageEmitter {
    private let declaration: Declaration

    static func source(of declaration: Declaration) throws -> String {
        var source = SwiftSource(madeFrom: "Tables/\(declaration.fileName)")
        source.blank()
        source.line("public import Primitives")
        let emitter = MessageEmitter(declaration: declaration)
        for message in declaration.messages {
            source.blank()
            try emitter.emit(message, into: &source)
        }
        return source.text
    }

    private func emit(_ message: Message, into source: inout SwiftSource) throws {
        let root = Structure(
            name: message.name, fields: message.fields, versions: declaration.versions,
            flexibleSince: declaration.flexibleSince)
        let all = root.withInner()
        for (index, structure) in all.enumerated() {
            try check(structure)
            guard !all[..<index].contains(where: { $0.name == structure.name }) else {
                throw TableError(
                    file: declaration.fileName, line: structure.fields.first?.line ?? 0,
                    problem: "a second struct \(structure.name)")
            }
        }
        source.line("/// \(title(of: message)).")
        let conformance = message.role == .data ? "ProtocolMessage" : "Protocol\(roleName(message.role))"
        source.block("public struct \(message.name): \(conformance)") { body in
            emitFacts(of: message, into: &body)
            emitMembers(of: root, isPublic: true, into: &body)
            for inner in all.dropFirst() {
                body.blank()
                body.line("/// A struct inside `\(message.name)`.")
                let capability = inner.holdsExternalRecords ? "DecodableStructure" : "WireStructure"
                body.block("public struct \(inner.name): \(capability)") {
                    emitMembers(of: inner, isPublic: false, into: &$0)
                }
            }
        }
    }

    private func check(_ structure: Structure) throws {
        let reserved: Set = ["reader", "writer", "version", "flexible", "tagged", "tagCount", "tagValue", "cuts"]
        for field in structure.fields {
            func fail(_ problem: String) -> TableError {
                TableError(file: declaration.fileName, line: field.line, problem: problem)
            }
            if reserved.contains(field.swiftName) { throw fail("\(field.name) is a name of the generated code") }
            if field.tag != nil, !structure.isFlexible(field.versions.first) {
                throw fail("tagged in version \(field.versions.first), which has no tags")
            }
            if Structure.holdExternalRecords(field.fields), field.nullable != nil || field.tag != nil {
                throw fail("external records under a nullable or tagged field")
            }
            if field.type == .externalRecords, field.nullable != field.versions || field.tag != nil {
                throw fail("external records are nullable in all versions and have no tag")
            }
        }
    }

    private func roleName(_ role: Message.Role) -> String { role == .request ? "Request" : "Response" }

    private func title(of message: Message) -> String {
        let range = declaration.versions
        let versions = range.first == range.last ? "version \(range.first)" : "versions \(range.first)-\(range.last)"
        guard let key = declaration.apiKey else { return "\(declaration.name), \(versions)" }
        return "\(declaration.name) \(roleName(message.role).lowercased()) (API \(key)), \(versions)"
    }

    private func emitFacts(of message: Message, into body: inout SwiftSource) {
        let versions = declaration.versions
        if message.role == .request {
            body.line("public typealias Response = \(declaration.name)Response")
        }
        if message.role != .data {
            body.line("public static var apiKey: APIKey { .\(APIKeyEmitter.caseName(declaration.name)) }")
        }
        body.line("public static var validVersions: ClosedRange<Int16> { \(versions.first)...\(versions.last) }")
        let since = declaration.flexibleSince.map(String.init) ?? "nil"
        body.line("public static var flexibleSince: Int16? { \(since) }")
        if !message.fields.isEmpty { body.blank() }
    }

    private func emitMembers(of structure: Structure, isPublic: Bool, into body: inout SwiftSource) {
        for field in structure.fields {
            if let note = note(on: field, of: structure) { body.line("/// \(note)") }
            let initial = field.swiftDefault.map { " = \($0)" } ?? ""
            body.line("public var \(field.swiftName): \(field.swiftType)\(initial)")
        }
        body.blank()
        if !isPublic { body.line("/// All fields at the protocol's defaults.") }
        body.line("public init() {}")
        body.blank()
        DecodeEmitter(structure: structure, isPublic: isPublic).emit(into: &body)
        body.blank()
        EncodeEmitter(structure: structure, isPublic: isPublic).emit(into: &body)
    }

    /// What a caller cannot see from name and type.
    private func note(on field: Field, of structure: Structure) -> String? {
        var notes: [String] = []
        switch field.entity {
        case "topicName": notes.append("Topic.")
        case "groupId": notes.append("Group.")
        case "transactionalId": notes.append("Transactional id.")
        case "producerId": notes.append("Producer.")
        case "brokerId": notes.append("Broker.")
        default: break
        }
        if let range = words(for: field.versions, within: structure.versions) {
            notes.append("In \(range)\(field.tag == nil ? "." : ", as a tagged field.")")
        } else if field.tag != nil {
            notes.append("A tagged field.")
        }
        if let nullable = field.nullable, let range = words(for: nullable, within: field.versions) {
            notes.append("Nil allowed in \(range).")
        }
        return notes.isEmpty ? nil : notes.joined(separator: " ")
    }

    private func words(for range: VersionRange, within outer: VersionRange) -> String? {
        if range == outer { return nil }
        if range.first == range.last { return "version \(range.first)" }
        return range.last == outer.last
            ? "versions from \(range.first)" : "versions \(range.first)-\(range.last)"
    }
}
