// SPDX-License-Identifier: Apache-2.0

internal import Primitives

/// Batch starts that were seen lately, so that reads at the tail and reads that go on where one ended need no I/O.
struct RecentPositions: Sendable {
    struct Place: Equatable, Sendable {
        let offset: Offset
        let segment: Offset
        let position: Int64
    }

    /// Starts of the batches appended last, by offset; the oldest is overwritten first.
    private var appended: [Place] = []
    private var appendedNext = 0
    /// Ends of the slices given last, in no order.
    private var cursors: [Place] = []
    private var cursorNext = 0

    static let appendedCountMax = 256
    static let cursorCountMax = 32

    mutating func noteAppended(_ place: Place) {
        if appended.count < Self.appendedCountMax {
            appended.append(place)
        } else {
            appended[appendedNext] = place
            appendedNext = (appendedNext + 1) % Self.appendedCountMax
        }
    }

    mutating func noteCursor(_ place: Place) {
        guard !cursors.contains(place) else { return }
        if cursors.count < Self.cursorCountMax {
            cursors.append(place)
        } else {
            cursors[cursorNext] = place
            cursorNext = (cursorNext + 1) % Self.cursorCountMax
        }
    }

    /// Where the batch that begins with `offset` is.
    func place(of offset: Offset) -> Place? {
        let index = firstAppended { $0.offset >= offset }
        if index < appended.count, self[appended: index].offset == offset { return self[appended: index] }
        return cursors.first { $0.offset == offset }
    }

    /// The last known batch start of `segment` in `positions`.
    func last(in positions: ClosedRange<Int64>, of segment: Offset) -> Place? {
        let index = firstAppended {
            $0.segment > segment || $0.segment == segment && $0.position > positions.upperBound
        }
        guard index > 0 else { return nil }
        let place = self[appended: index - 1]
        return place.segment == segment && place.position >= positions.lowerBound ? place : nil
    }

    mutating func forgetAll() { self = RecentPositions() }

    private subscript(appended index: Int) -> Place { appended[(appendedNext + index) % appended.count] }

    private func firstAppended(where belongsAfter: (Place) -> Bool) -> Int {
        var low = 0
        var high = appended.count
        while low < high {
            let middle = (low + high) / 2
            if belongsAfter(self[appended: middle]) { high = middle } else { low = middle + 1 }
        }
        return low
    }
}
