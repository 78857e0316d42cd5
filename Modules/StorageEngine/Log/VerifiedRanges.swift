// SPDX-License-Identifier: Apache-2.0

/// Which bytes of a segment are known to be what was written: appended by this process, or checked since the log was opened.
///
/// Few ranges, in order, none touching the next. Forgetting one costs a check and is never wrong, so their number is bounded.
struct VerifiedRanges: Equatable, Sendable {
    static let countMax = 64

    private(set) var ranges: [Range<Int64>] = []

    mutating func add(_ range: Range<Int64>) {
        guard !range.isEmpty else { return }
        if let last = ranges.last, last.contains(range.lowerBound) || last.upperBound == range.lowerBound {
            // Appends and the one who reads on: the common case moves one end.
            ranges[ranges.count - 1] = last.lowerBound..<max(last.upperBound, range.upperBound)
            return
        }
        let first = ranges.partitioningIndex { $0.upperBound >= range.lowerBound }
        let end = ranges.partitioningIndex { $0.lowerBound > range.upperBound }
        var merged = range
        for touched in ranges[first..<end] {
            merged = min(merged.lowerBound, touched.lowerBound)..<max(merged.upperBound, touched.upperBound)
        }
        ranges.replaceSubrange(first..<end, with: [merged])
        guard ranges.count > Self.countMax,
            let smallest = ranges.indices.min(by: { ranges[$0].count < ranges[$1].count })
        else { return }
        ranges.remove(at: smallest)
    }

    mutating func remove(_ range: Range<Int64>) {
        guard !range.isEmpty else { return }
        ranges = ranges.flatMap { known -> [Range<Int64>] in
            guard known.overlaps(range) else { return [known] }
            let before = known.lowerBound..<max(known.lowerBound, range.lowerBound)
            let after = min(known.upperBound, range.upperBound)..<known.upperBound
            return [before, after].filter { !$0.isEmpty }
        }
    }

    func covers(_ range: Range<Int64>) -> Bool {
        let index = ranges.partitioningIndex { $0.upperBound >= range.upperBound }
        return range.isEmpty || index < ranges.count && ranges[index].lowerBound <= range.lowerBound
    }
}
