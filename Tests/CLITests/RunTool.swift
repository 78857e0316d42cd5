// SPDX-License-Identifier: Apache-2.0

import CommandLineTool
import Foundation
import Synchronization

/// What one run of the tool left behind.
struct ToolRun {
    let status: ExitStatus
    let output: String
    let errors: String

    var json: NSDictionary? { try? JSONSerialization.jsonObject(with: Data(output.utf8)) as? NSDictionary }
}

/// Runs the tool inside the test.
///
/// - Parameters:
///   - input: What standard input holds.
///   - outputBytesMax: After so many bytes nobody reads the output any more.
func tool(
    _ arguments: [String], terminal: Terminal = Terminal(), environment: [String: String] = [:], input: String = "",
    outputBytesMax: Int = .max
) async -> ToolRun {
    let written = Mutex((output: [UInt8](), errors: [UInt8]()))
    let console = Console { stream, bytes in
        try written.withLock { written in
            switch stream {
            case .output:
                guard written.output.count + bytes.count <= outputBytesMax else { throw OutputClosed() }
                written.output += bytes
            case .error: written.errors += bytes
            }
        }
    }
    // A home that is not there: the profiles of whoever runs the tests must not matter.
    let environment = ["HOME": "/nonexistent"].merging(environment) { $1 }
    let status = await CommandLineTool.runTool(
        arguments,
        in: Surroundings(
            console: console, terminal: terminal, environment: environment, input: { handle(holding: input) }))
    return written.withLock {
        ToolRun(
            status: status, output: String(decoding: $0.output, as: UTF8.self),
            errors: String(decoding: $0.errors, as: UTF8.self))
    }
}

/// The reading end of a pipe; the text must fit into it.
private func handle(holding text: String) -> FileHandle {
    precondition(text.utf8.count < 60_000, "\(text.utf8.count) bytes in a pipe")
    let pipe = Pipe()
    pipe.fileHandleForWriting.write(Data(text.utf8))
    try? pipe.fileHandleForWriting.close()
    return pipe.fileHandleForReading
}
