// SPDX-License-Identifier: Apache-2.0

package import Coordinator
package import Primitives
internal import StorageEngine

/// How fast a partition grows and is read, smoothed so that one burst does not move it to another broker.
package struct PartitionRates: Sendable {
    private var sampledAt: Instant?
    private var appended: UInt64 = 0
    private var fetched: UInt64 = 0
    package private(set) var bytesInPerSecond: Int64 = 0
    package private(set) var bytesOutPerSecond: Int64 = 0

    package init() {}

    /// Takes note of the partition's counters; each sample weighs as much as all before it together.
    package mutating func sample(appended: UInt64, fetched: UInt64, at now: Instant) {
        defer { (sampledAt, self.appended, self.fetched) = (now, appended, fetched) }
        guard let sampledAt, now > sampledAt else { return }
        let nanoseconds = Double(now.nanoseconds - sampledAt.nanoseconds)
        func smoothed(_ before: Int64, _ byteCount: UInt64) -> Int64 {
            (before + Int64(Double(byteCount) * 1e9 / nanoseconds)) / 2
        }
        bytesInPerSecond = smoothed(bytesInPerSecond, appended - self.appended)
        bytesOutPerSecond = smoothed(bytesOutPerSecond, fetched - self.fetched)
    }
}

/// Decides what of a broker's load the controller is told: what is another than it was told, coarsely, so that a steady
/// cluster says nothing.
package struct LoadReporter {
    /// A change by an eighth is told, and one by less than these never.
    static let byteCountFloor: Int64 = 1 << 20
    static let rateFloor: Int64 = 1 << 10

    private var told: [PartitionID: PartitionLoad] = [:]
    private var pending: [PartitionLoad] = []
    private var beginsAnew = true

    package init() {}

    /// Takes the loads of all partitions that are led here now.
    package mutating func measured(_ loads: [PartitionLoad]) {
        let led = Set(loads.map(\.partition))
        told = told.filter { led.contains($0.key) }
        pending = loads.filter { isNews($0) }.sorted { $0.partition < $1.partition }
    }

    /// The controller knows nothing of this broker.
    package mutating func forgotten() {
        guard !beginsAnew else { return }
        beginsAnew = true
        pending = told.values.sorted { $0.partition < $1.partition }
        told = [:]
    }

    /// What the next heartbeat says; nil when there is no news.
    package var next: LoadReport? {
        guard beginsAnew || !pending.isEmpty else { return nil }
        return LoadReport(beginsAnew: beginsAnew, loads: Array(pending.prefix(LoadReport.loadCountMax)))
    }

    /// The controller has taken a report.
    package mutating func acknowledged(_ report: LoadReport) {
        beginsAnew = false
        for load in report.loads { told[load.partition] = load }
        let known = Set(report.loads)
        pending.removeAll { known.contains($0) }
    }

    private func isNews(_ load: PartitionLoad) -> Bool {
        guard let before = told[load.partition] else { return true }
        return Self.differ(before.bytes, load.bytes, Self.byteCountFloor)
            || Self.differ(before.bytesInPerSecond, load.bytesInPerSecond, Self.rateFloor)
            || Self.differ(before.bytesOutPerSecond, load.bytesOutPerSecond, Self.rateFloor)
    }

    private static func differ(_ one: Int64, _ other: Int64, _ floor: Int64) -> Bool {
        abs(one - other) > max(floor, one / 8)
    }
}

extension BrokerShard {
    /// The loads of the partitions that this shard leads, and a new sample for their rates.
    func measureLoads() -> [PartitionLoad] {
        let now = now
        return partitions.values.filter(\.isLeader).map { partition in
            partition.rates.sample(
                appended: partition.appendedByteCount, fetched: partition.fetchedByteCount, at: now)
            return PartitionLoad(
                partition: partition.id, bytes: partition.log.byteCount,
                bytesInPerSecond: partition.rates.bytesInPerSecond,
                bytesOutPerSecond: partition.rates.bytesOutPerSecond)
        }
    }
}
