// SPDX-License-Identifier: Apache-2.0

internal import Primitives

/// Walks uncompressed records without allocating: reads lengths, skips contents.
@safe struct RecordCursor {
    // Invariant: `start` ≤ `position` ≤ `end`, all in one buffer that the creator keeps alive while it uses the cursor.
    // Each load is behind a comparison with `end` or with a record end that was itself compared with `end`.
    private let start: UnsafeRawPointer
    private let end: UnsafeRawPointer
    private var position: UnsafeRawPointer

    /// - Precondition: the bytes stay valid and unchanged for as long as the cursor is used.
    @unsafe init(_ bytes: UnsafeRawBufferPointer) {
        // Without bytes any address will do: nothing is loaded from it.
        unsafe start = bytes.baseAddress ?? UnsafeRawPointer(bitPattern: 1).unsafelyUnwrapped
        unsafe end = start + bytes.count
        unsafe position = start
    }

    var offset: Int { unsafe position - start }
    var remaining: Int { unsafe end - position }

    /// What the checks of a batch need to know of a record.
    struct Summary {
        let timestampDelta: Int64
        let offsetDelta: Int64
        let hasKey: Bool
    }

    /// Steps over ordinary records, fast, until `count` are in `extremes` or one is not ordinary.
    mutating func walkOrdinary(upTo count: Int, into extremes: inout RecordExtremes) {
        var records = unsafe OrdinaryRecords(from: position, to: end)
        records.walk(upTo: count, into: &extremes)
        unsafe position = unsafe records.position
    }

    /// Steps over one record, proving that its fields fill its length exactly.
    @inline(never)
    mutating func next() throws(RecordDefect) -> Summary {
        let length = try unsafe readInt32(before: end, orElse: .truncated)
        guard length >= 0 else { throw .negativeLength }
        guard length <= remaining else { throw .truncated }
        let recordEnd = unsafe position + length
        guard length > 0 else { throw .fieldTooLong }
        unsafe position += 1  // Attributes: no bit has a meaning, and clients that set one are served.
        let timestampDelta = try unsafe readVarint(before: recordEnd, byteCountMax: 10, orElse: .fieldTooLong)
        let offsetDelta = try unsafe readInt32(before: recordEnd, orElse: .fieldTooLong)
        let hasKey = try unsafe skipField(before: recordEnd)
        _ = try unsafe skipField(before: recordEnd)
        let headerCount = try unsafe readInt32(before: recordEnd, orElse: .fieldTooLong)
        if headerCount != 0 { try unsafe skipHeaders(headerCount, before: recordEnd) }
        guard unsafe position == recordEnd else { throw .lengthMismatch }
        return Summary(timestampDelta: timestampDelta, offsetDelta: Int64(offsetDelta), hasKey: hasKey)
    }

    /// Each header takes two bytes at least, so a wild count ends with the record and not later.
    private mutating func skipHeaders(_ count: Int, before limit: UnsafeRawPointer) throws(RecordDefect) {
        guard count > 0 else { throw .negativeLength }
        for _ in 0..<count {
            guard try unsafe skipField(before: limit) else { throw .negativeLength }
            _ = try unsafe skipField(before: limit)
        }
    }

    /// Steps over a length and as many bytes; false for null, which is −1.
    @inline(__always)
    private mutating func skipField(before limit: UnsafeRawPointer) throws(RecordDefect) -> Bool {
        let length = try unsafe readInt32(before: limit, orElse: .fieldTooLong)
        guard length >= 0 else {
            guard length == -1 else { throw .negativeLength }
            return false
        }
        guard unsafe length <= limit - position else { throw .fieldTooLong }
        unsafe position += length
        return true
    }

    @inline(__always)
    private mutating func readInt32(
        before limit: UnsafeRawPointer, orElse defect: RecordDefect
    ) throws(RecordDefect) -> Int {
        Int(truncatingIfNeeded: try unsafe readVarint(before: limit, byteCountMax: 5, orElse: defect))
    }

    /// A zigzag varint; nearly all take one or two bytes.
    @inline(__always)
    private mutating func readVarint(
        before limit: UnsafeRawPointer, byteCountMax: Int, orElse defect: RecordDefect
    ) throws(RecordDefect) -> Int64 {
        guard unsafe position < limit else { throw defect }
        let first = unsafe UInt64(position.load(as: UInt8.self))
        if first < 0x80 {
            unsafe position += 1
            return Self.unzigzag(first)
        }
        guard unsafe position + 1 < limit else { throw defect }
        let second = unsafe UInt64(position.load(fromByteOffset: 1, as: UInt8.self))
        if second < 0x80 {
            unsafe position += 2
            return Self.unzigzag(first & 0x7f | second << 7)
        }
        return try unsafe readLongVarint(before: limit, byteCountMax: byteCountMax, orElse: defect)
    }

    @inline(never)
    private mutating func readLongVarint(
        before limit: UnsafeRawPointer, byteCountMax: Int, orElse defect: RecordDefect
    ) throws(RecordDefect) -> Int64 {
        var value: UInt64 = 0
        // What the last byte may hold: 32 bits leave 4 after four bytes, 64 bits leave 1 after nine.
        let lastByteMax: UInt64 = byteCountMax == 5 ? 0x0f : 0x01
        for index in 0..<byteCountMax {
            guard unsafe position < limit else { throw defect }
            let byte = unsafe UInt64(position.load(as: UInt8.self))
            unsafe position += 1
            guard index < byteCountMax - 1 || byte <= lastByteMax else { throw .varintTooLong }
            value |= (byte & 0x7f) << UInt64(7 * index)
            if byte < 0x80 { return Self.unzigzag(value) }
        }
        throw .varintTooLong
    }

    @inline(__always)
    static func unzigzag(_ value: UInt64) -> Int64 {
        Int64(bitPattern: value >> 1) ^ -Int64(bitPattern: value & 1)
    }
}
