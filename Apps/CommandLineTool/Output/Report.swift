// SPDX-License-Identifier: Apache-2.0

import ArgumentParser

/// The forms that a result is printed in.
package enum OutputFormat: String, CaseIterable, ExpressibleByArgument, Sendable {
    case table, json, yaml
}

/// A result: lines for people, a document for programs.
protocol Report {
    /// Field names are a promise: docs/operations/cli.md lists them.
    var document: Document { get }
    func lines(on terminal: Terminal) -> [String]
}

/// A sentence that says what was done.
struct Sentence: Report {
    let text: String
    let document: Document

    init(_ text: String, _ document: Document) {
        self.text = text
        self.document = document
    }

    func lines(on terminal: Terminal) -> [String] { [text] }
}
