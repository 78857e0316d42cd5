// SPDX-License-Identifier: Apache-2.0

import CommandLineTool
import Testing

@Suite("numbers as people read them")
struct UnitsTests {
    @Test(
        "bytes have two significant digits and powers of 1024",
        arguments: [
            (0, "0 B"), (1023, "1023 B"), (1024, "1.0 KiB"), (1536, "1.5 KiB"), (10_240, "10 KiB"),
            (1_048_575, "1.0 MiB"), (1_047_552, "1023 KiB"), (5_368_709_120, "5.0 GiB"), (Int64.max, "8.0 EiB"),
        ] as [(Int64, String)])
    func bytes(count: Int64, text: String) { #expect(Units.bytes(count) == text) }

    @Test(
        "counts have commas between thousands",
        arguments: [(0, "0"), (999, "999"), (1000, "1,000"), (-1_234_567, "-1,234,567")] as [(Int64, String)])
    func counts(value: Int64, text: String) { #expect(Units.count(value) == text) }

    @Test(
        "milliseconds become the two units that matter",
        arguments: [
            (0, "0 ms"), (999, "999 ms"), (1000, "1.0 s"), (12_340, "12.3 s"), (59_940, "59.9 s"), (65_000, "1m 05s"),
            (11_520_000, "3h 12m"), (187_200_000, "2d 04h"), (-1500, "-1.5 s"),
        ] as [(Int64, String)])
    func milliseconds(value: Int64, text: String) { #expect(Units.duration(milliseconds: value) == text) }

    @Test(
        "nanoseconds keep three significant digits",
        arguments: [
            (999, "999 ns"), (1000, "1.00 µs"), (12_345, "12.3 µs"), (123_456, "123 µs"), (1_050_000, "1.05 ms"),
            (2_500_000_000, "2.50 s"),
        ] as [(Int64, String)])
    func nanoseconds(value: Int64, text: String) { #expect(Units.duration(nanoseconds: value) == text) }
}
