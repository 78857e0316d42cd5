// SPDX-License-Identifier: Apache-2.0

/// Finds the name that somebody probably meant.
public enum Spelling {
    /// Names longer than this count as far from every other.
    private static let byteCountMax = 128

    /// The known name with the fewest edits, when they are at most a third of its length; the first one of several.
    ///
    /// - Complexity: O(names × bytes of `name` × bytes of a name).
    public static func nearest(to name: String, among known: some Sequence<String>) -> String? {
        var best: (name: String, distance: Int)?
        for candidate in known {
            let distance = distance(name, candidate)
            guard distance <= max(1, candidate.utf8.count / 3), distance < best?.distance ?? .max else { continue }
            best = (candidate, distance)
        }
        return best?.name
    }

    /// Insertions, deletions and replacements of one byte that turn `one` into `other` (Levenshtein).
    private static func distance(_ one: String, _ other: String) -> Int {
        let left = Array(one.utf8)
        let right = Array(other.utf8)
        guard left.count <= byteCountMax, right.count <= byteCountMax else { return .max }
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
}
