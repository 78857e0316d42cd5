// SPDX-License-Identifier: Apache-2.0

/// The outcome of a command that answers nothing but that it was done.
public struct Done: Hashable, Sendable, Codable {
    public init() {}
}

private enum ResultKey: String, CodingKey {
    case success, failure
}

/// An object with one key, `success` or `failure`: outcomes travel to the broker that asked.
///
/// Declared here once for the whole package; no other module may declare it.
extension Result: @retroactive Encodable where Success: Encodable, Failure: Encodable {
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: ResultKey.self)
        switch self {
        case .success(let value): try container.encode(value, forKey: .success)
        case .failure(let error): try container.encode(error, forKey: .failure)
        }
    }
}

extension Result: @retroactive Decodable where Success: Decodable, Failure: Decodable {
    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: ResultKey.self)
        self =
            try container.contains(.success)
            ? .success(container.decode(Success.self, forKey: .success))
            : .failure(container.decode(Failure.self, forKey: .failure))
    }
}
