// SPDX-License-Identifier: Apache-2.0

/// The part of regular expressions that tells clients apart: characters, `.`, `[a-z0-9]`, `[^…]`, `\` before a character
/// that is meant itself, `*`, `+` and `?` behind any of them, and `|` between alternatives; no groups.
///
/// Without groups nothing can be repeated in a repetition, so that looking costs the length of the text times that of the
/// pattern, whoever chose them.
public struct TraitPattern: Hashable, Sendable {
    /// Longest pattern, and what of a text is looked at, in Unicode scalars.
    static let lengthMax = 256

    private enum Scalars: Hashable {
        case all
        case among([ClosedRange<Unicode.Scalar>], negated: Bool)

        func contains(_ scalar: Unicode.Scalar) -> Bool {
            switch self {
            case .all: true
            case .among(let ranges, let negated): ranges.contains { $0.contains(scalar) } != negated
            }
        }
    }

    private struct Item: Hashable {
        let scalars: Scalars
        var isOptional = false
        var repeats = false
    }

    private let alternatives: [[Item]]

    /// nil for what is not a pattern, or is too long.
    public init?(_ text: String) {
        guard text.unicodeScalars.count <= Self.lengthMax else { return nil }
        var alternatives: [[Item]] = [[]]
        // True where there is nothing that `*` could repeat.
        var isRepeated = true
        var rest = text.unicodeScalars[...]
        while let scalar = rest.popFirst() {
            let last = alternatives.count - 1
            switch scalar {
            case "|":
                alternatives.append([])
                isRepeated = true
                continue
            case "*", "+", "?":
                guard !isRepeated, let item = alternatives[last].indices.last else { return nil }
                alternatives[last][item].isOptional = scalar != "+"
                alternatives[last][item].repeats = scalar != "?"
                isRepeated = true
                continue
            case "(", ")", "]", "{", "}", "^", "$": return nil
            case ".": alternatives[last].append(Item(scalars: .all))
            case "[":
                guard let scalars = Self.set(&rest) else { return nil }
                alternatives[last].append(Item(scalars: scalars))
            case "\\":
                guard let escaped = Self.escaped(&rest) else { return nil }
                alternatives[last].append(Item(scalars: .among([escaped...escaped], negated: false)))
            default: alternatives[last].append(Item(scalars: .among([scalar...scalar], negated: false)))
            }
            isRepeated = false
        }
        self.alternatives = alternatives
    }

    /// Letters and digits behind `\` are classes elsewhere, so they are refused rather than misread.
    private static func escaped(_ rest: inout Substring.UnicodeScalarView) -> Unicode.Scalar? {
        guard let scalar = rest.popFirst(), !scalar.properties.isAlphabetic, scalar.properties.numericType == nil
        else { return nil }
        return scalar
    }

    /// What stands behind `[`, up to and with `]`.
    private static func set(_ rest: inout Substring.UnicodeScalarView) -> Scalars? {
        var ranges: [ClosedRange<Unicode.Scalar>] = []
        let negated = rest.first == "^"
        if negated { rest.removeFirst() }
        while let next = rest.popFirst() {
            if next == "]" { return ranges.isEmpty ? nil : .among(ranges, negated: negated) }
            guard next != "[", let low = next == "\\" ? escaped(&rest) : next else { return nil }
            guard rest.first == "-", rest.dropFirst().first != "]" else {
                ranges.append(low...low)
                continue
            }
            rest.removeFirst()
            guard let bound = rest.popFirst(), let high = bound == "\\" ? escaped(&rest) : bound, low <= high
            else { return nil }
            ranges.append(low...high)
        }
        return nil
    }

    /// Whether the pattern is the whole of `text`.
    public func matches(_ text: String) -> Bool {
        let scalars = text.unicodeScalars.prefix(Self.lengthMax)
        return alternatives.contains { Self.matches($0, scalars) }
    }

    /// Walks all ways through the items at once.
    private static func matches(_ items: [Item], _ text: some Sequence<Unicode.Scalar>) -> Bool {
        /// Whether the items before a place may be what was read so far.
        var reached = [Bool](repeating: false, count: items.count + 1)
        reached[0] = true
        skipOptional(items, &reached)
        for scalar in text {
            var next = [Bool](repeating: false, count: items.count + 1)
            for (place, item) in items.enumerated() where item.scalars.contains(scalar) {
                // Once, or once more.
                if reached[place] || (item.repeats && reached[place + 1]) { next[place + 1] = true }
            }
            skipOptional(items, &next)
            reached = next
        }
        return reached[items.count]
    }

    private static func skipOptional(_ items: [Item], _ reached: inout [Bool]) {
        for (place, item) in items.enumerated() where item.isOptional && reached[place] { reached[place + 1] = true }
    }
}
