// SPDX-License-Identifier: Apache-2.0

import Foundation
import Primitives
import Simulation
import StorageEngine
import Testing

/// A disk of each kind, so that one test holds them all to the same promise.
enum DiskKind: String, CaseIterable, CustomTestStringConvertible {
    case ring, threads, simulated

    var testDescription: String { rawValue }

    /// Runs `body` on an empty disk and removes what it left. Where the system refuses io_uring its tests are skipped.
    func withDisk(_ body: (any Disk) throws -> Void) throws {
        guard self != .simulated else { return try body(SimulatedDisk(seed: 1)) }
        try withDirectory { root in
            do {
                try body(FileDisk.open(at: root, preferring: self == .ring ? .ring : .threads))
            } catch let fault as DiskFault where self == .ring && fault.target == "io_uring" {
                try Test.cancel("io_uring is refused here with errno \(fault.errno)")
            }
        }
    }
}

/// Lends a fresh directory of the system and removes it afterwards.
func withDirectory<Result>(_ body: (String) throws -> Result) throws -> Result {
    let root = FileManager.default.temporaryDirectory.appending(path: "myelin-disk-\(UUID().uuidString)").path
    try FileManager.default.createDirectory(atPath: root, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: root) }
    return try body(root)
}

extension Disk {
    /// Hands over what was submitted and collects `count` completions, for at most ten seconds.
    func completions(_ count: Int) -> [UInt64: DiskCompletion.Outcome] {
        flushSubmissions()
        var all: [DiskCompletion] = []
        let deadline = ContinuousClock.now + .seconds(10)
        while all.count < count && ContinuousClock.now < deadline {
            takeCompletions(into: &all)
            if all.count < count, let completionDescriptor { waitUntilReadable(completionDescriptor) }
        }
        #expect(all.count == count)
        return Dictionary(all.map { ($0.ticket.rawValue, $0.outcome) }) { one, _ in one }
    }

    func writeText(_ text: String, to file: FileID, at position: Int64 = 0) throws {
        try write([SharedBytes(text)], to: file, at: position)
    }

    func text(of file: FileID, at position: Int64 = 0, count: Int = 1 << 16) throws -> String {
        String(decoding: try read(file, at: position, count: count).array, as: UTF8.self)
    }
}

func waitUntilReadable(_ descriptor: Int32, milliseconds: Int32 = 100) {
    var entry = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
    _ = poll(&entry, 1, milliseconds)
}

extension DiskCompletion.Outcome {
    var bytes: [UInt8]? { if case .read(let bytes) = self { bytes.array } else { nil } }
    var fault: DiskFault? { if case .failed(let fault) = self { fault } else { nil } }
    var isSynchronized: Bool { if case .synchronized = self { true } else { false } }
    var isRemoved: Bool { if case .removed = self { true } else { false } }
}
