// SPDX-License-Identifier: Apache-2.0

internal import Coordinator
internal import Governance
internal import Primitives
internal import Synchronization
internal import Transport

/// Windows of client quotas, as the settings have them.
struct QuotaWindows: Sendable {
    let burstNanoseconds: Int64
    /// Longest wait for processor time, as in Kafka: one window.
    let requestWaitNanosecondsMax: Int64
    let mutationBurstNanoseconds: Int64

    init(_ settings: BrokerSettings) {
        let second: Int64 = 1_000_000_000
        let window = Int64(settings[.quotaWindowSeconds]) * second
        // Kafka's rate is over the full windows at least, and the current one is not full.
        burstNanoseconds = window * Int64(settings[.quotaWindowCount] - 1)
        requestWaitNanosecondsMax = window
        // The bucket of KIP-599 holds all of its windows.
        mutationBurstNanoseconds =
            Int64(settings[.controllerQuotaWindowSeconds] * settings[.controllerQuotaWindowCount]) * second
    }

    func limit(_ key: QuotaKey, _ quota: Double) -> RateLimit {
        switch key {
        case .producerByteRate, .consumerByteRate:
            RateLimit(perSecond: quota, burstNanoseconds: burstNanoseconds)
        case .requestPercentage:
            RateLimit(
                perSecond: quota / 100 * 1_000_000_000, burstNanoseconds: burstNanoseconds,
                waitNanosecondsMax: requestWaitNanosecondsMax)
        case .controllerMutationRate: RateLimit(perSecond: quota, burstNanoseconds: mutationBurstNanoseconds)
        case .connectionCreationRate: RateLimit(perSecond: quota, burstNanoseconds: 1_000_000_000)
        }
    }
}

/// The rates of a broker, found by who shares them.
///
/// A lock, because clients of one quota are on any shard; it is taken when a connection names a client id for the first
/// time and when quotas change, never for a request.
final class RateTable: Sendable {
    /// Rates remembered at once. When there are more, those used up longest ago are forgotten, an eighth at a time;
    /// connections keep the rate they have.
    static let countMax = 16_384

    struct Name: Hashable {
        let key: QuotaKey
        let sharers: QuotaEntity
    }

    private let rates = Mutex<[Name: SharedRate]>([:])

    var count: Int { rates.withLock { $0.count } }

    /// The rate that `match` comes to; what is owed under another limit is carried over.
    func rate(_ key: QuotaKey, _ match: QuotaMatch, _ windows: QuotaWindows, at now: Instant) -> SharedRate {
        let limit = windows.limit(key, match.limit)
        let name = Name(key: key, sharers: match.sharers)
        return rates.withLock { rates in
            let known = rates[name]
            if let known, known.limit == limit { return known }
            let paidUntil = known.map { limit.paidUntil($0.paidUntil, under: $0.limit, at: now) }
            let rate = SharedRate(limit, paidUntil: paidUntil ?? limit.unused(at: now))
            if known == nil, rates.count >= Self.countMax { Self.forget(&rates) }
            rates[name] = rate
            return rate
        }
    }

    /// Forgets an eighth of the rates, those first whose users owe the least and have owed nothing for the longest.
    private static func forget(_ rates: inout [Name: SharedRate]) {
        let oldest = rates.sorted { $0.value.paidUntil < $1.value.paidUntil }.prefix(countMax / 8)
        for (name, _) in oldest { rates[name] = nil }
    }
}

extension BrokerShard {
    /// Without authentication every client is this user, as in Kafka.
    static let anonymousUser = "ANONYMOUS"

    /// The quotas of a client; nil when it has none.
    func rates(ofClient clientID: String) -> ClientRates? {
        func rate(_ key: QuotaKey) -> SharedRate? {
            QuotaPrecedence.match(user: Self.anonymousUser, clientID: clientID) { image.quota(key, of: $0) }
                .map { node.rates.rate(key, $0, quotaWindows, at: now) }
        }
        let rates = ClientRates(
            produce: rate(.producerByteRate), fetch: rate(.consumerByteRate), request: rate(.requestPercentage),
            mutation: rate(.controllerMutationRate))
        let isFree = rates.produce == nil && rates.fetch == nil && rates.request == nil && rates.mutation == nil
        return isFree ? nil : rates
    }

    /// Takes quotas that changed to the connections that wait; all others notice with their next request.
    func quotasChanged() {
        quotaGeneration += 1
        hasQuotas = image.quotas().contains { $0.entity.address == nil }
        for connection in mutedConnections.values { connection.reviewMute() }
        limitAddresses()
    }

    /// Tells what takes connections in how often addresses may come.
    func limitAddresses() {
        guard let listener else { return }
        let key = QuotaKey.connectionCreationRate
        var rates = AddressRates(ofOthers: image.quota(key, of: QuotaEntity(address: .byDefault)))
        for (entity, _) in image.quotas() {
            if case .named(let address) = entity.address { rates.byAddress[address] = image.quota(key, of: entity) }
        }
        listener.limit(rates)
    }

    /// Charges `rate`, where there is one, with the time that `work` takes.
    func charging<Outcome>(_ rate: SharedRate?, _ work: () throws -> Outcome) rethrows -> Outcome {
        guard let rate else { return try work() }
        let start = now
        defer { rate.use(Double(now.nanoseconds - start.nanoseconds), at: now) }
        return try work()
    }
}
