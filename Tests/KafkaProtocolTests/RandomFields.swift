// SPDX-License-Identifier: Apache-2.0

import KafkaProtocol
import Primitives

/// A struct that can fill itself with what a version carries.
protocol RandomStructure: Equatable, Sendable {
    static func random(_ random: inout RandomFields, version: Int16) -> Self
}

/// A message that can fill itself with what a version carries.
protocol RandomMessage: ProtocolMessage, RandomStructure {}

/// Draws field values from a seed, edges more often than chance would.
struct RandomFields {
    private var entropy: Entropy

    init(seed: UInt64) { entropy = Entropy(seed: seed) }

    mutating func index(below bound: Int) -> Int { entropy.index(below: bound) }
    mutating func bool() -> Bool { entropy.chance(1, in: 2) }
    mutating func isNull(if allowed: Bool = true) -> Bool { allowed && entropy.chance(1, in: 4) }
    mutating func float64() -> Double { Double(Int32(truncatingIfNeeded: entropy.next())) / 8 }
    mutating func topicID() -> TopicID { TopicID(high: entropy.next(), low: entropy.next()) }
    mutating func uuid() -> ProtocolUUID { ProtocolUUID(high: entropy.next(), low: entropy.next()) }

    mutating func integer<Integer: FixedWidthInteger>() -> Integer {
        switch entropy.index(below: 6) {
        case 0: Integer.min
        case 1: Integer.max
        case 2: 0
        default: Integer(truncatingIfNeeded: entropy.next())
        }
    }

    mutating func string() -> String {
        switch entropy.index(below: 8) {
        case 0: ""
        case 1: String(repeating: "x", count: 126 + entropy.index(below: 4))
        case 2: "grün-日本-\(entropy.index(below: 100))"
        default: "name-\(entropy.index(below: 100_000))"
        }
    }

    mutating func bytes() -> SharedBytes {
        SharedBytes((0..<entropy.index(below: 40)).map { UInt8(truncatingIfNeeded: $0 &* 37) })
    }

    mutating func records() -> RecordsField { isNull() ? .null : .inline(bytes()) }

    mutating func strings() -> [String] {
        (0..<entropy.index(below: 4)).map { _ in string() }
    }

    mutating func integers<Integer: FixedWidthInteger>() -> [Integer] {
        (0..<entropy.index(below: 4)).map { _ in integer() }
    }

    mutating func structures<Structure: RandomStructure>(_ version: Int16) -> [Structure] {
        (0..<entropy.index(below: 4)).map { _ in Structure.random(&self, version: version) }
    }
}
