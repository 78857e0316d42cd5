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

    /// Checks all records in `bytes`, which are uncompressed.
    ///
    /// Only the extremes of the times are collected; which record broke a bound is looked up afterwards, rarely.
    func check(_ bytes: UnsafeRawBufferPointer) throws(BatchRefusal) -> Times {
        var cursor = unsafe RecordCursor(bytes)
        var extremes = RecordExtremes()
        let count = Int(header.recordCount)
        while extremes.count < count {
            cursor.walkOrdinary(upTo: count, into: &extremes)
            if extremes.count < count { try Self.step(&cursor, &extremes) }
        }
        guard cursor.remaining == 0 else { throw .trailingBytes(count: cursor.remaining) }
        if rules.requiresKeys, extremes.keylessIndex >= 0 { throw .missingKey(index: extremes.keylessIndex) }
        let base = header.baseTimestamp.rawValue
        let (first, tooEarly) = base.addingReportingOverflow(extremes.earliestDelta)
        let (last, tooLate) = base.addingReportingOverflow(extremes.latestDelta)
        if tooEarly || tooLate || first < rules.earliestTimestamp.rawValue || last > rules.latestTimestamp.rawValue {
            try unsafe checkTimestamps(bytes)
        }
        return Times(max: Timestamp(last), maxOffsetDelta: Int32(extremes.latestIndex))
    }

    /// Steps over one record of any shape.
    private static func step(
        _ cursor: inout RecordCursor, _ extremes: inout RecordExtremes
    ) throws(BatchRefusal) {
        let begin = cursor.offset
        let record = try next(&cursor, index: extremes.count)
        guard record.offsetDelta == Int64(extremes.count) else {
            throw .malformedRecord(.offsetDelta(record.offsetDelta), index: extremes.count, position: begin)
        }
        extremes.add(timestampDelta: record.timestampDelta, hasKey: record.hasKey)
    }

    private static func next(
        _ cursor: inout RecordCursor, index: Int
    ) throws(BatchRefusal) -> RecordCursor.Summary {
        let begin = cursor.offset
        do throws(RecordDefect) {
            return try cursor.next()
        } catch { throw .malformedRecord(error, index: index, position: begin) }
    }

    /// Finds the record whose time breaks a bound. A record without a time (−1) breaks none.
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
