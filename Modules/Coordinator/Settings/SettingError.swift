// SPDX-License-Identifier: Apache-2.0

/// Why a setting was refused. Its description is one line for people and names what would have been right.
public enum SettingError: Error, Hashable, Sendable, Codable {
    /// No setting has this name; `nearest` is one that looks like it.
    case unknown(name: String, nearest: String?)
    /// The value is not of the setting's kind.
    case malformed(name: String, value: String, kind: SettingKind)
    /// The value is of the kind, but not among the allowed ones.
    case notAllowed(name: String, value: String, allowed: AllowedValues)
    /// The setting is read at start only and cannot change while the broker runs.
    case readOnly(name: String)
    /// APPEND or SUBTRACT on a setting that is no list.
    case notAList(name: String)
    /// The setting must have a value and has none.
    case missing(name: String)
}

extension SettingError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .unknown(let name, nil): "unknown setting '\(name)'"
        case .unknown(let name, .some(let nearest)): "unknown setting '\(name)'; did you mean '\(nearest)'?"
        case .malformed(let name, let value, let kind): "\(name): '\(value)' is not \(kind.article) \(kind)"
        case .notAllowed(let name, let value, let allowed): "\(name): '\(value)' is not allowed; allowed: \(allowed)"
        case .readOnly(let name): "\(name) is read at start only; set it in the configuration file and restart"
        case .notAList(let name): "\(name) is not a list: it can be set or removed, not appended to or subtracted from"
        case .missing(let name): "\(name) must be set"
        }
    }
}

extension SettingKind {
    fileprivate var article: String { self == .int ? "an" : "a" }
}
