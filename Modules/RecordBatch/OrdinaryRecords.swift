// SPDX-License-Identifier: Apache-2.0

/// What the walk over a batch's records collects.
struct RecordExtremes {
    /// How many records were walked.
    var count = 0
    var earliestDelta = Int64.max
    var latestDelta = Int64.min
    /// The first record that has `latestDelta`.
    var latestIndex = 0
    /// The first record without a key, −1 while there is none.
    var keylessIndex = -1

    mutating func add(timestampDelta: Int64, hasKey: Bool) {
        if timestampDelta > latestDelta {
            latestDelta = timestampDelta
            latestIndex = count
        }
        earliestDelta = min(earliestDelta, timestampDelta)
        if !hasKey, keylessIndex < 0 { keylessIndex = count }
        count += 1
    }
}

/// The hot loop of the broker: steps over records as nearly all are and stops at the first that is not.
///
/// Ordinary are lengths below 8 KiB, at most 63 headers and a time within 17 minutes of the batch's first. It only ever
/// accepts: what it does not step over, right or wrong, `RecordCursor` judges. Eight bytes are loaded at a time and
/// varints shifted out of them; no load begins behind a record's end, and eight bytes follow each record's end.
@safe struct OrdinaryRecords {
    // Invariant: `position` ≤ `end`, in one buffer that the creator keeps alive while it uses this.
    private(set) var position: UnsafeRawPointer
    private let end: UnsafeRawPointer

    @unsafe init(from position: UnsafeRawPointer, to end: UnsafeRawPointer) {
        unsafe self.position = position
        unsafe self.end = end
    }

    /// Walks on until `count` records are in `extremes` or one is not ordinary.
    @inline(never)
    mutating func walk(upTo count: Int, into extremes: inout RecordExtremes) {
        var found = extremes
        var position = unsafe position
        while found.count < count {
            let available = unsafe end - position
            guard available >= 16 else { break }
            var word = unsafe Word(at: position)
            guard let length = word.length(), length & 1 == 0 else { break }
            let lengthAndPrefix = Int(length >> 1) &+ word.byteCount
            guard lengthAndPrefix &+ 8 <= available else { break }
            let recordEnd = unsafe position + lengthAndPrefix
            var field = unsafe position + word.byteCount
            word = unsafe Word(at: field)
            word.skipByte()
            guard let timestamp = word.timestamp(), let offset = word.length(), let key = word.length(),
                offset == UInt64(truncatingIfNeeded: found.count) &<< 1
            else { break }
            unsafe field += word.byteCount
            guard unsafe Self.skip(key, &field, before: recordEnd), unsafe Self.skipField(&field, before: recordEnd),
                unsafe field < recordEnd
            else { break }
            let headerCount = unsafe field.load(as: UInt8.self)
            unsafe field += 1
            if headerCount != 0 {
                guard unsafe Self.skipHeaders(headerCount, &field, before: recordEnd) else { break }
            }
            guard unsafe field == recordEnd else { break }
            unsafe position = unsafe recordEnd
            found.add(timestampDelta: timestamp, hasKey: key != Self.null)
        }
        extremes = found
        unsafe self.position = unsafe position
    }

    /// −1 in zigzag: the length of null.
    private static var null: UInt64 { 1 }

    /// Steps over as many bytes as the zigzag length says; false when it is illegal or reaches beyond the record.
    @inline(__always)
    private static func skip(
        _ zigzagLength: UInt64, _ field: inout UnsafeRawPointer, before recordEnd: UnsafeRawPointer
    ) -> Bool {
        guard zigzagLength & 1 == 0 else { return unsafe zigzagLength == null && field <= recordEnd }
        unsafe field += Int(zigzagLength >> 1)
        return unsafe field <= recordEnd
    }

    @inline(__always)
    private static func skipField(_ field: inout UnsafeRawPointer, before recordEnd: UnsafeRawPointer) -> Bool {
        var word = unsafe Word(at: field)
        guard let length = word.length() else { return false }
        unsafe field += word.byteCount
        return unsafe skip(length, &field, before: recordEnd)
    }

    @inline(__always)
    private static func skipHeaders(
        _ zigzagCount: UInt8, _ field: inout UnsafeRawPointer, before recordEnd: UnsafeRawPointer
    ) -> Bool {
        guard zigzagCount & 0x81 == 0 else { return false }
        for _ in 0..<zigzagCount >> 1 {
            var word = unsafe Word(at: field)
            guard let key = word.length(), key != null else { return false }
            unsafe field += word.byteCount
            guard unsafe skip(key, &field, before: recordEnd), unsafe skipField(&field, before: recordEnd) else {
                return false
            }
        }
        return true
    }
}

/// Eight bytes, the first lowest, from which varints are shifted out.
private struct Word {
    private var bits: UInt64
    /// Bytes shifted out.
    private(set) var byteCount = 0

    @inline(__always)
    init(at address: UnsafeRawPointer) {
        // Proof: `OrdinaryRecords` loads only where eight bytes are left.
        unsafe bits = UInt64(littleEndian: address.loadUnaligned(as: UInt64.self))
    }

    @inline(__always)
    mutating func skipByte() { drop(1) }

    /// A varint of one or two bytes, still in zigzag; nil for a longer one.
    @inline(__always)
    mutating func length() -> UInt64? {
        let value = bits
        if value & 0x80 == 0 {
            drop(1)
            return value & 0x7f
        }
        guard value & 0x8000 == 0 else { return nil }
        drop(2)
        return value & 0x7f | value >> 1 & 0x3f80
    }

    /// A varint of at most three bytes, out of zigzag; nil for a longer one.
    @inline(__always)
    mutating func timestamp() -> Int64? {
        let value = bits
        if value & 0x80_8080 == 0x8080 {
            drop(3)
            return RecordCursor.unzigzag(value & 0x7f | value >> 1 & 0x3f80 | value >> 2 & 0x1f_c000)
        }
        return length().map(RecordCursor.unzigzag)
    }

    @inline(__always)
    private mutating func drop(_ count: Int) {
        bits &>>= UInt64(8 &* count)
        byteCount &+= count
    }
}
