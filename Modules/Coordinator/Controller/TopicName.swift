// SPDX-License-Identifier: Apache-2.0

/// Why a text cannot be a topic's name.
public enum TopicNameProblem: Error, Hashable, Sendable, Codable, CustomStringConvertible {
    case empty
    /// `.` or `..`, which are folders of their own.
    case dots
    case tooLong(byteCount: Int)
    /// Something other than ASCII letters, digits, `.`, `_` and `-`.
    case illegalCharacter(String)
    /// `__cluster_metadata` is the controller's own log.
    case reserved

    public var description: String {
        switch self {
        case .empty: "a topic name may not be empty"
        case .dots: "a topic name may not be '.' or '..'"
        case .tooLong(let byteCount):
            "a topic name has at most \(TopicName.byteCountMax) characters, this one has \(byteCount)"
        case .illegalCharacter(let character):
            "a topic name has only ASCII letters, digits, '.', '_' and '-', not '\(character)'"
        case .reserved: "the name \(TopicName.clusterMetadata) is reserved"
        }
    }
}

/// Rules of topic names. They are also folder names, hence the rules.
public enum TopicName {
    /// With `-` and five digits of a partition index it still is a file name of at most 255 bytes.
    public static let byteCountMax = 249
    /// The controller's own log.
    public static let clusterMetadata = "__cluster_metadata"

    /// Why `name` is not legal; nil when it is.
    public static func problem(of name: String) -> TopicNameProblem? {
        guard !name.isEmpty else { return .empty }
        guard name != ".", name != ".." else { return .dots }
        guard name.utf8.count <= byteCountMax else { return .tooLong(byteCount: name.utf8.count) }
        guard name != clusterMetadata else { return .reserved }
        return name.first { !isLegal($0) }.map { .illegalCharacter(String($0)) }
    }

    /// The name as metric names see it, with `_` for `.`: two topics may not be alike in this.
    ///
    /// - Returns: nil for a name with neither, which collides with none but itself.
    static func collisionKey(of name: String) -> String? {
        guard name.utf8.contains(where: { $0 == UInt8(ascii: ".") || $0 == UInt8(ascii: "_") }) else { return nil }
        return String(name.map { $0 == "." ? "_" : $0 })
    }

    private static func isLegal(_ character: Character) -> Bool {
        guard let byte = character.asciiValue else { return false }
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            return true
        default:
            return character == "." || character == "_" || character == "-"
        }
    }
}
