// SPDX-License-Identifier: Apache-2.0

/// 128 random bits that name a topic for ever, also across deletion and re-creation (KIP-516).
public struct TopicID: Hashable, Comparable, Sendable {
    public let high: UInt64
    public let low: UInt64

    @inlinable public init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }

    /// Means "no topic" on the wire.
    public static let zero = TopicID(high: 0, low: 0)

    /// A fresh id: version 4 and variant bits as in RFC 9562, never one that Kafka reserves.
    public static func random(using entropy: inout Entropy) -> TopicID {
        let high = entropy.next() & 0xffff_ffff_ffff_0fff | 0x4000
        let low = entropy.next() & 0x3fff_ffff_ffff_ffff | 0x8000_0000_0000_0000
        return TopicID(high: high, low: low)
    }

    @inlinable public static func < (left: TopicID, right: TopicID) -> Bool {
        (left.high, left.low) < (right.high, right.low)
    }
}

extension TopicID: CustomStringConvertible, LosslessStringConvertible {
    private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".utf8)

    /// 22 characters of URL-safe base64 without padding, as Kafka's tools print topic ids.
    public var description: String {
        var text: [UInt8] = []
        text.reserveCapacity(22)
        // 128 bits are 21 groups of six and one of two; the last is filled with zeros on the right.
        for group in 0..<22 { text.append(Self.alphabet[sixBits(group)]) }
        return String(decoding: text, as: UTF8.self)
    }

    public init?(_ text: String) {
        var value: UInt128 = 0
        guard text.utf8.count == 22 else { return nil }
        for (index, character) in text.utf8.enumerated() {
            guard let digit = Self.alphabet.firstIndex(of: character) else { return nil }
            if index < 21 {
                value = value << 6 | UInt128(digit)
            } else {
                guard digit & 0xf == 0 else { return nil }
                value = value << 2 | UInt128(digit >> 4)
            }
        }
        self.init(high: UInt64(value >> 64), low: UInt64(truncatingIfNeeded: value))
    }

    private func sixBits(_ group: Int) -> Int {
        let value = UInt128(high) << 64 | UInt128(low)
        return group < 21 ? Int(value >> UInt128(122 - 6 * group) & 0x3f) : Int(value & 0x3) << 4
    }
}

/// One partition of one topic, named so that a re-created topic of the same name is another one.
public struct PartitionID: Hashable, Comparable, Sendable, CustomStringConvertible {
    public let topic: TopicID
    public let index: PartitionIndex

    @inlinable public init(topic: TopicID, index: PartitionIndex) {
        self.topic = topic
        self.index = index
    }

    @inlinable public static func < (left: PartitionID, right: PartitionID) -> Bool {
        (left.topic, left.index) < (right.topic, right.index)
    }

    public var description: String { "\(topic)-\(index)" }
}
