// SPDX-License-Identifier: Apache-2.0

/// Writes the encoding functions of one struct.
struct EncodeEmitter {
    let structure: Structure
    let isPublic: Bool

    private var cutsParameter: String { structure.holdsExternalRecords ? ", cuts: inout [RecordsCut]" : "" }

    func emit(into source: inout SwiftSource) {
        guard isPublic, structure.holdsExternalRecords else {
            let access = isPublic ? "public " : ""
            return emitFunction("\(access)func encode", into: &source)
        }
        source.line("/// - Precondition: also, no records are external: `encodeLayout` writes such a message.")
        source.block("public func encode(into writer: inout ByteWriter, version: Int16)") { body in
            body.line("var cuts: [RecordsCut] = []")
            body.line("encodeLayout(into: &writer, version: version, cuts: &cuts)")
            body.line("precondition(cuts.isEmpty, \"\\(cuts.count) runs of records are not in memory\")")
        }
        source.blank()
        source.line("/// As `encode`, but external records are left out, and `cuts` gets one more element for each, in")
        source.line("/// order: where its bytes belong and how many. The length fields count them already.")
        emitFunction("public func encodeLayout", into: &source)
    }

    private func emitFunction(_ head: String, into source: inout SwiftSource) {
        source.block("\(head)(into writer: inout ByteWriter, version: Int16\(cutsParameter))") { body in
            if isPublic { body.line("requireVersion(version, in: Self.validVersions)") }
            if structure.flexible == "flexible", !structure.fields.isEmpty || isPublic {
                body.line("let flexible = version >= \(structure.flexibleSince ?? 0)")
            }
            for field in structure.fields where !field.isIgnorable { emitRequirement(field, into: &body) }
            for field in structure.untagged { emitWrite(field, into: &body) }
            emitTagged(into: &body)
        }
    }

    /// Traps where a value would be lost that Kafka does not let be lost.
    private func emitRequirement(_ field: Field, into body: inout SwiftSource) {
        guard let condition = structure.condition(field.versions) else { return }
        let present = condition.contains("&&") ? "(\(condition))" : condition
        body.line(
            "precondition(\(present) || \(field.isDefault), \"no \(field.swiftName) in version \\(version)\")")
    }

    private func emitWrite(_ field: Field, into body: inout SwiftSource) {
        let condition = structure.condition(field.versions)
        guard Structure.holdExternalRecords(field.fields) else {
            return body.statement(write(field, flexible: structure.flexible, to: "writer"), when: condition)
        }
        func emitElements(_ body: inout SwiftSource) {
            body.line("writer.writeCount(\(field.swiftName).count, flexible: \(structure.flexible))")
            body.block("for element in \(field.swiftName)") {
                $0.line("element.encode(into: &writer, version: version, cuts: &cuts)")
            }
        }
        if let condition { body.block("if \(condition)", emitElements) } else { emitElements(&body) }
    }

    private func emitTagged(into body: inout SwiftSource) {
        guard structure.flexible != "false" else { return }
        guard !structure.tagged.isEmpty else {
            return body.statement("writer.writeUInt8(0)", when: structure.taggedCondition)
        }
        guard let condition = structure.taggedCondition else { return emitTags(into: &body) }
        body.block("if \(condition)") { emitTags(into: &$0) }
    }

    private func emitTags(into body: inout SwiftSource) {
        body.line("var tagCount: UInt32 = 0")
        for field in structure.tagged { body.line("if \(isSent(field)) { tagCount += 1 }") }
        body.line("writer.writeUnsignedVarint32(tagCount)")
        for field in structure.tagged {
            body.block("if \(isSent(field))") {
                $0.line("var tagValue = ByteWriter()")
                $0.line(write(field, flexible: "true", to: "tagValue"))
                $0.line("writer.writeTagged(\(field.tag ?? 0), tagValue)")
            }
        }
    }

    private func isSent(_ field: Field) -> String {
        guard let condition = structure.condition(field.versions) else { return field.isNotDefault }
        return "\(condition), \(field.isNotDefault)".replacing(" && ", with: ", ")
    }

    /// The call that writes `field`.
    private func write(_ field: Field, flexible: String, to writer: String) -> String {
        let name = field.swiftName
        switch field.type {
        case .bool: return "\(writer).writeBool(\(name))"
        case .int8: return "\(writer).writeInt8(\(name))"
        case .int16: return "\(writer).writeInt16(\(name))"
        case .uint16: return "\(writer).writeInteger(\(name))"
        case .int32: return "\(writer).writeInt32(\(name))"
        case .int64: return "\(writer).writeInt64(\(name))"
        case .float64: return "\(writer).writeFloat64(\(name))"
        case .topicID: return "\(writer).writeTopicID(\(name))"
        case .uuid: return "\(writer).writeUUID(\(name))"
        case .string: return call("String", field, flexible, writer)
        case .text: return call("Text", field, flexible, writer)
        case .bytes, .records: return call("Bytes", field, flexible, writer)
        case .externalRecords: return "\(writer).writeRecordsField(\(name), flexible: \(flexible), cuts: &cuts)"
        case .structure:
            return field.nullable == nil
                ? "\(name).encode(into: &\(writer), version: version)"
                : "\(writer).writeNullableStructure(\(name), version: version)"
        case .array(.string): return call("Strings", field, flexible, writer)
        case .array(.structure): return call("Array", field, flexible, writer, versioned: true)
        case .array: return call("Integers", field, flexible, writer)
        }
    }

    private func call(
        _ noun: String, _ field: Field, _ flexible: String, _ writer: String, versioned: Bool = false
    ) -> String {
        var arguments = [field.swiftName, "flexible: \(flexible)"]
        if let nullable = field.nullable, nullable != field.versions, let condition = structure.condition(nullable) {
            arguments.append("nullable: \(condition)")
        }
        if versioned { arguments.append("version: version") }
        let verb = field.nullable == nil ? "write" : "writeNullable"
        return "\(writer).\(verb)\(noun)(\(arguments.joined(separator: ", ")))"
    }
}
