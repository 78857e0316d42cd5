// SPDX-License-Identifier: Apache-2.0

extension NetworkAddress {
    /// Where a broker answers RPC unless it is configured otherwise.
    public static let rpcPortDefault = 9190

    /// Reads `host`, `host:port`, `[v6]` or `[v6]:port`, where host may be a name.
    ///
    /// - Returns: nil for anything else, a port outside 1 to 65535 included.
    public init?(parsing text: String, portDefault: Int = NetworkAddress.rpcPortDefault) {
        var host = Substring(text)
        var port = "\(portDefault)"
        if text.hasPrefix("[") {
            guard let end = text.firstIndex(of: "]") else { return nil }
            host = text[text.index(after: text.startIndex)..<end]
            let rest = text[text.index(after: end)...]
            guard rest.isEmpty || rest.hasPrefix(":") else { return nil }
            if !rest.isEmpty { port = String(rest.dropFirst()) }
        } else {
            let parts = text.split(separator: ":", omittingEmptySubsequences: false)
            guard let first = parts.first, parts.count <= 2 else { return nil }
            host = first
            if parts.count == 2 { port = String(parts[1]) }
        }
        guard !host.isEmpty, let number = Int(port), (1...65_535).contains(number) else { return nil }
        self.init(host: String(host), port: number)
    }
}
