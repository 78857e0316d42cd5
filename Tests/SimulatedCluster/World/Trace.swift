// SPDX-License-Identifier: Apache-2.0

import Primitives

/// A fingerprint of everything that happened, and the last of it in words.
package struct Trace {
    package struct Line {
        let time: Int64
        let what: StaticString
        let node: NodeAddress?
        let numbers: (Int64, Int64, Int64)
    }

    /// FNV-1a over times, words and numbers: equal for equal runs.
    package private(set) var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    package private(set) var count = 0
    private var lines: [Line] = []
    private let capacity = 200

    mutating func append(_ line: Line) {
        count += 1
        mix(UInt64(bitPattern: line.time))
        mix(UInt64(line.what.utf8CodeUnitCount))
        line.what.withUTF8Buffer { mix(UInt64($0.first ?? 0)) }
        mix(UInt64(bitPattern: line.node?.number ?? -1))
        mix(UInt64(bitPattern: line.numbers.0))
        mix(UInt64(bitPattern: line.numbers.1))
        mix(UInt64(bitPattern: line.numbers.2))
        if lines.count < capacity { lines.append(line) } else { lines[(count - 1) % capacity] = line }
    }

    private mutating func mix(_ word: UInt64) { hash = (hash ^ word) &* 0x0000_0100_0000_01b3 }

    /// The last lines, oldest first, for people.
    package var tail: [String] {
        let start = lines.count < capacity ? 0 : count % capacity
        return (lines[start...] + lines[..<start]).map { line in
            let (a, b, c) = line.numbers
            let node = line.node.map { " \($0)" } ?? ""
            return "\(Double(line.time / 1000) / 1e6) s\(node) \(line.what) \(a) \(b) \(c)"
        }
    }
}

/// A node of a simulated cluster.
package struct NodeAddress: Hashable, Comparable, Sendable, CustomStringConvertible {
    package enum Role: Int, Sendable { case controller, broker, client }

    package let role: Role
    package let number: Int64

    package init(_ role: Role, _ number: Int64) {
        self.role = role
        self.number = number
    }

    package static func < (left: NodeAddress, right: NodeAddress) -> Bool {
        (left.role.rawValue, left.number) < (right.role.rawValue, right.number)
    }

    package var description: String { "\(role) \(number)" }
}
