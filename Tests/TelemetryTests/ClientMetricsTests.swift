// SPDX-License-Identifier: Apache-2.0

import Primitives
import Telemetry
import Testing

/// Protocol buffers by hand.
private func field(_ number: UInt8, _ bytes: [UInt8]) -> [UInt8] {
    precondition(bytes.count < 1 << 14, "\(bytes.count) bytes")
    let length = bytes.count < 128 ? [UInt8(bytes.count)] : [UInt8(bytes.count & 127 | 128), UInt8(bytes.count >> 7)]
    return [number << 3 | 2] + length + bytes
}

private func field(_ number: UInt8, _ text: String) -> [UInt8] { field(number, Array(text.utf8)) }

private func double(_ number: UInt8, _ value: Double) -> [UInt8] {
    [number << 3 | 1] + (0..<8).map { UInt8(truncatingIfNeeded: value.bitPattern >> ($0 * 8)) }
}

private func integer(_ number: UInt8, _ value: Int64) -> [UInt8] {
    [number << 3 | 1] + (0..<8).map { UInt8(truncatingIfNeeded: value >> ($0 * 8)) }
}

private func attribute(_ name: String, _ value: [UInt8]) -> [UInt8] { field(7, field(1, name) + field(2, value)) }

private func data(_ metrics: [UInt8]...) -> SharedBytes {
    SharedBytes(field(1, field(2, metrics.flatMap { field(2, $0) })))
}

@Suite("numbers that clients push")
struct OTLPMetricsTests {
    @Test("gauges and sums are read, with their attributes")
    func numbers() throws {
        let latency = field(1, "rtt.avg") + field(5, field(1, double(4, 1.5) + attribute("node.id", [3 << 3, 7])))
        let count =
            field(1, "sent")
            + field(7, field(1, integer(6, -3) + attribute("b", field(1, "x")) + attribute("a", [2 << 3, 1])))
        let readings = try OTLPMetrics.readings(in: data(latency, count))
        #expect(
            readings == [
                ClientReading(metric: "rtt.avg", attributes: "node.id=7", value: 1.5),
                ClientReading(metric: "sent", attributes: "a=true,b=x", value: -3),
            ])
    }

    @Test("what is not a number, has no name or a very long one is left out")
    func leftOut() throws {
        let histogram = field(1, "histogram") + field(9, field(1, double(4, 1)))
        let unnamed = field(5, field(1, double(4, 1)))
        let long = field(1, String(repeating: "x", count: 257)) + field(5, field(1, double(4, 1)))
        let infinite = field(1, "infinite") + field(5, field(1, double(4, .infinity)) + field(1, double(4, .nan)))
        #expect(try OTLPMetrics.readings(in: data(histogram, unnamed, long, infinite)).isEmpty)
        #expect(try OTLPMetrics.readings(in: .empty).isEmpty)
    }

    @Test("one push leaves only so many numbers, of so many attributes")
    func bounds() throws {
        let points = (0..<300).flatMap { _ in field(1, double(4, 1)) }
        let readings = try OTLPMetrics.readings(
            in: data(field(1, "a") + field(5, points), field(1, "b") + field(7, points)))
        #expect(readings.count == OTLPMetrics.readingCountMax)
        let attributes = (0..<20).flatMap { attribute("k\($0)", [3 << 3, 1]) }
        let reading = try #require(
            try OTLPMetrics.readings(in: data(field(1, "c") + field(5, field(1, double(4, 1) + attributes)))).first)
        #expect(reading.attributes.split(separator: ",").count == OTLPMetrics.attributeCountMax)
    }

    @Test("every shorter prefix is refused or says less, and nothing traps")
    func prefixes() throws {
        let whole = data(field(1, "rtt.avg") + field(5, field(1, double(4, 1.5) + attribute("node.id", [3 << 3, 7]))))
        for count in 1..<whole.count {
            #expect(throws: DecodeError.self) { try OTLPMetrics.readings(in: whole.slice(from: 0, count: count)) }
        }
    }

    @Test("arbitrary bytes are refused or read", arguments: 0..<200)
    func arbitrary(seed: UInt64) {
        var entropy = Entropy(seed: seed)
        let bytes = (0..<200).map { _ in UInt8(truncatingIfNeeded: entropy.next()) }
        _ = try? OTLPMetrics.readings(in: SharedBytes(bytes))
        _ = try? OTLPMetrics.readings(in: data(Array(bytes.prefix(100))))
    }
}

@Suite("clients that push numbers")
struct ClientInstancesTests {
    private let id = ClientInstanceID(high: 1, low: 2)
    private let subscription = ClientSubscription([(["a."], 1_000)])
    private let start = Instant(nanoseconds: 0)

    private func after(_ milliseconds: Int64) -> Instant { start.advanced(byMilliseconds: milliseconds) }

    private func push(
        _ instances: inout ClientInstances, at now: Instant, subscriptionID: Int32? = nil, isEnding: Bool = false
    ) -> ClientInstances.Refusal? {
        do throws(ClientInstances.Refusal) {
            try instances.push(
                id, clientID: "c", subscriptionID: subscriptionID ?? subscription.id, isEnding: isEnding, subscription,
                at: now)
            return nil
        } catch { return error }
    }

