// SPDX-License-Identifier: Apache-2.0

public import Primitives

/// `HOST:PORT`, separated by commas; an IPv6 address in brackets.
public struct Endpoints: SettingReadable, Hashable {
    public let endpoints: [RPCEndpoint]

    public static func read(_ text: String?) -> Endpoints? {
        text.map([String].split).flatMap(Endpoints.init(parsing:))
    }

    /// nil when there is none, or one is malformed.
    init?(parsing elements: [String]) {
        let read = elements.compactMap { RPCEndpoint(parsing: Substring($0)) }
        guard !elements.isEmpty, read.count == elements.count else { return nil }
        endpoints = read
    }
}

/// `ID@HOST:PORT`, separated by commas, each id once.
public struct QuorumVoters: SettingReadable, Hashable {
    public struct Voter: Hashable, Sendable {
        public let id: NodeID
        public let endpoint: RPCEndpoint
    }

    public let voters: [Voter]

    public static func read(_ text: String?) -> QuorumVoters? {
        text.map([String].split).flatMap(QuorumVoters.init(parsing:))
    }

    /// nil when there is none, one is malformed, or an id comes twice.
    init?(parsing elements: [String]) {
        let read = elements.compactMap { element -> Voter? in
            guard let at = element.firstIndex(of: "@"), let id = Int32(element[..<at]), id >= 0 else { return nil }
            return RPCEndpoint(parsing: element[element.index(after: at)...]).map {
                Voter(id: NodeID(id), endpoint: $0)
            }
        }
        guard !elements.isEmpty, read.count == elements.count else { return nil }
        guard Set(read.map(\.id)).count == read.count else { return nil }
        voters = read
    }
}

extension RPCEndpoint {
    /// `HOST:PORT` with a host, an IPv6 address in brackets.
    public init?(parsing text: Substring) {
        guard let address = ListenerAddress(parsing: "RPC://\(text)"), !address.host.isEmpty else { return nil }
        self.init(host: address.host, port: address.port)
    }
}
