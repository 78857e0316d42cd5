// SPDX-License-Identifier: Apache-2.0

import CommandLineTool
import MyelinClient
import Primitives
import RecordBatch
import Testing

@Suite("records in and out")
struct RecordTests {
    @Test("bytes cut anywhere give the same lines", arguments: 1...9)
    func lines(size: Int) throws {
        let bytes = Array("one\n\ntwo\r\nthree".utf8)
        var splitter = LineSplitter()
        var lines: [[UInt8]] = []
        for begin in stride(from: 0, to: bytes.count, by: size) {
            lines += try splitter.split(Array(bytes[begin..<min(begin + size, bytes.count)]))
        }
        if let last = splitter.finish() { lines.append(last) }
        #expect(lines.map { String(decoding: $0, as: UTF8.self) } == ["one", "", "two\r", "three"])
        #expect(splitter.finish() == nil)
    }

    @Test("a line is cut at its first separator")
    func keys() {
        let rule = RecordLine(separator: Array("::".utf8), key: SharedBytes("all"))
        let cut = rule.record(from: Array("k::v::w".utf8), to: "t", PartitionIndex(5))
        #expect(cut.key == SharedBytes("k"))
        #expect(cut.value == SharedBytes("v::w"))
        #expect(cut.topic == "t" && cut.partition == PartitionIndex(5))
        let whole = rule.record(from: Array("k:v".utf8), to: "t")
        #expect(whole.key == SharedBytes("all"))
        #expect(whole.value == SharedBytes("k:v"))
    }

    @Test("an empty value is a tombstone only when that is asked for")
    func tombstones() {
        let line = Array("k:".utf8)
        #expect(RecordLine(separator: [0x3a]).record(from: line, to: "t").value == SharedBytes(""))
        #expect(RecordLine(separator: [0x3a], emptyIsNull: true).record(from: line, to: "t").value == nil)
    }

    private let found = FoundRecord(
        topic: "orders", partition: PartitionIndex(2),
        record: Record(
            offset: Offset(17), timestamp: Timestamp(1_772_368_205_250), key: SharedBytes("k"),
            value: SharedBytes([0x1b, 0x5b, 0x32, 0x4a, 0x0a, 0x61]),
            headers: [
                RecordHeader(key: SharedBytes("a"), value: SharedBytes("1")),
                RecordHeader(key: SharedBytes("b"), value: nil),
            ]))

    private func text(_ template: String, isSafe: Bool = false) throws -> String {
        String(decoding: try RecordFormat(template).bytes(of: found, isSafe: isSafe), as: UTF8.self)
    }

    @Test("a template is filled as by kcat")
    func format() throws {
        #expect(
            try text("%t/%p/%o %k %h %T %d %S %K %%\\n\\x41")
                == "orders/2/17 k a=1,b=NULL 1772368205250 2026-03-01T12:30:05.250Z 6 1 %\nA")
    }

    @Test("values come out byte for byte, but cannot steer a terminal")
    func safety() throws {
        #expect(try text("%v") == "\u{1b}[2J\na")
        #expect(try text("%v", isSafe: true) == "\\x1b[2J\na")
        #expect(SafeText.text(of: [0xff, 0x41, 0x0a]) == "\\xffA\\x0a")
    }

    @Test("a template that makes no sense is refused", arguments: ["%", "%q", "\\", "\\q", "\\x4", "\\xzz"])
    func badFormat(template: String) {
        #expect { try RecordFormat(template) } throws: { ($0 as? Failure)?.status == .usage }
    }

    @Test("JSON has text where bytes are UTF-8, else base64, and says which")
    func json() {
        let binary = FoundRecord(
            topic: "orders", partition: PartitionIndex(0),
            record: Record(offset: Offset(1), timestamp: Timestamp(2), key: SharedBytes([0xff, 0xfe]), value: nil))
        #expect(
            binary.document.jsonLine
                == #"{"topic": "orders", "partition": 0, "offset": 1, "timestamp": 2, "key": "//4=", "keyEncoding": "base64", "#
                + #""value": null, "valueEncoding": null, "headers": []}"#)
        #expect(found.document["key"] == "k")
        #expect(found.document["keyEncoding"] == "utf8")
    }
}
