// SPDX-License-Identifier: Apache-2.0

import Yams

extension Document {
    /// YAML 1.2, fields in the same order as in JSON, a line feed at the end.
    package func yaml() throws -> String { try Yams.serialize(node: node, allowUnicode: true) }

    private var node: Node {
        switch self {
        case .null: Node("null", Tag(.null))
        case .bool(let value): Node(value ? "true" : "false", Tag(.bool))
        case .integer(let value): Node(String(value), Tag(.int))
        case .number(let value): Node(value.description, Tag(.float))
        case .text(let value): Node(value, Tag(.str), Self.style(of: value))
        case .list(let values): .sequence(Node.Sequence(values.map(\.node)))
        case .fields(let fields): .mapping(Node.Mapping(fields.map { (Node($0.name), $0.value.node) }))
        }
    }

    /// Text that would read as a number, a bool or nothing at all stands in quotes.
    private static func style(of value: String) -> Node.Scalar.Style {
        Resolver.default.resolveTag(of: Node(value)) == .str && !value.isEmpty ? .any : .doubleQuoted
    }
}
