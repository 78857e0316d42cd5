// SPDX-License-Identifier: Apache-2.0

import Foundation
import Logging
import Synchronization
import Telemetry
import Testing

@Suite("Logs")
struct LogTests {
    /// A sink with a clock of its own that keeps its lines.
    final class Page: Sendable {
        let time = Atomic<Int64>(1_769_860_800_123_456_789)
        private let lines = Mutex<[String]>([])

        func sink(_ format: LogFormat) -> LogSink {
            LogSink(format: format, clock: { self.time.load(ordering: .relaxed) }) { line in
                self.lines.withLock { $0.append(line) }
            }
        }

        func advance(milliseconds: Int64) { time.add(milliseconds * 1_000_000, ordering: .relaxed) }
        var text: [String] { lines.withLock { $0 } }
    }

    @Test("a text line has time, level, logger, message and sorted fields")
    func writesText() {
        let page = Page()
        page.sink(.text).logger("broker").info("log opened", metadata: ["topic": "a b", "partition": "3", "empty": ""])
        #expect(
            page.text == [
                "2026-01-31T12:00:00.123Z info  broker: log opened empty=\"\" partition=3 topic=\"a b\"\n"
            ])
    }

    @Test("a JSON line decodes to what was logged, and fields do not pass for its own")
    func writesJSON() throws {
        let page = Page()
        let message = "weird \u{1}\u{7f}\"\\\n\u{2028}text"
        page.sink(.json).logger("broker").error("\(message)", metadata: ["level": "fake", "n": "1"])
        let line = try #require(page.text.first)
        #expect(line.hasSuffix("}\n") && line.dropLast().allSatisfy { !$0.isNewline })
        let object = try JSONDecoder().decode([String: String].self, from: Data(line.utf8))
        #expect(
            object == [
                "time": "2026-01-31T12:00:00.123Z", "level": "error", "logger": "broker", "message": message,
                "field_level": "fake", "n": "1",
            ])
    }

    @Test("control characters of strangers cannot make up lines", arguments: LogFormat.allCases)
    func escapesControls(format: LogFormat) {
        let page = Page()
        let logger = page.sink(format).logger("broker")
        for value in (0..<0x20).map(UInt8.init) + [0x7F] {
            logger.info("client", metadata: ["id": "x\(Character(UnicodeScalar(value)))\u{9B}2J"])
        }
        #expect(page.text.count == 33)
        for line in page.text {
            #expect(line.dropLast().unicodeScalars.allSatisfy { $0.value >= 0x20 && !(0x7F..<0xA0).contains($0.value) })
        }
    }

    @Test("a limited line is written once a second per key, and the next one says what was left out")
    func limits() {
        let page = Page()
        let sink = page.sink(.text)
        let logger = sink.logger("edge")
        for _ in 0..<5 { logger.warning("bad frame", metadata: ["limit": "10.0.0.1", "peer": "10.0.0.1"]) }
        logger.warning("bad frame", metadata: ["limit": "10.0.0.2"])
        logger.warning("unlimited")
        logger.warning("unlimited")
        #expect(page.text.count == 4)
        page.advance(milliseconds: 1_000)
        logger.warning("bad frame", metadata: ["limit": "10.0.0.1"])
        #expect(page.text.last?.hasSuffix("edge: bad frame suppressed=4\n") == true)
        #expect(sink.suppressedLineCount == 4)
        page.advance(milliseconds: -3_600_000)
        logger.warning("bad frame", metadata: ["limit": "10.0.0.1"])
        #expect(page.text.count == 6)
    }

    @Test("inventing keys does not get round the limit, nor fill memory")
    func boundsKeys() {
        let page = Page()
        let logger = page.sink(.text).logger("edge")
        for key in 0..<100_000 { logger.warning("bad frame", metadata: ["limit": "\(key)"]) }
        #expect(page.text.count == 1_025)
    }

    @Test("lines below a logger's level are not written, and its own metadata is")
    func filters() {
        let page = Page()
        var logger = page.sink(.text).logger("x", level: .warning)
        logger[metadataKey: "node"] = "1"
        logger.info("no")
        logger.warning("yes", metadata: ["a": "2"])
        #expect(page.text.map { $0.suffix(20) } == ["ning x: yes a=2 node=1\n".suffix(20)])
    }
}
