// SPDX-License-Identifier: Apache-2.0

public import Primitives

/// 128 random bits that name one start of a process: a broker that comes back has another one.
public struct IncarnationID: Hashable, Sendable, Codable, CustomStringConvertible {
    public let high: UInt64
    public let low: UInt64

    public init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }

    public static func random(using entropy: inout Entropy) -> IncarnationID {
        IncarnationID(high: entropy.next(), low: entropy.next())
    }

    /// 22 characters of URL-safe base64, as Kafka prints its ids.
    public var description: String { TopicID(high: high, low: low).description }
}

/// Counts the registrations of brokers: the metadata offset of the registration, so a later one is always greater.
public struct BrokerEpoch: Number, Codable {
    public let rawValue: Int64
    @inlinable public init(rawValue: Int64) { self.rawValue = rawValue }
}

/// Names a cluster for as long as it lives; clients see it in Metadata and DescribeCluster.
public struct ClusterID: Hashable, Sendable, CustomStringConvertible, LosslessStringConvertible {
    public let text: String

    /// - Returns: nil unless `text` has 1 to 64 characters of `[A-Za-z0-9_-]`, which covers Kafka's 22.
    public init?(_ text: String) {
        let isLegal = text.utf8.allSatisfy { byte in
            switch UInt8(byte) {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"):
                true
            default: false
            }
        }
        guard isLegal, (1...64).contains(text.utf8.count) else { return nil }
        self.text = text
    }

    /// A fresh id of 22 characters, as Kafka's `random-uuid` makes them.
    public static func random(using entropy: inout Entropy) -> ClusterID {
        ClusterID(unchecked: TopicID.random(using: &entropy).description)
    }

    private init(unchecked text: String) { self.text = text }

    public var description: String { text }
}

extension ClusterID: Codable {
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        let text = try container.decode(String.self)
        guard let id = ClusterID(text) else {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: "'\(text)' is no cluster id")
        }
        self = id
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(text)
    }
}
