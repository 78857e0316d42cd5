// SPDX-License-Identifier: Apache-2.0

internal import KafkaProtocol
internal import Primitives
internal import StorageEngine
internal import Telemetry

/// What one shard counts: plain integers in flat arrays on its own thread. A copy is a snapshot.
struct ShardMetrics: Sendable {
    /// Answers by API and error code: one row of `ErrorPlace.count` for each API.
    private(set) var answerCounts = [UInt64](repeating: 0, count: APIPlace.count * ErrorPlace.count)
    private(set) var latencies = Histograms(count: APIPlace.count)
    /// Batches that were not appended, by error code.
    private(set) var rejectedBatchCounts = [UInt64](repeating: 0, count: ErrorPlace.count)
    private(set) var rejectedFrameCounts = [UInt64](repeating: 0, count: RejectReason.allCases.count)
    /// Record bytes handed to fetches: copied from the page cache, left in it for `sendfile`, read from the device.
    var readCachedByteCount: UInt64 = 0
    var readSendfileByteCount: UInt64 = 0
    var readColdByteCount: UInt64 = 0
    var waitingFetchCount = 0
    /// Answers that made a client wait, and for how long, by quota in the order of `QuotaKey.allCases`.
    private(set) var throttledCounts = [UInt64](repeating: 0, count: QuotaKey.allCases.count)
    private(set) var throttledNanoseconds = [Int64](repeating: 0, count: QuotaKey.allCases.count)
    private(set) var synchronizeLatency = Histograms(count: 1)
    private(set) var failedSynchronizeCount: UInt64 = 0
    private(set) var retentionByteCount: UInt64 = 0
    private(set) var retentionSegmentCount: UInt64 = 0
    var recoveryNanoseconds: Int64 = 0
    private(set) var recoveredByteCount: UInt64 = 0
    private(set) var cutByteCount: UInt64 = 0
    /// Of partitions that are not here any more.
    private(set) var departedByteCount: UInt64 = 0
    private(set) var departedRecordCount: UInt64 = 0
    /// Partitions of this shard whose log could not be opened.
    var unopened: [PartitionID: String] = [:]

    mutating func answered(_ api: APIKey, _ errorCode: Int16, afterNanoseconds nanoseconds: Int64) {
        let place = APIPlace.of(api)
        answerCounts[place * ErrorPlace.count + ErrorPlace.of(errorCode)] += 1
        latencies.observe(nanoseconds, in: place)
    }

    mutating func throttled(_ key: QuotaKey, byNanoseconds nanoseconds: Int64) {
        guard let place = QuotaKey.allCases.firstIndex(of: key) else { return }
        throttledCounts[place] += 1
        let (sum, overflow) = throttledNanoseconds[place].addingReportingOverflow(nanoseconds)
        throttledNanoseconds[place] = overflow ? .max : sum
    }

    mutating func rejectedBatch(_ code: ErrorCode) { rejectedBatchCounts[ErrorPlace.of(code.rawValue)] += 1 }

    mutating func count(_ reason: RejectReason) { rejectedFrameCounts[reason.place] += 1 }

    mutating func synchronized(afterNanoseconds nanoseconds: Int64, failed: Bool) {
        synchronizeLatency.observe(nanoseconds, in: 0)
        if failed { failedSynchronizeCount += 1 }
    }

    mutating func removed(_ decision: RetentionDecision) {
        retentionByteCount += UInt64(decision.byteCount)
        retentionSegmentCount += UInt64(decision.segments.count)
    }

    mutating func recovered(_ report: RecoveryReport) {
        recoveredByteCount += UInt64(report.scannedByteCount)
        cutByteCount += UInt64(report.cutByteCount)
    }

    /// What a partition has counted stays counted when it goes.
    mutating func departed(_ partition: Partition) {
        departedByteCount += partition.appendedByteCount
        departedRecordCount += partition.appendedRecordCount
    }
}

/// Durations by bucket, several histograms in one array; the bounds are `Metric.histogramBounds`.
struct Histograms: Sendable {
    private static let bounds = Metric.histogramBounds
    static let bucketCount = bounds.count + 1
    private var counts: [UInt64]
    private var sums: [Int64]

    init(count: Int) {
        counts = Array(repeating: 0, count: count * Self.bucketCount)
        sums = Array(repeating: 0, count: count)
    }

    mutating func observe(_ nanoseconds: Int64, in place: Int) {
        // Few and rising bounds, and most values are small: walking beats a binary search.
        let bounds = Self.bounds
        var bucket = 0
        while bucket < bounds.count, nanoseconds > bounds[bucket] { bucket += 1 }
        counts[place * Self.bucketCount + bucket] += 1
        sums[place] &+= max(0, nanoseconds)
    }

    /// Counts by bucket, not cumulative, and the sum of all durations.
    subscript(place: Int) -> (counts: ArraySlice<UInt64>, sumNanoseconds: Int64) {
        (counts[place * Self.bucketCount..<(place + 1) * Self.bucketCount], sums[place])
    }
}

/// Rows of the APIs in the arrays above.
enum APIPlace {
    static let count = APIKey.allCases.count

    private static let byNumber: [Int] = {
        var places = [Int](repeating: -1, count: Int(APIKey.allCases.map(\.rawValue).max() ?? 0) + 1)
        for (place, key) in APIKey.allCases.enumerated() { places[Int(key.rawValue)] = place }
        return places
    }()

    static func of(_ api: APIKey) -> Int { byNumber[Int(api.rawValue)] }
}

/// Columns of the error codes: the code and one, because −1 is the first.
enum ErrorPlace {
    static let count = Int(ErrorCode.allCases.map(\.rawValue).max() ?? 0) + 2

    static func of(_ code: Int16) -> Int {
        let place = Int(code) + 1
        precondition(place >= 0 && place < count, "error code \(code)")
        return place
    }

    /// Kafka's names in capitals, by place; nil where no code is.
    static let names: [String?] = {
        var names = [String?](repeating: nil, count: count)
        for code in ErrorCode.allCases { names[of(code.rawValue)] = code.name }
        return names
    }()
}

extension RejectReason {
    fileprivate var place: Int {
        switch self {
        case .unknownAPI: 0
        case .unsupportedVersion: 1
        case .malformedRequest: 2
        }
    }
}
