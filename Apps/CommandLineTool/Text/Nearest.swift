// SPDX-License-Identifier: Apache-2.0

/// Finds what was probably meant.
package enum Nearest {
    /// The name with the fewest edits, when they are at most a third of its length; the first one of several.
    package static func name(to wanted: String, among names: [String]) -> String? {
        let ranked = names.map { (name: $0, distance: distance(wanted.lowercased(), $0.lowercased())) }
        guard let best = ranked.min(by: { $0.distance < $1.distance }) else { return nil }
        return best.distance <= max(1, best.name.count / 3) ? best.name : nil
    }

    /// Insertions, deletions, replacements and exchanges of neighbours (optimal string alignment).
    private static func distance(_ one: String, _ other: String) -> Int {
        let (left, right) = (Array(one), Array(other))
        var rows = [Array(0...right.count)]
        for row in left.indices {
            var next = [row + 1]
            for column in right.indices {
                let isSame = left[row] == right[column]
                var best = min(rows[row][column] + (isSame ? 0 : 1), rows[row][column + 1] + 1, next[column] + 1)
                if row > 0, column > 0, left[row] == right[column - 1], left[row - 1] == right[column] {
                    best = min(best, rows[row - 1][column - 1] + 1)
                }
                next.append(best)
            }
            rows.append(next)
        }
        return rows[left.count][right.count]
    }
}

/// Names with `*` and `?`, as shells match them.
package struct NamePattern: Sendable {
    private let pattern: [Character]

    package init(_ text: String) { pattern = Array(text) }

    package func matches(_ name: String) -> Bool {
        let name = Array(name)
        var (position, index) = (0, 0)
        // Where to go on when the last star has to take one character more.
        var retry: (star: Int, position: Int)?
        while position < name.count {
            if index < pattern.count, pattern[index] == "*" {
                retry = (index, position)
                index += 1
            } else if index < pattern.count, pattern[index] == "?" || pattern[index] == name[position] {
                position += 1
                index += 1
            } else if let (star, last) = retry {
                retry = (star, last + 1)
                (index, position) = (star + 1, last + 1)
            } else {
                return false
            }
        }
        return pattern[index...].allSatisfy { $0 == "*" }
    }
}
