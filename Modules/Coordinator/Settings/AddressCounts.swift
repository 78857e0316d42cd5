// SPDX-License-Identifier: Apache-2.0

/// A number for each of some addresses, as in `max.connections.per.ip.overrides`.
public struct AddressCounts: Hashable, Sendable, SettingReadable {
    /// By numeric address, without brackets.
    public let counts: [String: Int]

    /// - Parameter elements: `ADDRESS:COUNT` each, where an IPv6 address may stand in brackets.
    /// - Returns: nil for what is no numeric address, a count below 0, and an address that comes twice.
    public init?(parsing elements: [String]) {
        var counts: [String: Int] = [:]
        for element in elements {
            guard let cut = element.lastIndex(of: ":") else { return nil }
            var address = String(element[..<cut])
            if address.hasPrefix("["), address.hasSuffix("]") { address = String(address.dropFirst().dropLast()) }
            guard NumericAddress.isValid(address), let count = Int(element[element.index(after: cut)...]), count >= 0,
                counts.updateValue(count, forKey: address) == nil
            else { return nil }
        }
        self.counts = counts
    }

    public static func read(_ text: String?) -> AddressCounts? { text.flatMap { AddressCounts(parsing: .split($0)) } }
}
