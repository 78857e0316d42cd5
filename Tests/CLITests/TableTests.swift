// SPDX-License-Identifier: Apache-2.0

import CommandLineTool
import Testing

@Suite("tables")
struct TableTests {
    private let table: Table = {
        var table = Table([.text("TOPIC"), .number("RECORDS"), .text("STATE")])
        table.add(["orders", "1,234,567", "ok"])
        table.add(["a-topic-with-a-long-name", "5", "under-replicated"])
        return table
    }()

    @Test("without a terminal nothing is cut, text stands left and numbers right")
    func plain() {
        #expect(
            table.lines(on: Terminal()) == [
                "TOPIC                       RECORDS  STATE",
                "orders                    1,234,567  ok",
                "a-topic-with-a-long-name          5  under-replicated",
            ])
    }

    @Test("no line is longer than the terminal is wide", arguments: 15...80)
    func fits(width: Int) {
        for line in table.lines(on: Terminal(width: width)) {
            #expect(TextWidth.columns(of: line) <= width, "\(line)")
        }
    }

    @Test("too little room cuts the widest text first, a number never")
    func cuts() {
        #expect(
            table.lines(on: Terminal(width: 42)) == [
                "TOPIC             RECORDS  STATE",
                "orders          1,234,567  ok",
                "a-topic-with-…          5  under-replicat…",
            ])
    }

    @Test("where the numbers alone are too wide, each row becomes a block")
    func blocks() {
        #expect(
            table.lines(on: Terminal(width: 22)) == [
                "TOPIC    orders", "RECORDS  1,234,567", "STATE    ok", "",
                "TOPIC    a-topic-with…", "RECORDS  5", "STATE    under-replic…",
            ])
    }

    @Test("colours take no room and are absent where nobody wants them")
    func colours() {
        var table = Table([.text("STATE"), .text("NAME")])
        table.add([Cell("ok", .good), "orders"])
        #expect(table.lines(on: Terminal())[1] == "ok     orders")
        #expect(table.lines(on: Terminal(usesColour: true))[1] == "\u{1b}[32mok\u{1b}[0m     orders")
    }

    @Test("a cell cannot bring escape sequences to the terminal")
    func escapes() {
        var table = Table([.text("NAME")])
        table.add([Cell("\u{1b}[2Jevil\n\u{202e}x")])
        #expect(table.lines(on: Terminal())[1] == "\\x1b[2Jevil\\n\\x202ex")
    }

    @Test("wide characters count as two columns")
    func wide() {
        #expect(TextWidth.columns(of: "日本") == 4)
        #expect(TextWidth.cut("日本語", to: 5) == "日本…")
        #expect(TextWidth.cut("日本語", to: 4) == "日…")
        #expect(TextWidth.cut("abc", to: 3) == "abc")
        #expect(TextWidth.cut("abcd", to: 0).isEmpty)
    }

    @Test("facts stand in two columns")
    func facts() {
        var facts = Facts()
        facts.add("topic", "orders")
        facts.add("replication factor", "3")
        #expect(facts.lines(on: Terminal()) == ["topic               orders", "replication factor  3"])
    }
}
