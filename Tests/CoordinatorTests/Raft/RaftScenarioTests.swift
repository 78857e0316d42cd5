// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// Stories in `Scenarios/*.txt`: a line `> command`, then what it must cause. `RECORD=1` writes what it causes now.
@Suite struct RaftScenarioTests {
    static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appending(path: "Scenarios")

    static var names: [String] {
        let files = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
        return files.filter { $0.hasSuffix(".txt") }.sorted()
    }

    @Test("there are scenarios to play")
    func scenariosExist() { #expect(Self.names.count >= 7) }

    @Test("a scenario plays as it is written", arguments: names)
    func plays(name: String) throws {
        let file = Self.folder.appending(path: name)
        let script = try String(contentsOf: file, encoding: .utf8)
        let played = try play(script)
        if ProcessInfo.processInfo.environment["RECORD"] == "1" {
            try played.write(to: file, atomically: true, encoding: .utf8)
        } else {
            #expect(played == script)
        }
        #expect(!played.contains("BROKEN"))
    }

    /// The script with every trace as it comes out now.
    private func play(_ script: String) throws -> String {
        var transcript = RaftTranscript()
        var lines: [String] = []
        for line in script.split(separator: "\n", omittingEmptySubsequences: false) {
            if line.hasPrefix("> ") {
                lines.append(String(line))
                lines += try transcript.run(String(line.dropFirst(2))).map { "    " + $0 }
            } else if !line.hasPrefix("    ") {
                lines.append(String(line))
            }
        }
        return lines.joined(separator: "\n")
    }
}
