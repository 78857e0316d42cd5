// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// The executable beside the tests, as a shell starts it.
@Suite("the executable")
struct ExecutableTests {
    private static let path: String = {
        let tests = URL(filePath: CommandLine.arguments[0]).resolvingSymlinksInPath().deletingLastPathComponent()
        return tests.appending(path: "myelin").path
    }()

    private func shell(_ script: String) throws -> (status: Int32, output: String, errors: String) {
        let process = Process()
        process.executableURL = URL(filePath: "/bin/bash")
        process.arguments = ["-c", script]
        // Where coverage goes, if anybody wants it.
        let profile = ProcessInfo.processInfo.environment.filter { $0.key == "LLVM_PROFILE_FILE" }
        process.environment = ["PATH": "/usr/bin:/bin", "HOME": "/nonexistent", "myelin": Self.path].merging(profile) {
            $1
        }
        let (output, errors) = (Pipe(), Pipe())
        (process.standardOutput, process.standardError) = (output, errors)
        process.standardInput = FileHandle.nullDevice
        try process.run()
        let outputText = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        let errorText = String(decoding: errors.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        return (process.terminationStatus, outputText, errorText)
    }

    @Test(
        "its status tells scripts what happened",
        arguments: [
            ("--version", 0), ("--help", 0), ("topic", 0), ("topic list --nonsense", 2), ("nonsense", 2),
            ("topic list --cluster 127.0.0.1:1", 1), ("doctor --cluster 127.0.0.1:1", 1),
            ("config explain nonsense", 1),
            ("config list", 0),
        ] as [(String, Int32)])
    func status(arguments: String, status: Int32) throws {
        #expect(try shell("\"$myelin\" \(arguments)").status == status)
    }

    @Test("`| head` ends it quietly")
    func brokenPipe() throws {
        let run = try shell("set -o pipefail; \"$myelin\" config list --output json | head -n 1")
        #expect(run.output == "{\n")
        #expect(run.errors.isEmpty)
        #expect(run.status == 0)
    }

    @Test("without a terminal there is neither colour nor width")
    func noTerminal() throws {
        let run = try shell("COLUMNS=20 \"$myelin\" config list")
        #expect(!run.output.contains("\u{1b}"))
        #expect(run.output.contains("log.retention.hours"))
        #expect(run.output.split(separator: "\n").contains { $0.count > 100 })
    }

    @Test("SIGINT ends a measurement with status 130 and leaves no file")
    func interrupt() throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "myelin-int-\(UUID().uuidString)").path
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let run = try shell(
            """
            mkdir -p "\(folder)"; "$myelin" bench disk --folder "\(folder)" --seconds 60 & pid=$!
            until [ -n "$(ls -A "\(folder)")" ]; do sleep 0.05; done
            kill -INT $pid; wait $pid; status=$?; ls -A "\(folder)"; exit $status
            """)
        #expect(run.status == 130)
        #expect(run.output.isEmpty)
    }
}
