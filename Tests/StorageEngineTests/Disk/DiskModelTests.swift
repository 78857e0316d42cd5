// SPDX-License-Identifier: Apache-2.0

import Foundation
import Primitives
import Simulation
import StorageEngine
import Testing

/// Three disks that are told the same and must answer the same.
@Suite("10,000 random operations")
struct DiskModelTests {
    private enum Operation {
        case createDirectory(String), list(String), rename(String, String), remove(String), removeTree(String)
        case open(String, OpenMode), close(Int), size(Int), allocate(Int, Int64), truncate(Int, Int64)
        case write(Int, [[UInt8]], Int64), read(Int, Int64, Int), submitRead(Int, Int64, Int), synchronize(Int)
        case submitSynchronize(Int), synchronizeDirectory(String)
    }

    /// What an operation said, in a form that all disks share.
    private enum Answer: Equatable {
        case done, opened, number(Int64), names([String]), bytes([UInt8])
        case failed(DiskFault.Operation, errno: Int32)
    }

    /// One disk under test with the files it has open, in the order of opening.
    private final class Subject {
        let disk: any Disk
        private var open: [FileID] = []
        private var lastTicket: UInt64 = 0

        init(_ disk: any Disk) { self.disk = disk }

        var openCount: Int { open.count }

        func answer(to operation: Operation) -> Answer {
            do throws(DiskFault) {
                return try perform(operation)
            } catch {
                return .failed(error.operation, errno: error.errno)
            }
        }

        private func perform(_ operation: Operation) throws(DiskFault) -> Answer {
            switch operation {
            case .createDirectory(let path): try disk.createDirectory(path)
            case .list(let path): return .names(try disk.list(path))
            case .rename(let path, let target): try disk.rename(path, to: target)
            case .remove(let path): try disk.remove(path)
            case .synchronizeDirectory(let path): try disk.synchronizeDirectory(path)
            case .removeTree(let path): return finished { disk.submitRemove(path, ticket: $0) }
            case .open(let path, let mode):
                open.append(try disk.open(path, mode))
                return .opened
            case .close(let index): disk.close(open.remove(at: index))
            case .size(let index): return .number(try disk.size(of: open[index]))
            case .allocate(let index, let size): try disk.allocate(open[index], size: size)
            case .truncate(let index, let size): try disk.truncate(open[index], to: size)
            case .write(let index, let pieces, let position):
                try disk.write(pieces.map { SharedBytes($0) }, to: open[index], at: position)
            case .read(let index, let position, let count):
                return .bytes(try disk.read(open[index], at: position, count: count).array)
            case .submitRead(let index, let position, let count):
                return finished { disk.submitRead(open[index], at: position, count: count, ticket: $0) }
            case .synchronize(let index): try disk.synchronize(open[index])
            case .submitSynchronize(let index): return finished { disk.submitSynchronize(open[index], ticket: $0) }
            }
            return .done
        }

        private func finished(_ submit: (DiskTicket) -> Void) -> Answer {
            lastTicket += 1
            submit(DiskTicket(lastTicket))
            switch disk.completions(1)[lastTicket] {
            case .read(let bytes): return .bytes(bytes.array)
            case .failed(let fault): return .failed(fault.operation, errno: fault.errno)
            case .synchronized, .removed: return .done
            case nil: return .number(-1)
            }
        }
    }

    @Test("get the same answers from every disk", arguments: [UInt64(1), 2])
    func agree(seed: UInt64) throws {
        try withDirectory { root in
            let threads = try FileDisk.open(at: root + "/threads", preferring: .threads)
            var subjects = [Subject(SimulatedDisk(seed: seed)), Subject(threads)]
            if let ring = try? FileDisk.open(at: root + "/ring", preferring: .ring) { subjects.append(Subject(ring)) }
            var entropy = Entropy(seed: seed)
            var answerCounts: [Bool: Int] = [:]
            for step in 0..<5000 {
                let operation = drawn(&entropy, openCount: subjects[0].openCount)
                let answers = subjects.map { $0.answer(to: operation) }
                try #require(answers.allSatisfy { $0 == answers[0] }, "step \(step), \(operation): \(answers)")
                if case .failed = answers[0] {
                    answerCounts[false, default: 0] += 1
                } else {
                    answerCounts[true, default: 0] += 1
                }
            }
            #expect(answerCounts[true]! > 2000 && answerCounts[false]! > 200)
        }
    }

    private func drawn(_ entropy: inout Entropy, openCount: Int) -> Operation {
        guard openCount > 0 && entropy.chance(3, in: 4) else { return drawnOfNames(&entropy) }
        let index = entropy.index(below: openCount)
        let position = Int64(entropy.index(below: 20_000))
        switch entropy.index(below: openCount > 12 ? 12 : 11) {
        case 0, 1, 2:
            let pieces = (0..<entropy.index(below: 5)).map { _ in
                [UInt8](repeating: UInt8(entropy.index(below: 256)), count: entropy.index(below: 3000))
            }
            return .write(index, pieces, position)
        case 3, 4: return .read(index, position, entropy.index(below: 9000))
        case 5: return .submitRead(index, position, entropy.index(below: 9000))
        case 6: return .size(index)
        case 7: return .truncate(index, position)
        case 8: return .allocate(index, 1 + position)
        case 9: return entropy.chance(1, in: 8) ? .submitSynchronize(index) : .size(index)
        case 10: return entropy.chance(1, in: 8) ? .synchronize(index) : .size(index)
        default: return .close(index)
        }
    }

    private func drawnOfNames(_ entropy: inout Entropy) -> Operation {
        let path = drawnPath(&entropy)
        switch entropy.index(below: 16) {
        case 0, 1, 2: return .createDirectory(path)
        case 3, 4: return .list(entropy.chance(1, in: 4) ? "" : path)
        case 5, 6: return .rename(path, drawnPath(&entropy))
        case 7: return .remove(path)
        case 8: return .removeTree(path)
        case 9: return .synchronizeDirectory(path)
        case 10: return .open(path, .read)
        case 11: return .open(path, .readWrite)
        case 12: return .open(path, .createNew)
        default: return .open(path, .createOrOpen)
        }
    }

    private func drawnPath(_ entropy: inout Entropy) -> String {
        let depth = 1 + entropy.index(below: 3)
        return (0..<depth).map { _ in ["a", "b", "c"][entropy.index(below: 3)] }.joined(separator: "/")
    }
}
