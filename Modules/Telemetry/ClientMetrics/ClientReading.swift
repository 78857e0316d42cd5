// SPDX-License-Identifier: Apache-2.0

/// The id that a client has for as long as it lives (KIP-714), whatever brokers it talks to.
public struct ClientInstanceID: Hashable, Sendable {
    public let high: UInt64
    public let low: UInt64

    /// Both halves, most significant first.
    public init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }
}

extension ClientInstanceID: CustomStringConvertible {
    /// 32 hexadecimal digits in five groups, as people write a UUID.
    public var description: String {
        let digits = [high, low].map { half in
            let text = String(half, radix: 16)
            return String(repeating: "0", count: 16 - text.count) + text
        }.joined()
        let bounds = [0, 8, 12, 16, 20, 32]
        return zip(bounds, bounds.dropFirst()).map { digits.dropFirst($0).prefix($1 - $0) }.joined(separator: "-")
    }
}

/// One number that a client measured.
public struct ClientReading: Hashable, Sendable {
    public let metric: String
    /// `node.id=1`, several sorted and separated by commas; empty without any.
    public let attributes: String
    public let value: Double

    public init(metric: String, attributes: String = "", value: Double) {
        self.metric = metric
        self.attributes = attributes
        self.value = value
    }
}
