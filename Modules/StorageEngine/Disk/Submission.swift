// SPDX-License-Identifier: Apache-2.0

import Primitives

/// An operation on its way, with all it needs until it is done.
struct Submission: Sendable {
    enum Work: Sendable {
        case synchronize(OpenFile)
        case read(OpenFile, position: Int64, buffer: ReadBuffer)
        /// `root` is the directory that `path` starts from.
        case remove(String, root: OpenFile)
    }

    let ticket: DiskTicket
    let work: Work

    /// Does the work on this thread.
    func perform() -> DiskCompletion.Outcome {
        do throws(DiskFault) {
            switch work {
            case .synchronize(let file):
                try SystemCalls.synchronize(file)
                return .synchronized
            case .read(let file, let position, let buffer):
                return .read(try SystemCalls.read(file, at: position, into: buffer))
            case .remove(let path, let root):
                try SystemCalls.removeTree(path, below: root.descriptor)
                return .removed
            }
        } catch {
            return .failed(error)
        }
    }
}

/// A submission that is done.
struct Finished: Sendable {
    let submission: Submission
    let outcome: DiskCompletion.Outcome
}

/// What carries out submitted operations: the one thing in which the disks made of real files differ.
protocol SubmissionEngine: AnyObject {
    /// Readable while finished operations wait.
    var signal: CompletionSignal { get }
    var mechanism: String { get }
    func submit(_ submission: Submission)
    func flush()
    func takeFinished(into finished: inout [Finished])
}

/// A queue whose front moves without shifting the rest.
struct Fifo<Element> {
    private var elements: [Element?] = []
    private var first = 0

    var count: Int { elements.count - first }
    var isEmpty: Bool { count == 0 }

    mutating func append(_ element: Element) { elements.append(element) }

    mutating func popFirst() -> Element? {
        guard first < elements.count else { return nil }
        defer {
            elements[first] = nil
            first += 1
            // Half empty: moving the rest costs no more than what was taken out since the last time.
            if first * 2 >= elements.count {
                elements.removeFirst(first)
                first = 0
            }
        }
        return elements[first]
    }

    mutating func removeAll() {
        elements.removeAll()
        first = 0
    }
}
