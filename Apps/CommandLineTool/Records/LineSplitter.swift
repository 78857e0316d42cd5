// SPDX-License-Identifier: Apache-2.0

/// Cuts a stream of bytes into lines.
package struct LineSplitter: Sendable {
    /// A longer line is no record: brokers take about 1 MiB unless configured otherwise.
    package static let lineBytesMax = 64 << 20

    private var rest: [UInt8] = []

    package init() {}

    /// Lines that `bytes` completed, without their line feeds.
    package mutating func split(_ bytes: [UInt8]) throws -> [[UInt8]] {
        var lines: [[UInt8]] = []
        var begin = bytes.startIndex
        while let end = bytes[begin...].firstIndex(of: 0x0a) {
            lines.append(rest + bytes[begin..<end])
            rest.removeAll()
            begin = end + 1
        }
        rest += bytes[begin...]
        guard rest.count <= Self.lineBytesMax else {
            throw Failure("a line is longer than \(Units.bytes(Int64(Self.lineBytesMax)))")
        }
        return lines
    }

    /// The last line, where no line feed ends it.
    package mutating func finish() -> [UInt8]? {
        defer { rest.removeAll() }
        return rest.isEmpty ? nil : rest
    }
}
