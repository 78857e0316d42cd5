// SPDX-License-Identifier: Apache-2.0

import CommandLineTool
import Foundation
import Testing

@Suite("documents for programs")
struct DocumentTests {
    private let document: Document = [
        "name": "orders \"x\"\n\u{1}", "count": .integer(9_007_199_254_740_993), "ratio": .number(0.5),
        "isInternal": false, "nothing": .null, "empty": .list([]),
        "list": .list([.integer(1), ["b": "2", "a": .list([.null])]]),
    ]

    @Test("JSON keeps the order of fields, every digit, and escapes what it must")
    func json() {
        #expect(
            document.jsonLine == #"{"name": "orders \"x\"\n\u0001", "count": 9007199254740993, "ratio": 0.5, "#
                + #""isInternal": false, "nothing": null, "empty": [], "list": [1, {"b": "2", "a": [null]}]}"#)
    }

    @Test("JSON over several lines is the same JSON")
    func prettyJSON() throws {
        #expect(document.json.hasPrefix("{\n  \"name\""))
        let one = try JSONSerialization.jsonObject(with: Data(document.json.utf8)) as? NSDictionary
        let other = try JSONSerialization.jsonObject(with: Data(document.jsonLine.utf8)) as? NSDictionary
        #expect(one != nil)
        #expect(one == other)
    }

    @Test("numbers that JSON has no word for become null", arguments: [Double.nan, .infinity, -.infinity])
    func notFinite(value: Double) { #expect(Document.number(value).jsonLine == "null") }

    @Test("YAML keeps the order of fields")
    func yaml() throws {
        let text = try (["b": .integer(1), "a": .list([.null, true])] as Document).yaml()
        #expect(text == "b: 1\na:\n- null\n- true\n")
    }

    @Test(
        "text that YAML would take for something else stands in quotes",
        arguments: ["1", "true", "null", "", "1.5", "~"])
    func yamlQuotes(text: String) throws {
        #expect(try (["value": .text(text)] as Document).yaml() == "value: \"\(text)\"\n")
    }
}
