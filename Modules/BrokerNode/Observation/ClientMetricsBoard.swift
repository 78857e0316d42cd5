// SPDX-License-Identifier: Apache-2.0

internal import Primitives
import Synchronization
internal import Telemetry

/// Metrics that clients measured themselves and pushed to this broker (KIP-714).
///
/// A lock, because a client that comes again may be on any shard; it is taken once or twice in a client's interval.
final class ClientMetricsBoard: Sendable {
    struct State {
        var instances = ClientInstances()
        fileprivate(set) var takenCount: Int64 = 0
        fileprivate(set) var unreadableCount: Int64 = 0
        fileprivate(set) var takenByteCount: Int64 = 0
    }

    private let state = Mutex(State())

    func withInstances<Outcome>(
        _ work: (inout ClientInstances) throws(ClientInstances.Refusal) -> Outcome
    ) throws(ClientInstances.Refusal) -> Outcome {
        try state.withLock { state throws(ClientInstances.Refusal) in try work(&state.instances) }
    }

    /// Keeps what a push of `byteCount` bytes said.
    func take(_ readings: [ClientReading], of id: ClientInstanceID, byteCount: Int) {
        state.withLock { state in
            state.instances.keep(readings, of: id)
            state.takenCount += 1
            state.takenByteCount += Int64(byteCount)
        }
    }

    func countUnreadable() { state.withLock { $0.unreadableCount += 1 } }

    func add(to set: inout MetricSet, at now: Instant) {
        let state = state.withLock { $0 }
        set.add(state.takenCount, to: MetricCatalogue.clientPushes, "taken")
        set.add(state.unreadableCount, to: MetricCatalogue.clientPushes, "unreadable")
        set.add(state.takenByteCount, to: MetricCatalogue.clientPushBytes)
        set.add(Int64(state.instances.count), to: MetricCatalogue.clientInstances)
        for (clientID, reading) in state.instances.readings(at: now) {
            set.add(
                Self.thousandths(reading.value), to: MetricCatalogue.clientMetric, clientID, reading.metric,
                reading.attributes)
        }
    }

    /// Of a number that is finite; the nearest there is.
    private static func thousandths(_ value: Double) -> Int64 {
        let scaled = (value * 1_000).rounded()
        return Int64(exactly: scaled) ?? (scaled < 0 ? .min : .max)
    }
}
