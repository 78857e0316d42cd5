// SPDX-License-Identifier: Apache-2.0

/// What a sender may still send. One frame may overdraw it, so that frames need not fit the window.
struct SendWindow: Equatable, Sendable {
    private(set) var credit: Int

    init(credit: Int) { self.credit = credit }

    var isOpen: Bool { credit > 0 }

    mutating func spend(_ byteCount: Int) {
        precondition(isOpen, "spends \(byteCount) of credit \(credit)")
        credit -= byteCount
    }

    mutating func grant(_ byteCount: Int) {
        let (sum, overflow) = credit.addingReportingOverflow(byteCount)
        credit = overflow ? .max : sum
    }
}

/// What a receiver has granted, and when it grants more.
///
/// A window of one reader grants when half of it was taken: few frames, and the sender has the other half meanwhile. A
/// shared window grants when half of what nobody holds was taken, else readers that stall would stop the others.
struct ReceiveWindow: Equatable, Sendable {
    private let size: Int
    private let isShared: Bool
    private(set) var credit: Int
    /// Taken by the reader, not yet granted again.
    private var taken = 0

    init(size: Int, isShared: Bool = false) {
        self.size = size
        self.isShared = isShared
        credit = size
    }

    /// Received and not yet taken.
    var heldByteCount: Int { size - credit - taken }

    /// False when the sender had no credit left.
    mutating func receive(_ byteCount: Int) -> Bool {
        guard credit > 0 else { return false }
        credit -= byteCount
        return true
    }

    /// How much to grant now; 0 as long as it is not worth a frame.
    mutating func take(_ byteCount: Int) -> Int {
        precondition(byteCount <= heldByteCount, "takes \(byteCount) of \(heldByteCount) held")
        taken += byteCount
        let threshold = isShared ? size - heldByteCount : size
        guard taken > 0, taken * 2 >= threshold else { return 0 }
        defer { taken = 0 }
        credit += taken
        return taken
    }
}
