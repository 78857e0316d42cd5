// SPDX-License-Identifier: Apache-2.0

/// Versions `first...last` in which something is on the wire.
struct VersionRange: Equatable {
    var first: Int
    var last: Int

    func clamped(to other: VersionRange) -> VersionRange {
        VersionRange(first: max(first, other.first), last: min(last, other.last))
    }

    var isEmpty: Bool { first > last }
    func contains(_ version: Int) -> Bool { first <= version && version <= last }
    var versions: ClosedRange<Int> { first...last }
}

/// The type of one field, or of the elements of an array.
indirect enum FieldType: Equatable {
    case bool, int8, int16, uint16, int32, int64, float64
    /// At most 32,767 bytes of UTF-8; decoding refuses longer ones.
    case string
    /// A string for people, cut to what fits when it is encoded.
    case text
    case bytes, records
    /// Records whose bytes may lie outside the message when it is encoded.
    case externalRecords
    case topicID, uuid
    case structure(String)
    case array(of: FieldType)
}

struct Field {
    var name: String
    var type: FieldType
    /// Versions that carry the field, within those of the struct around it.
    var versions: VersionRange
    /// Versions in which null is allowed; nil when none.
    var nullable: VersionRange?
    var tag: Int?
    /// As written in the table; nil for the type's zero.
    var defaultText: String?
    /// A value is dropped in silence by versions without the field, instead of stopping the process.
    var isIgnorable = false
    /// What the value names: `topicName`, `groupId`, …
    var entity: String?
    /// Fields of the struct, when `type` is one or an array of one.
    var fields: [Field] = []
    var line: Int

    var structureName: String? {
        switch type {
        case .structure(let name), .array(of: .structure(let name)): name
        default: nil
        }
    }
}

struct Message {
    enum Role: Equatable {
        case request, response, data
    }

    var role: Role
    var name: String
    var fields: [Field]
}

/// What one table file declares: an API with its two messages, or one message that travels inside others.
struct Declaration {
    var fileName: String
    /// nil for data.
    var apiKey: Int?
    var name: String
    var versions: VersionRange
    /// What `ApiVersions` claims, where that is not `versions`.
    var advertised: VersionRange
    /// First version with compact lengths and tagged fields; nil when there is none.
    var flexibleSince: Int?
    var messages: [Message]

    func isFlexible(_ version: Int) -> Bool { flexibleSince.map { version >= $0 } ?? false }
}
