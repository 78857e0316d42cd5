// SPDX-License-Identifier: Apache-2.0

import Primitives
import WireProtocol

extension Document {
    /// null where all is well.
    static func error(_ error: RPCError?) -> Document {
        guard let error else { return .null }
        return [
            "code": .text("\(error.code)"), "message": .text(error.message), "remedy": .text(error.remedy),
            "reason": .text(error.reason), "isRetryable": .bool(error.isRetryable),
        ]
    }

    /// Milliseconds since 1970, null where there is none.
    static func time(_ timestamp: Timestamp) -> Document {
        timestamp == .none || timestamp == Timestamp(0) ? .null : .integer(timestamp.rawValue)
    }

    static func nodes(_ nodes: [NodeID]) -> Document { .list(nodes.map { .integer($0.rawValue) }) }

    static func settings(_ settings: [Admin.ConfigSetting]) -> Document {
        .fields(settings.map { Field($0.name, .text($0.value)) })
    }
}

extension Sequence where Element: Number {
    /// `1, 2, 3`.
    var listed: String { map { "\($0)" }.joined(separator: ", ") }
}

extension NodeID {
    /// `-` where there is none.
    var shown: String { rawValue < 0 ? "-" : "\(rawValue)" }
}
