// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
package import Primitives
import WireProtocol

/// `key=value` on the command line.
struct Assignment: ExpressibleByArgument, Sendable, Equatable {
    let key: String
    let value: String

    init?(argument: String) {
        guard let equals = argument.firstIndex(of: "="), equals > argument.startIndex else { return nil }
        key = String(argument[..<equals])
        value = String(argument[argument.index(after: equals)...])
    }
}

/// `0`, `0,3`, `2-5` or a mixture: which partitions.
package struct PartitionSet: ExpressibleByArgument, Sendable, Equatable {
    /// Most that one range may name: a slip of the keyboard must not fill the memory.
    private static let countMax = 1_000_000

    /// Ascending, each once.
    package let partitions: [PartitionIndex]

    package init?(argument: String) {
        var numbers: Set<Int32> = []
        for part in argument.split(separator: ",", omittingEmptySubsequences: false) {
            let ends = part.split(separator: "-", omittingEmptySubsequences: false).map { Int32($0) }
            guard let first = ends.first ?? nil, let last = ends.last ?? nil, ends.count <= 2, first >= 0,
                first <= last, Int(last) - Int(first) < Self.countMax
            else { return nil }
            numbers.formUnion(first...last)
        }
        partitions = numbers.sorted().map { PartitionIndex($0) }
    }
}

/// `topic` or `topic:0,2-5`.
struct TopicSelection: ExpressibleByArgument, Sendable {
    let message: Admin.TopicPartitions

    init?(argument: String) {
        let parts = argument.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        guard let topic = parts.first, !topic.isEmpty else { return nil }
        var partitions: [PartitionIndex] = []
        if parts.count == 2 {
            guard let set = PartitionSet(argument: String(parts[1])) else { return nil }
            partitions = set.partitions
        }
        message = .with { ($0.topic, $0.partitions) = (String(topic), partitions) }
    }
}

/// A length of time on the command line, in milliseconds.
struct DurationArgument: ExpressibleByArgument, Sendable {
    let milliseconds: Int64

    init(milliseconds: Int64) { self.milliseconds = milliseconds }

    init?(argument: String) {
        guard let value = DurationText.parse(argument) else { return nil }
        milliseconds = value
    }

    var defaultValueDescription: String {
        milliseconds % 1000 == 0 ? "\(milliseconds / 1000)s" : "\(milliseconds)ms"
    }
}

/// A size on the command line, in bytes.
struct SizeArgument: ExpressibleByArgument, Sendable {
    let byteCount: Int

    init(_ byteCount: Int) { self.byteCount = byteCount }

    init?(argument: String) {
        guard let value = SizeText.parse(argument) else { return nil }
        byteCount = Int(value)
    }

    var defaultValueDescription: String { Units.bytes(Int64(byteCount)) }
}
