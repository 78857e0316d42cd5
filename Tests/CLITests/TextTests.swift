// SPDX-License-Identifier: Apache-2.0

import CommandLineTool
import Primitives
import Testing
import WireProtocol

@Suite("what people write on the command line")
struct TextTests {
    @Test(
        "ISO 8601 times are read",
        arguments: [
            ("1970-01-01", 0), ("1970-01-01T00:00:00Z", 0), ("2026-03-01T12:30:05Z", 1_772_368_205_000),
            ("2026-03-01T12:30", 1_772_368_200_000), ("2026-03-01 12:30:05.25", 1_772_368_205_250),
            ("2026-03-01T12:30:05.2509999Z", 1_772_368_205_250), ("2026-03-01T13:30:05+01:00", 1_772_368_205_000),
            ("2026-03-01T07:00:05-0530", 1_772_368_205_000), ("2026-03-01T13:30:05+01", 1_772_368_205_000),
            ("2024-02-29", 1_709_164_800_000), ("1969-12-31T23:59:59.999Z", -1), ("2000-02-29", 951_782_400_000),
        ] as [(String, Int64)])
    func times(text: String, milliseconds: Int64) { #expect(TimeText.parse(text) == Timestamp(milliseconds)) }

    @Test(
        "what is no time is refused",
        arguments: [
            "", "2026", "2026-13-01", "2026-00-01", "2026-02-29", "1900-02-29", "2026-03-01T", "2026-03-01T24:00",
            "2026-03-01T12:60", "2026-03-01T12:30:61", "2026-03-01T12:30:05.", "2026-03-01T12:30:05X",
            "2026-03-01T12:30:05+25:00", "2026-03-01T12:30:05Zx", "26-03-01", "２０２６-03-01",
        ])
    func noTimes(text: String) { #expect(TimeText.parse(text) == nil) }

    @Test(
        "a time that was written reads as the same time",
        arguments: [0, 999, 951_782_400_000, 1_772_368_205_250, 4_102_444_800_000, -62_135_596_800_000] as [Int64])
    func timeRoundTrip(milliseconds: Int64) {
        #expect(TimeText.parse(TimeText.format(Timestamp(milliseconds))) == Timestamp(milliseconds))
    }

    @Test("no time and impossible times are a dash")
    func noTime() {
        #expect(TimeText.format(.none) == "-")
        #expect(TimeText.format(Timestamp(.max)) == "-")
    }

    @Test(
        "durations are read",
        arguments: [
            ("250ms", 250), ("30s", 30_000), ("5m", 300_000), ("1h30m", 5_400_000), ("7d", 604_800_000),
            ("2w", 1_209_600_000), ("0s", 0),
        ] as [(String, Int64)])
    func durations(text: String, milliseconds: Int64) { #expect(DurationText.parse(text) == milliseconds) }

    @Test(
        "what is no duration is refused",
        arguments: ["", "5", "h", "5x", "-5m", "1.5h", "99999999999999999999s", "9999999999999999w"])
    func noDurations(text: String) { #expect(DurationText.parse(text) == nil) }

    @Test(
        "sizes are read",
        arguments: [
            ("0", 0), ("4096", 4096), ("64k", 65_536), ("64KiB", 65_536), ("64KB", 64_000), ("1MiB", 1_048_576),
            ("10G", 10_737_418_240), ("7b", 7),
        ] as [(String, Int64)])
    func sizes(text: String, bytes: Int64) { #expect(SizeText.parse(text) == bytes) }

    @Test("what is no size is refused", arguments: ["", "k", "-1", "1.5M", "5 MiB", "1Ki5", "99999999T", "5x"])
    func noSizes(text: String) { #expect(SizeText.parse(text) == nil) }

    @Test("sets of partitions are sorted and have each partition once")
    func partitions() {
        #expect(PartitionSet(argument: "3,0,2-5")?.partitions.map(\.rawValue) == [0, 2, 3, 4, 5])
        #expect(PartitionSet(argument: "7")?.partitions.map(\.rawValue) == [7])
    }

    @Test(
        "what is no set of partitions is refused",
        arguments: ["", ",", "a", "5-2", "-1", "1-2-3", "0-99999999", "1,,2"])
    func noPartitions(text: String) { #expect(PartitionSet(argument: text) == nil) }

    private let now = Timestamp(1_000_000_000)

    @Test("places to begin are read")
    func starts() {
        #expect(StartText.parse("earliest", now: now) == .earliest)
        #expect(StartText.parse("end", now: now) == .latest)
        #expect(StartText.parse("1200", now: now) == .offset(Offset(1200)))
        #expect(StartText.parse("-10", now: now) == .countFromEnd(10))
        #expect(StartText.parse("@5", now: now) == .time(Timestamp(5)))
        #expect(StartText.parse("15m", now: now) == .time(Timestamp(999_100_000)))
        #expect(StartText.parse("1970-01-02", now: now) == .time(Timestamp(86_400_000)))
    }

    @Test("what is no place is refused", arguments: ["", "first", "@", "@-1", "1.5", "-9223372036854775808", "10x"])
    func noStarts(text: String) { #expect(StartText.parse(text, now: now) == nil) }

    @Test("targets of an offset reset are read")
    func targets() {
        #expect(OffsetTargetText.parse("current")?.kind == .current)
        #expect(OffsetTargetText.parse("+5") == .with { ($0.kind, $0.shiftBy) = (.shiftBy, 5) })
        #expect(OffsetTargetText.parse("-5") == .with { ($0.kind, $0.shiftBy) = (.shiftBy, -5) })
        #expect(OffsetTargetText.parse("5") == .with { ($0.kind, $0.offset) = (.offset, Offset(5)) })
        #expect(OffsetTargetText.parse("2h") == .with { ($0.kind, $0.durationMilliseconds) = (.duration, 7_200_000) })
        #expect(OffsetTargetText.parse("@7") == .with { ($0.kind, $0.timestamp) = (.timestamp, Timestamp(7)) })
        #expect(OffsetTargetText.parse("tomorrow") == nil)
    }

    @Test(
        "the nearest name is the one with a slip of the keyboard",
        arguments: [("ordres", "orders"), ("order", "orders"), ("ORDERS", "orders"), ("custmers", "customers")])
    func nearest(wanted: String, name: String) {
        #expect(Nearest.name(to: wanted, among: ["customers", "orders", "x"]) == name)
    }

    @Test("a name that is far from all has none near", arguments: ["payments", ""])
    func notNear(wanted: String) { #expect(Nearest.name(to: wanted, among: ["customers", "orders"]) == nil) }

    @Test(
        "patterns match as in a shell",
        arguments: [
            ("*", "", true), ("*", "a", true), ("orders*", "orders.eu", true), ("orders*", "my-orders", false),
            ("?rders", "orders", true), ("*.eu", "orders.eu", true), ("a*b*c", "a-b-b-c", true),
            ("a*b", "a-b-c", false),
            ("orders", "orders", true), ("orders", "orders2", false), ("a?", "a", false),
        ])
    func patterns(pattern: String, name: String, matches: Bool) {
        #expect(NamePattern(pattern).matches(name) == matches)
    }
}
