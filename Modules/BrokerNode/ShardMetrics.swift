// SPDX-License-Identifier: Apache-2.0

internal import KafkaProtocol
internal import StorageEngine

/// What one shard counts: plain integers on its own thread, read as a whole when somebody asks.
struct ShardMetrics: Sendable {
    /// Counts of values by bucket; the last bucket has no upper bound.
    struct Histogram: Sendable {
        static let boundsNanoseconds: [Int64] = [
            50_000, 100_000, 250_000, 500_000, 1_000_000, 2_500_000, 5_000_000, 10_000_000, 25_000_000, 50_000_000,
            100_000_000, 250_000_000, 500_000_000, 1_000_000_000, 2_500_000_000, 5_000_000_000, 10_000_000_000,
        ]
        private(set) var counts = [UInt64](repeating: 0, count: boundsNanoseconds.count + 1)
        private(set) var sumNanoseconds: UInt64 = 0

        init() {}

        mutating func observe(_ nanoseconds: Int64) {
            // Few and rising bounds, and most values are small: walking beats a binary search.
            var bucket = 0
            while bucket < Self.boundsNanoseconds.count, nanoseconds > Self.boundsNanoseconds[bucket] { bucket += 1 }
            counts[bucket] += 1
            sumNanoseconds += UInt64(max(0, nanoseconds))
        }
    }

    /// An API with an error code it answered.
    struct APIError: Hashable, Sendable {
        let api: APIKey
        let code: ErrorCode
    }

    var connectionCount = 0
    var requestCounts = [UInt64](repeating: 0, count: APIKey.allCases.count)
    var latencies = [Histogram](repeating: Histogram(), count: APIKey.allCases.count)
    var errorCounts: [APIError: UInt64] = [:]
    var rejectCounts = [UInt64](repeating: 0, count: RejectReason.allCases.count)
    var requestByteCount: UInt64 = 0
    var responseByteCount: UInt64 = 0
    /// Record bytes and records taken from producers, duplicates not counted.
    var producedByteCount: UInt64 = 0
    var producedRecordCount: UInt64 = 0
    /// Record bytes sent to consumers, and how many of them the kernel sent from its page cache.
    var fetchedByteCount: UInt64 = 0
    var sentFileByteCount: UInt64 = 0
    var readCachedByteCount: UInt64 = 0
    var readColdByteCount: UInt64 = 0
    var synchronizeLatency = Histogram()
    var retentionByteCount: UInt64 = 0
    var recoveredByteCount: UInt64 = 0
    var cutByteCount: UInt64 = 0
    var damageCount = 0
    var unopenedPartitionCount = 0

    /// Place of an API in the arrays above.
    static let places: [APIKey: Int] = Dictionary(
        uniqueKeysWithValues: APIKey.allCases.enumerated().map { ($1, $0) })

    private static let placesByNumber: [Int] = {
        var places = [Int](repeating: -1, count: Int(APIKey.allCases.map(\.rawValue).max() ?? 0) + 1)
        for (place, key) in APIKey.allCases.enumerated() { places[Int(key.rawValue)] = place }
        return places
    }()

    mutating func countRequest(_ api: APIKey) { requestCounts[Self.placesByNumber[Int(api.rawValue)]] += 1 }

    mutating func answered(_ api: APIKey, afterNanoseconds nanoseconds: Int64) {
        latencies[Self.placesByNumber[Int(api.rawValue)]].observe(nanoseconds)
    }

    mutating func countError(_ api: APIKey, _ code: ErrorCode) {
        errorCounts[APIError(api: api, code: code), default: 0] += 1
    }

    mutating func count(_ reason: RejectReason) { rejectCounts[reason.place] += 1 }

    mutating func synchronized(afterNanoseconds nanoseconds: Int64) { synchronizeLatency.observe(nanoseconds) }

    mutating func recovered(_ report: RecoveryReport) {
        recoveredByteCount += UInt64(report.scannedByteCount)
        cutByteCount += UInt64(report.cutByteCount)
    }
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
