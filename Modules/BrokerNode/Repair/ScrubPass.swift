// SPDX-License-Identifier: Apache-2.0

package import Primitives

/// One pass over the logs of a broker: whose turn it is, and how long to pause so that clients do not notice.
package struct ScrubPass: Sendable {
    /// Partitions that are still to be looked at, the present one first.
    private var rest: ArraySlice<PartitionID>
    /// The last segment of the present partition that was verified; nil before its first.
    package private(set) var segment: Offset?
    package private(set) var verifiedByteCount: Int64 = 0

    /// - Parameters:
    ///   - partitions: In any order.
    ///   - resume: Where the pass was when the broker stopped; what comes before is not looked at again.
    package init(_ partitions: [PartitionID], resume: (partition: PartitionID, segment: Offset)? = nil) {
        let sorted = partitions.sorted()
        guard let resume else {
            rest = sorted[...]
            return
        }
        rest = sorted.drop { $0 < resume.partition }
        if rest.first == resume.partition { segment = resume.segment }
    }

    /// nil when the pass is over.
    package var partition: PartitionID? { rest.first }

    package mutating func verified(_ segment: Offset) { self.segment = segment }

    /// The present partition has no further segment.
    package mutating func partitionEnded() {
        rest = rest.dropFirst()
        segment = nil
    }

    /// Takes note of bytes that were read.
    ///
    /// - Returns: how long to pause before the next ones, in milliseconds.
    package mutating func read(_ byteCount: Int64, bytesPerSecond: Int64) -> Int64 {
        verifiedByteCount += byteCount
        return (byteCount * 1_000 + bytesPerSecond - 1) / bytesPerSecond
    }
}
