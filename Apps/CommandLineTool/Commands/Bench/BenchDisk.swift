// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Foundation
import Primitives
import StorageEngine

struct BenchDisk: ParsableCommand, ToolCommand {
    static let configuration = CommandConfiguration(
        commandName: "disk", abstract: "Measures what a disk can do for a broker, without one.",
        discussion: """
            Writes blocks into preallocated space and synchronizes after each, as a log does for acks=all; then writes large \
            blocks with one synchronize at the end. Uses a file of its own in the folder and removes it.

            EXAMPLES:
              myelin bench disk
              myelin bench disk --folder /tmp --seconds 1 --output json
            """)

    @Option(help: ArgumentHelp("Folder on the disk to measure.", valueName: "path"))
    var folder = "."

    @Option(help: ArgumentHelp("Time for each block size.", valueName: "seconds"))
    var seconds = 2

    @Option(help: ArgumentHelp("Bytes that are written to measure the bandwidth.", valueName: "size"))
    var size = SizeArgument(256 << 20)

    @OptionGroup var outputOptions: OutputOptions

    func validate() throws {
        if !(1...600).contains(seconds) { throw ValidationError("--seconds is \(seconds); 1 to 600 are possible") }
        if size.byteCount < 1 << 20 { throw ValidationError("--size is below 1 MiB") }
    }

    func run(in surroundings: Surroundings) async throws {
        var isDirectory: ObjCBool = false
        guard FileManager.default.fileExists(atPath: folder, isDirectory: &isDirectory), isDirectory.boolValue else {
            throw Failure("there is no folder \(folder)", advice: ["Make it, or name another with --folder."])
        }
        let progress = Progress("bench disk", on: surroundings)
        defer { progress.finish() }
        do {
            let disk = try FileDisk.open(at: folder)
            var bench = try DiskMeasurement(disk, size: Int64(size.byteCount))
            defer { bench.remove() }
            let report = try bench.run(seconds: seconds, progress)
            progress.finish()
            try surroundings.show(report, as: outputOptions.output)
        } catch let fault as DiskFault {
            let advice = fault.isOutOfSpace ? ["Free some space, or measure with a smaller --size."] : []
            throw Failure("\(folder): \(fault.operation) failed: \(systemText(fault.errno))", advice: advice)
        }
    }
}

/// Measures one disk through the port that the storage engine writes by.
private struct DiskMeasurement {
    private static let blockSizes = [4 << 10, 64 << 10, 1 << 20]
    private static let bandwidthBlockSize = 1 << 20

    private let disk: FileDisk
    private let name = ".myelin-bench-\(ProcessInfo.processInfo.processIdentifier)"
    private let file: FileID
    private let size: Int64

    init(_ disk: FileDisk, size: Int64) throws {
        self.disk = disk
        self.size = size
        file = try disk.open(name, .createNew)
    }

    func remove() {
        disk.close(file)
        // Nothing can be done about a file that does not go away; it says in its name where it comes from.
        try? disk.remove(name)
    }

    mutating func run(seconds: Int, _ progress: Progress) throws -> DiskReport {
        let steps = Double(Self.blockSizes.count + 1)
        var rows: [DiskReport.Row] = []
        for (index, blockSize) in Self.blockSizes.enumerated() {
            progress.update(Double(index) / steps, "blocks of \(Units.bytes(Int64(blockSize)))")
            rows.append(
                try synchronizedWrites(of: blockSize, seconds: seconds) { share in
                    progress.update((Double(index) + share) / steps, "blocks of \(Units.bytes(Int64(blockSize)))")
                })
        }
        let elapsed = try bandwidth { share in
            progress.update((steps - 1 + share) / steps, "\(Units.bytes(size)) in one go")
        }
        return DiskReport(mechanism: "\(disk.choice)", rows: rows, bandwidthBytes: size, bandwidthNanoseconds: elapsed)
    }

