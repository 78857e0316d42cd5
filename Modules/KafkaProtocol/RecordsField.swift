// SPDX-License-Identifier: Apache-2.0

public import Primitives

/// The record bytes of one partition in a response.
public enum RecordsField: Equatable, Sendable {
    /// No records, not even an empty run.
    case null
    /// The bytes are in memory; decoding gives these, sharing the frame.
    case inline(SharedBytes)
    /// `byteCount` bytes that the caller sends from elsewhere, such as a file, at the place that `encodeLayout` tells.
    case external(byteCount: Int)

    /// How many record bytes go out; 0 for null.
    public var byteCount: Int {
        switch self {
        case .null: 0
        case .inline(let bytes): bytes.count
        case .external(let byteCount): byteCount
        }
    }
}

/// A place in encoded bytes where record bytes belong that are not among them.
public struct RecordsCut: Equatable, Sendable {
    /// Index into the writer's bytes before which the record bytes go. Counts only bytes in the writer: not those of
    /// earlier cuts.
    public let position: Int
    /// How many bytes go there.
    public let byteCount: Int

    /// A cut at `position` of a writer.
    public init(position: Int, byteCount: Int) {
        self.position = position
        self.byteCount = byteCount
    }
}
