// SPDX-License-Identifier: Apache-2.0

import Coordinator
import Harness
import Primitives
import Telemetry

// Feeds arbitrary bytes to what reads metrics of clients (KIP-714). The first byte chooses what the rest is:
//
//   0  what a client pushes: OTLP. What is kept lies within its bounds, and little memory is asked for
//   1  a pattern, a line feed, and a text that is compared with it

/// Each number that is kept has a name and attributes of 256 bytes, and each attribute that is looked at is at most as long as
/// the push; slices of points take the rest.
func checkPush(_ bytes: SharedBytes) {
    var read: [ClientReading] = []
    let allocated = allocatedByteCount { read = (try? OTLPMetrics.readings(in: bytes)) ?? [] }
    let bound = 262_144 + 64 * bytes.count
    require(allocated <= bound, "a push of \(bytes.count) bytes asked for \(allocated) bytes")
    require(read.count <= OTLPMetrics.readingCountMax, "\(read.count) numbers")
    for reading in read {
        require(reading.value.isFinite, "\(reading.metric) is \(reading.value)")
        let lengths = [reading.metric.utf8.count, reading.attributes.utf8.count]
        require(lengths.allSatisfy { $0 <= OTLPMetrics.textByteCountMax }, "texts of \(lengths) bytes")
    }
}

func checkPattern(_ bytes: SharedBytes) {
    var reader = ByteReader(bytes)
    guard let whole = try? reader.readString(count: bytes.count) else { return }
    let halves = whole.split(separator: "\n", maxSplits: 1, omittingEmptySubsequences: false)
    let (pattern, text) = (String(halves[0]), halves.count > 1 ? String(halves[1]) : "")
    guard let read = TraitPattern(pattern) else { return }
    let found = read.matches(text)
    // A further alternative takes nothing away, and one that cannot match adds nothing.
    if let wider = TraitPattern(pattern + "|.*") { require(wider.matches(text), "'\(pattern)|.*' and '\(text)'") }
    if let same = TraitPattern("\u{1}\(pattern.isEmpty ? "" : "|")\(pattern)"), !pattern.isEmpty, text != "\u{1}" {
        require(same.matches(text) == found, "an alternative in front of '\(pattern)' changes '\(text)'")
    }
}

fuzz { bytes in
    guard !bytes.isEmpty else { return }
    let rest = bytes.slice(from: 1, count: bytes.count - 1)
    if bytes[0] % 2 == 0 { checkPush(rest) } else { checkPattern(rest) }
}