    private func synchronizedWrites(
        of blockSize: Int, seconds: Int, _ tell: (Double) -> Void
    ) throws -> DiskReport.Row {
        let block = SharedBytes([UInt8](repeating: 0x5a, count: blockSize))
        try prepare()
        let limit = Duration.seconds(seconds)
        let start = ContinuousClock.now
        var row = DiskReport.Row(blockSize: blockSize)
        var position: Int64 = 0
        var last = start
        while last - start < limit {
            try Task.checkCancellation()
            if position + Int64(blockSize) > size { position = 0 }
            try disk.write([block], to: file, at: position)
            try disk.synchronize(file)
            let now = ContinuousClock.now
            row.latencies.add((now - last).nanoseconds)
            last = now
            position += Int64(blockSize)
            tell(min((now - start) / limit, 1))
        }
        row.elapsed = (last - start).nanoseconds
        return row
    }

    /// Nanoseconds for writing `size` bytes and synchronizing once.
    private func bandwidth(_ tell: (Double) -> Void) throws -> Int64 {
        let block = SharedBytes([UInt8](repeating: 0x5a, count: Self.bandwidthBlockSize))
        try prepare()
        let start = ContinuousClock.now
        for position in stride(from: 0, to: size, by: Self.bandwidthBlockSize) {
            try Task.checkCancellation()
            let count = min(Int64(block.count), size - position)
            try disk.write([block.slice(from: 0, count: Int(count))], to: file, at: position)
            tell(Double(position) / Double(size))
        }
        try disk.synchronize(file)
        return (ContinuousClock.now - start).nanoseconds
    }

    /// An empty file with all its space reserved, as a new segment has.
    private func prepare() throws {
        try disk.truncate(file, to: 0)
        try disk.allocate(file, size: size)
        try disk.synchronize(file)
    }
}

private struct DiskReport: Report {
    struct Row {
        let blockSize: Int
        var latencies = LatencyHistogram()
        var elapsed: Int64 = 0
        var byteCount: Int64 { latencies.count * Int64(blockSize) }
    }

    let mechanism: String
    let rows: [Row]
    let bandwidthBytes: Int64
    let bandwidthNanoseconds: Int64

    var document: Document {
        [
            "benchmark": "disk", "mechanism": .text(mechanism),
            "synchronizedWrites": .list(
                rows.map {
                    [
                        "blockSize": .integer($0.blockSize), "latencyNanoseconds": $0.latencies.document,
                        "bytesPerSecond": .number(Units.perSecond($0.byteCount, $0.elapsed)),
                    ]
                }),
            "sequentialWrite": [
                "byteCount": .integer(bandwidthBytes), "elapsedNanoseconds": .integer(bandwidthNanoseconds),
                "bytesPerSecond": .number(Units.perSecond(bandwidthBytes, bandwidthNanoseconds)),
            ],
        ]
    }

    func lines(on terminal: Terminal) -> [String] {
        var table = Table([
            .number("WRITE + SYNC"), .number("COUNT"), .number("P50"), .number("P99"), .number("P99.9"), .number("MAX"),
            .number("BANDWIDTH"),
        ])
        for row in rows {
            let values = [0.5, 0.99, 0.999].map { Cell(Units.duration(nanoseconds: row.latencies.quantile($0))) }
            table.add(
                [Cell(Units.bytes(Int64(row.blockSize))), Cell(Units.count(row.latencies.count))] + values + [
                    Cell(Units.duration(nanoseconds: row.latencies.maximum)),
                    Cell(Units.bandwidth(bytes: row.byteCount, nanoseconds: row.elapsed)),
                ])
        }
        let rate = Units.bandwidth(bytes: bandwidthBytes, nanoseconds: bandwidthNanoseconds)
        return table.lines(on: terminal) + [
            "", "\(Units.bytes(bandwidthBytes)) in blocks of 1.0 MiB, synchronized once: \(rate)",
            "submitted operations go through \(mechanism)",
        ]
    }
}
