// SPDX-License-Identifier: Apache-2.0

internal import Primitives

/// The checks on each record of a produced batch.
struct RecordWalk {
    let header: BatchHeader
    let rules: BatchRules

    /// What the walk found out.
    struct Times {
        let max: Timestamp
        let maxOffsetDelta: Int32
    }

    /// Length, attributes, two deltas, two field lengths and a header count: no record is shorter.
    static let recordByteCountMin = 7

    /// Checks all records in `bytes`, which are uncompressed.
    ///
    /// The loop only collects the extremes of the times; which record broke a bound is looked up afterwards, rarely.
    func check(_ bytes: UnsafeRawBufferPointer) throws(BatchRefusal) -> Times {
        var cursor = unsafe RecordCursor(bytes)
        var earliest = Int64.max
        var latest = Int64.min
        var latestIndex = 0
        var keylessIndex = -1
        let count = Int(header.recordCount)
        for index in 0..<count {
            let begin = cursor.offset
            let record = try Self.next(&cursor, index: index)
            guard record.offsetDelta == Int64(index) else {
                throw .malformedRecord(.offsetDelta(record.offsetDelta), index: index, position: begin)
            }
            if record.timestampDelta > latest {
                latest = record.timestampDelta
                latestIndex = index
            }
            earliest = min(earliest, record.timestampDelta)
            if !record.hasKey, keylessIndex < 0 { keylessIndex = index }
        }
        guard cursor.remaining == 0 else { throw .trailingBytes(count: cursor.remaining) }
        if rules.requiresKeys, keylessIndex >= 0 { throw .missingKey(index: keylessIndex) }
        let base = header.baseTimestamp.rawValue
        let (first, tooEarly) = base.addingReportingOverflow(earliest)
        let (last, tooLate) = base.addingReportingOverflow(latest)
        if tooEarly || tooLate || first < rules.earliestTimestamp.rawValue || last > rules.latestTimestamp.rawValue {
            try unsafe checkTimestamps(bytes)
        }
        return Times(max: Timestamp(last), maxOffsetDelta: Int32(latestIndex))
    }

    @inline(__always)
    private static func next(
        _ cursor: inout RecordCursor, index: Int
    ) throws(BatchRefusal) -> RecordCursor.Summary {
        let begin = cursor.offset
        do throws(RecordDefect) {
            return try cursor.next()
        } catch { throw .malformedRecord(error, index: index, position: begin) }
    }

    /// Finds the record whose time breaks a bound. A record without a time (−1) breaks none.
    @inline(never)
    private func checkTimestamps(_ bytes: UnsafeRawBufferPointer) throws(BatchRefusal) {
        var cursor = unsafe RecordCursor(bytes)
        for index in 0..<Int(header.recordCount) {
            let begin = cursor.offset
            let delta = try Self.next(&cursor, index: index).timestampDelta
            let (value, overflow) = header.baseTimestamp.rawValue.addingReportingOverflow(delta)
            guard !overflow else { throw .malformedRecord(.timestampOverflow, index: index, position: begin) }
            let timestamp = Timestamp(value)
            guard timestamp != .none else { continue }
            guard timestamp >= rules.earliestTimestamp, timestamp <= rules.latestTimestamp else {
                throw .timestampOutOfRange(
                    index: index, timestamp, earliest: rules.earliestTimestamp, latest: rules.latestTimestamp)
            }
        }
    }
}
