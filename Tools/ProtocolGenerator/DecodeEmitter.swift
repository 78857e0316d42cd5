// SPDX-License-Identifier: Apache-2.0

/// Writes the decoding initializer of one struct.
struct DecodeEmitter {
    let structure: Structure
    let isPublic: Bool

    func emit(into source: inout SwiftSource) {
        let access = isPublic ? "public " : ""
        source.block("\(access)init(decoding reader: inout ByteReader, version: Int16) throws(DecodeError)") { body in
            if isPublic { body.line("try reader.checkVersion(version, in: Self.validVersions)") }
            if structure.flexible == "flexible" {
                body.line("let flexible = version >= \(structure.flexibleSince ?? 0)")
            }
            for field in structure.untagged {
                let read = read(field, flexible: structure.flexible)
                body.statement("\(field.swiftName) = try \(read)", when: structure.condition(field.versions))
            }
            emitTagged(into: &body)
        }
    }

    private func emitTagged(into body: inout SwiftSource) {
        guard structure.flexible != "false" else { return }
        guard !structure.tagged.isEmpty else {
            return body.statement("try reader.skipTaggedFields()", when: structure.taggedCondition)
        }
        guard let condition = structure.taggedCondition else { return emitTagLoop(into: &body) }
        body.block("if \(condition)") { emitTagLoop(into: &$0) }
    }

    private func emitTagLoop(into body: inout SwiftSource) {
        body.block("for _ in 0..<(try reader.readTaggedFieldCount())") { loop in
            loop.line("let tagged = try reader.readTag()")
            loop.line("switch tagged.tag {")
            for field in structure.tagged {
                let condition = structure.condition(field.versions).map { " where \($0)" } ?? ""
                loop.branch(
                    "case \(field.tag ?? 0)\(condition)",
                    "\(field.swiftName) = try \(read(field, flexible: "true"))")
            }
            loop.line("default: try reader.skip(tagged.end - reader.position)")
            loop.line("}")
            loop.line("try reader.checkTagEnd(tagged.end)")
        }
    }

    /// The call that reads `field`.
    private func read(_ field: Field, flexible: String) -> String {
        switch field.type {
        case .bool: "reader.readBool()"
        case .int8: "reader.readInt8()"
        case .int16: "reader.readInt16()"
        case .uint16: "reader.readInteger()"
        case .int32: "reader.readInt32()"
        case .int64: "reader.readInt64()"
        case .float64: "reader.readFloat64()"
        case .topicID: "reader.readTopicID()"
        case .uuid: "reader.readUUID()"
        case .string, .text: call("String", field, ["flexible: \(flexible)"])
        case .bytes, .records: call("Bytes", field, ["flexible: \(flexible)"])
        case .externalRecords: "reader.readRecordsField(flexible: \(flexible))"
        case .structure(let name):
            field.nullable == nil
                ? "\(name)(decoding: &reader, version: version)" : "reader.readNullableStructure(version: version)"
        case .array(.string): call("Strings", field, ["flexible: \(flexible)"])
        case .array(.structure):
            call(
                "Array", field,
                [
                    "flexible: \(flexible)", "elementByteCountMin: \(structure.elementByteCountMin(of: field))",
                    "version: version",
                ])
        case .array: call("Integers", field, ["flexible: \(flexible)"])
        }
    }

    private func call(_ noun: String, _ field: Field, _ arguments: [String]) -> String {
        guard let nullable = field.nullable else {
            return "reader.read\(noun)(\(arguments.joined(separator: ", ")))"
        }
        var all = arguments
        if nullable != field.versions, let condition = structure.condition(nullable) {
            all.insert("nullable: \(condition)", at: 1)
        }
        return "reader.readNullable\(noun)(\(all.joined(separator: ", ")))"
    }
}
