// SPDX-License-Identifier: Apache-2.0

/// One element of `listeners` or `advertised.listeners`: `NAME://HOST:PORT`, an IPv6 address in brackets.
public struct ListenerAddress: Hashable, Sendable, SettingReadable {
    public let name: String
    /// Empty means every address of the machine.
    public let host: String
    /// 0 lets the system choose.
    public let port: UInt16

    public static func read(_ text: String?) -> ListenerAddress? { text.flatMap { ListenerAddress(parsing: $0) } }

    init?(parsing text: String) {
        guard let separator = text.firstRange(of: "://") else { return nil }
        let address = text[separator.upperBound...]
        guard let colon = address.lastIndex(of: ":"), let port = UInt16(address[address.index(after: colon)...]) else {
            return nil
        }
        var host = address[..<colon]
        if host.hasPrefix("["), host.hasSuffix("]") {
            host = host.dropFirst().dropLast()
        } else if host.contains(":") {
            return nil
        }
        name = text[..<separator.lowerBound].uppercased()
        self.host = String(host)
        self.port = port
        guard !name.isEmpty, !self.host.contains(where: \.isWhitespace) else { return nil }
    }

    /// All elements, or nil when one is malformed or a name comes twice.
    static func parse(_ elements: [String]) -> [ListenerAddress]? {
        let addresses = elements.compactMap { ListenerAddress(parsing: $0) }
        guard addresses.count == elements.count, Set(addresses.map(\.name)).count == addresses.count else {
            return nil
        }
        return addresses
    }
}

/// The listeners of a setting, in its order.
public struct ListenerAddresses: SettingReadable, Hashable {
    public let addresses: [ListenerAddress]

    public static func read(_ text: String?) -> ListenerAddresses? {
        text.map([String].split).flatMap(ListenerAddress.parse).map { ListenerAddresses(addresses: $0) }
    }
}
