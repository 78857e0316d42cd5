// SPDX-License-Identifier: Apache-2.0

public import Primitives

/// What one client is asked to push (KIP-714).
public struct ClientSubscription: Hashable, Sendable {
    /// Prefixes of names, sorted; `*` alone stands for all, none for nothing.
    public let metrics: [String]
    public let intervalMilliseconds: Int32

    /// How often a client asks again that is asked for nothing: five minutes, as in Kafka.
    public static let idleIntervalMilliseconds: Int32 = 300_000

    /// Several subscriptions taken together: all their metrics, at the shortest interval.
    public init(_ subscriptions: [(metrics: [String], intervalMilliseconds: Int32)]) {
        let wanted = subscriptions.filter { !$0.metrics.isEmpty }
        let prefixes = Set(wanted.flatMap(\.metrics))
        metrics = prefixes.contains("*") ? ["*"] : prefixes.sorted()
        intervalMilliseconds = wanted.map(\.intervalMilliseconds).min() ?? Self.idleIntervalMilliseconds
    }

    /// Equal for equal subscriptions, on every broker.
    public var id: Int32 {
        let text = metrics.joined(separator: ",") + "/\(intervalMilliseconds)"
        return Int32(bitPattern: CRC32C.checksum(of: SharedBytes(Array(text.utf8))))
    }
}

/// The clients that were told what to push (KIP-714), and what each pushed last.
public struct ClientInstances: Sendable {
    /// Why a client is not heard.
    public enum Refusal: Error, Hashable, Sendable {
        /// It came before its interval was over.
        case tooSoon
        /// It said before that it ends.
        case ended
        /// What it was told to push is no longer what is wanted: it may ask again at once.
        case unknownSubscription
    }

    /// Clients remembered at once; beyond that the eighth that was silent for longest is forgotten.
    public static let countMax = 4_096
    /// Numbers kept of all clients together; a push that does not fit leaves none.
    public static let readingCountMax = 20_000
    /// What is kept of a client id, in UTF-8 bytes.
    public static let clientIDByteCountMax = 128

    private struct Instance {
        let clientID: String
        var lastGetAt: Instant?
        var lastPushAt: Instant?
        var lastHeardAt: Instant
        var intervalMilliseconds: Int32
        /// It was told that its subscription is out of date.
        var mayAskAgain = false
        var isEnding = false
        var readings: [ClientReading] = []

        /// Timers of clients are not exact, so nine tenths of the interval are enough.
        func isEarly(_ last: Instant, _ now: Instant) -> Bool {
            now.milliseconds(since: last) < Int64(intervalMilliseconds) * 9 / 10
        }
    }

    private var instances: [ClientInstanceID: Instance] = [:]
    private var readingCount = 0

    public init() {}

    public var count: Int { instances.count }

    /// A client asks what to push.
    public mutating func get(
        _ id: ClientInstanceID, clientID: String, _ subscription: ClientSubscription, at now: Instant
    ) throws(Refusal) {
        var instance = instance(id, clientID, subscription, at: now)
        if let last = instance.lastGetAt, !instance.mayAskAgain, instance.isEarly(last, now) { throw .tooSoon }
        instance.lastGetAt = now
        instance.lastHeardAt = now
        instance.mayAskAgain = false
        instance.isEnding = false
        instance.intervalMilliseconds = subscription.intervalMilliseconds
        instances[id] = instance
    }

    /// A client wants to push what `subscriptionID` told it to; the last push of one that ends is taken whenever it comes.
    public mutating func push(
        _ id: ClientInstanceID, clientID: String, subscriptionID: Int32, isEnding: Bool,
        _ subscription: ClientSubscription, at now: Instant
    ) throws(Refusal) {
        var instance = instance(id, clientID, subscription, at: now)
        guard !instance.isEnding else { throw .ended }
        // The first push after each answer to what to push comes when it comes.
        if let last = instance.lastPushAt, !isEnding, last > instance.lastGetAt ?? last.advanced(byMilliseconds: -1),
            instance.isEarly(last, now)
        {
            throw .tooSoon
        }
        instance.lastPushAt = now
        instance.lastHeardAt = now
        instance.mayAskAgain = subscriptionID != subscription.id
        instance.isEnding = isEnding && !instance.mayAskAgain
        instances[id] = instance
        if instance.mayAskAgain { throw .unknownSubscription }
    }

    /// Keeps what a client pushed in place of what it pushed before; a client that ends leaves nothing.
    public mutating func keep(_ readings: [ClientReading], of id: ClientInstanceID) {
        guard var instance = instances[id] else { return }
        readingCount -= instance.readings.count
        let fits = !instance.isEnding && readingCount + readings.count <= Self.readingCountMax
        instance.readings = fits ? readings : []
        readingCount += instance.readings.count
        instances[id] = instance
    }

    /// The numbers of clients that pushed lately, of clients with one client id added up; sorted.
    public func readings(at now: Instant) -> [(clientID: String, reading: ClientReading)] {
        var sums: [Place: Double] = [:]
        // Three pushes missed: whatever it was, it is so no longer.
        for instance in instances.values
        where now.milliseconds(since: instance.lastHeardAt) <= 3 * Int64(instance.intervalMilliseconds) {
            for reading in instance.readings {
                let place = Place(instance.clientID, reading.metric, reading.attributes)
                sums[place, default: 0] += reading.value
            }
        }
        return sums.sorted { $0.key < $1.key }.map { place, value in
            (place.clientID, ClientReading(metric: place.metric, attributes: place.attributes, value: value))
        }
    }
}

extension ClientInstances {
    private struct Place: Hashable, Comparable {
        let clientID: String
        let metric: String
        let attributes: String

        init(_ clientID: String, _ metric: String, _ attributes: String) {
            self.clientID = clientID
            self.metric = metric
            self.attributes = attributes
        }

        static func < (left: Place, right: Place) -> Bool {
            (left.clientID, left.metric, left.attributes) < (right.clientID, right.metric, right.attributes)
        }
    }

    /// The one that is known, or a new one, which is not remembered yet.
    private mutating func instance(
        _ id: ClientInstanceID, _ clientID: String, _ subscription: ClientSubscription, at now: Instant
    ) -> Instance {
        if let known = instances[id] { return known }
        if instances.count >= Self.countMax { forgetSilent() }
        return Instance(
            clientID: String(decoding: clientID.utf8.prefix(Self.clientIDByteCountMax), as: UTF8.self),
            lastHeardAt: now, intervalMilliseconds: subscription.intervalMilliseconds)
    }

    private mutating func forgetSilent() {
        let silent = instances.sorted { $0.value.lastHeardAt < $1.value.lastHeardAt }.prefix(Self.countMax / 8)
        for (id, instance) in silent {
            readingCount -= instance.readings.count
            instances[id] = nil
        }
    }
}
