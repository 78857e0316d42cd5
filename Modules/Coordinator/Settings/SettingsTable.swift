// SPDX-License-Identifier: Apache-2.0

/// All settings of one kind of resource, looked up by name.
public struct SettingsTable: Sendable {
    /// Sorted by name.
    public let definitions: [SettingDefinition]
    private let indexByName: [String: Int]

    init(_ rows: [SettingDefinition]) {
        definitions = rows.sorted { $0.name < $1.name }
        indexByName = Dictionary(
            definitions.enumerated().map { ($1.name, $0) },
            uniquingKeysWith: { first, second in
                preconditionFailure("setting \(first) and \(second) have the same name")
            })
    }

    /// Settings of brokers.
    public static let broker = SettingsTable(
        nodeSettings + networkSettings + logSettings + topicDefaultSettings + groupSettings)

    /// Settings of topics.
    public static let topic = SettingsTable(topicSettings)

    public subscript(name: String) -> SettingDefinition? { indexByName[name].map { definitions[$0] } }

    /// The definition, or an error that names the setting that was probably meant.
    package func definition(of name: String) throws(SettingError) -> SettingDefinition {
        guard let definition = self[name] else { throw .unknown(name: name, nearest: nearestName(to: name)) }
        return definition
    }

    /// The known name with the fewest edits, when they are at most a third of its length; the first one of several.
    package func nearestName(to name: String) -> String? {
        let (best, distance) = definitions.reduce((String?.none, Int.max)) { best, definition in
            let distance = editDistance(name, definition.name)
            return distance < best.1 ? (definition.name, distance) : best
        }
        return best.flatMap { distance <= max(1, $0.utf8.count / 3) ? $0 : nil }
    }
}

/// Insertions, deletions and replacements of one byte that turn `one` into `other` (Levenshtein).
///
/// - Complexity: O(bytes of `one` × bytes of `other`); texts longer than 128 bytes count as far apart.
func editDistance(_ one: String, _ other: String) -> Int {
    let left = Array(one.utf8)
    let right = Array(other.utf8)
    guard left.count <= 128, right.count <= 128 else { return max(left.count, right.count) }
    var row = Array(0...right.count)
    for (index, byte) in left.enumerated() {
        var diagonal = row[0]
        row[0] = index + 1
        for column in right.indices {
            let replaced = diagonal + (byte == right[column] ? 0 : 1)
            diagonal = row[column + 1]
            row[column + 1] = min(replaced, row[column] + 1, row[column + 1] + 1)
        }
    }
    return row[right.count]
}
