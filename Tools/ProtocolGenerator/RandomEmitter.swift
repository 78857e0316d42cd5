// SPDX-License-Identifier: Apache-2.0

/// Writes, for the tests, extensions that fill messages at random with what a version can carry.
enum RandomEmitter {
    static func source(of declaration: Declaration) -> String {
        var source = SwiftSource(madeFrom: "Modules/KafkaProtocol/Tables/\(declaration.fileName)")
        source.blank()
        source.line("import KafkaProtocol")
        for message in declaration.messages {
            let root = Structure(
                name: message.name, fields: message.fields, versions: declaration.versions,
                flexibleSince: declaration.flexibleSince)
            for (index, structure) in root.withInner().enumerated() {
                source.blank()
                let inner = "\(message.name).\(structure.name): RandomStructure"
                source.block("extension \(index == 0 ? "\(message.name): RandomMessage" : inner)") {
                    emit(structure, into: &$0)
                }
            }
        }
        return source.text
    }

    static func catalogue(of declarations: [Declaration]) -> String {
        var source = SwiftSource(madeFrom: "Modules/KafkaProtocol/Tables/")
        source.blank()
        source.line("import KafkaProtocol")
        source.blank()
        source.line("/// Every message there is code for.")
        source.line("let everyMessage: [any RandomMessage.Type] = [")
        for message in declarations.flatMap(\.messages) { source.line("    \(message.name).self,") }
        source.line("]")
        return source.text
    }

    private static func emit(_ structure: Structure, into body: inout SwiftSource) {
        body.block("static func random(_ random: inout RandomFields, version: Int16) -> Self") { function in
            guard !structure.fields.isEmpty else { return function.line("Self()") }
            function.line("var message = Self()")
            for field in structure.fields {
                function.statement(
                    "message.\(field.swiftName) = \(value(of: field, in: structure))",
                    when: structure.condition(field.versions))
            }
            function.line("return message")
        }
    }

    private static func value(of field: Field, in structure: Structure) -> String {
        let some = some(field.type)
        guard field.isOptional, let nullable = field.nullable else { return some }
        let condition = structure.condition(nullable) ?? "true"
        let isNull = nullable == field.versions ? "random.isNull()" : "random.isNull(if: \(condition))"
        return "\(isNull) ? nil : \(some)"
    }

    private static func some(_ type: FieldType) -> String {
        switch type {
        case .bool: "random.bool()"
        case .int8, .int16, .uint16, .int32, .int64: "random.integer()"
        case .float64: "random.float64()"
        case .string, .text: "random.string()"
        case .bytes, .records: "random.bytes()"
        case .externalRecords: "random.records()"
        case .topicID: "random.topicID()"
        case .uuid: "random.uuid()"
        case .structure: ".random(&random, version: version)"
        case .array(.structure): "random.structures(version)"
        case .array(.string): "random.strings()"
        case .array: "random.integers()"
        }
    }
}