    private func get(_ instances: inout ClientInstances, at now: Instant) -> ClientInstances.Refusal? {
        do throws(ClientInstances.Refusal) {
            try instances.get(id, clientID: "c", subscription, at: now)
            return nil
        } catch { return error }
    }

    @Test("subscriptions come together as all their metrics at the shortest interval")
    func together() {
        let both = ClientSubscription([(["b", "a"], 5_000), (["a"], 2_000), ([], 100)])
        #expect(both.metrics == ["a", "b"] && both.intervalMilliseconds == 2_000)
        #expect(ClientSubscription([(["b", "*"], 5_000)]).metrics == ["*"])
        let none = ClientSubscription([])
        #expect(none.metrics == [] && none.intervalMilliseconds == ClientSubscription.idleIntervalMilliseconds)
        #expect(both.id != none.id && both.id == ClientSubscription([(["a", "b"], 2_000)]).id)
    }

    @Test("a client asks and pushes once in its interval; the first push comes when it comes")
    func pace() {
        var instances = ClientInstances()
        #expect(get(&instances, at: start) == nil)
        #expect(get(&instances, at: after(500)) == .tooSoon)
        #expect(push(&instances, at: after(1)) == nil)
        #expect(push(&instances, at: after(500)) == .tooSoon)
        #expect(push(&instances, at: after(950)) == nil)
        #expect(get(&instances, at: after(960)) == nil)
        #expect(push(&instances, at: after(970)) == nil)
    }

    @Test("who pushes by an old subscription is told, and may ask again at once")
    func oldSubscription() {
        var instances = ClientInstances()
        #expect(get(&instances, at: start) == nil)
        #expect(push(&instances, at: after(1), subscriptionID: subscription.id &+ 1) == .unknownSubscription)
        #expect(get(&instances, at: after(2)) == nil)
        #expect(push(&instances, at: after(3)) == nil)
    }

    @Test("the last push comes at any time, leaves nothing, and is the last")
    func ending() {
        var instances = ClientInstances()
        #expect(get(&instances, at: start) == nil)
        #expect(push(&instances, at: after(1)) == nil)
        instances.keep([ClientReading(metric: "a.b", value: 1)], of: id)
        #expect(push(&instances, at: after(2), isEnding: true) == nil)
        instances.keep([ClientReading(metric: "a.b", value: 2)], of: id)
        #expect(instances.readings(at: after(3)).isEmpty)
        #expect(push(&instances, at: after(5_000)) == .ended)
    }

    @Test("clients of one id are added up, and forgotten when they miss three pushes")
    func sums() throws {
        var instances = ClientInstances()
        for low in UInt64(1)...2 {
            let id = ClientInstanceID(high: 0, low: low)
            try instances.get(id, clientID: "c", subscription, at: start)
            instances.keep([ClientReading(metric: "a", value: 2), ClientReading(metric: "b", value: 1)], of: id)
        }
        let readings = instances.readings(at: after(3_000))
        #expect(
            readings.map(\.reading) == [ClientReading(metric: "a", value: 4), ClientReading(metric: "b", value: 2)])
        #expect(readings.allSatisfy { $0.clientID == "c" })
        #expect(instances.readings(at: after(3_001)).isEmpty)
    }

    @Test("more clients than are remembered push out the silent ones, and their numbers")
    func bound() throws {
        var instances = ClientInstances()
        for number in 0..<ClientInstances.countMax {
            let id = ClientInstanceID(high: 9, low: UInt64(number))
            try instances.get(id, clientID: "c", subscription, at: after(Int64(number)))
            if number < 2 { instances.keep([ClientReading(metric: "m\(number)", value: 1)], of: id) }
        }
        #expect(get(&instances, at: after(5_000)) == nil)
        #expect(instances.count == ClientInstances.countMax - ClientInstances.countMax / 8 + 1)
        #expect(instances.readings(at: after(1)).isEmpty)
    }

    @Test("numbers have a bound over all clients; a push beyond it leaves none")
    func readingBound() throws {
        var instances = ClientInstances()
        let many = (0..<ClientInstances.readingCountMax).map { ClientReading(metric: "m\($0)", value: 1) }
        #expect(get(&instances, at: start) == nil)
        instances.keep(many, of: id)
        let other = ClientInstanceID(high: 0, low: 7)
        try instances.get(other, clientID: "d", subscription, at: start)
        instances.keep([ClientReading(metric: "a", value: 1)], of: other)
        #expect(instances.readings(at: start).count == many.count)
        instances.keep([], of: id)
        instances.keep([ClientReading(metric: "a", value: 1)], of: other)
        #expect(instances.readings(at: start).map(\.clientID) == ["d"])
    }

    @Test("an instance id is written as a UUID")
    func text() {
        #expect(
            ClientInstanceID(high: 0x0123_4567_89ab_cdef, low: 0xfe).description
                == "01234567-89ab-cdef-0000-0000000000fe")
    }
}
