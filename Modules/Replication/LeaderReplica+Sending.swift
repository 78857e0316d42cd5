// SPDX-License-Identifier: Apache-2.0

public import Primitives

/// What to send to one follower now.
public struct AppendPlan: Hashable, Sendable {
    public let header: AppendHeader
    /// Read batches from `header.previous.offset` on, up to this many bytes but at least one batch, tell `sent`, and send
    /// them after the header. 0: the header alone, nothing to tell.
    public let byteCountMax: Int
    let serial: UInt64
}

extension LeaderReplica {
    /// Takes note that frames to `node` arrive again, from now on and in order. Its log is compared first.
    ///
    /// - Parameter brokerEpoch: The registration of the broker at the other end (KIP-903).
    public mutating func linkUp(to node: NodeID, brokerEpoch: Int64) {
        guard let index = index(of: node) else { return }
        followers[index].clearFlights()
        followers[index].brokerEpoch = brokerEpoch
        followers[index].phase = .comparing
    }

    /// Takes note that frames and answers under way may be lost. Answers of the old link must not be told from now on.
    public mutating func linkLost(to node: NodeID) {
        guard let index = index(of: node) else { return }
        followers[index].forgetLink()
    }

    /// Ends the rests that are over.
    public mutating func timePassed(at now: Instant) {
        for index in followers.indices {
            guard case .resting(let end) = followers[index].phase, end <= now else { continue }
            followers[index].phase = .comparing
        }
    }

    /// Whether `nextAppend` has something for `node`.
    public func hasNext(for node: NodeID) -> Bool {
        guard newerEpoch == nil, let index = index(of: node) else { return false }
        switch followers[index].phase {
        case .away, .resting, .waiting, .copying(reading: .some): return false
        case .comparing, .ordering: return true
        case .copying(reading: nil): return followers[index].mustConfirm || hasRoom(followers[index])
        }
    }

    /// Batches under way to `node`, in bytes.
    public func inFlightByteCount(to node: NodeID) -> Int {
        index(of: node).map { followers[$0].inFlightByteCount } ?? 0
    }

    /// Where the next batches to `node` begin; nil while its log is not known to agree.
    public func nextOffset(to node: NodeID) -> Offset? {
        guard let index = index(of: node), case .copying = followers[index].phase else { return nil }
        return followers[index].next
    }

    private func hasRoom(_ follower: FollowerProgress) -> Bool {
        follower.next < logEnd && follower.inFlightByteCount < settings.inFlightByteCountMax
    }

    /// What `node` is to be sent next; nil when that is nothing, or when enough is under way.
    ///
    /// A plan without batches counts as sent. After one with batches the next comes when `sent` or `notSent` was told.
    /// - Parameter byteCountMax: Bound of the batches, by the room in the frame and the follower's quota; with 0 only
    ///   what needs no batches is planned.
    public mutating func nextAppend(
        to node: NodeID, byteCountMax: Int, epochs: some EpochTable
    ) -> AppendPlan? {
        guard hasNext(for: node), let index = index(of: node) else { return nil }
        switch followers[index].phase {
        case .away, .resting, .waiting, .copying(reading: .some): return nil
        case .comparing: return compare(index, epochs)
        case .ordering(let order, let previous, let standing):
            followers[index].phase = .waiting(because: standing)
            return plan(order, at: previous, byteCountMax: 0, index)
        case .copying(reading: nil):
            // What it lacks has been deleted since.
            guard followers[index].next >= logStart else { return compare(index, epochs) }
            let previous = position(followers[index].next, epochs)
            guard hasRoom(followers[index]), byteCountMax > 0 else {
                guard followers[index].mustConfirm else { return nil }
                followers[index].mustConfirm = false
                return plan(.append, at: previous, byteCountMax: 0, index)
            }
            followers[index].mustConfirm = false
            followers[index].phase = .copying(reading: lastPlan + 1)
            let room = settings.inFlightByteCountMax - followers[index].inFlightByteCount
            return plan(.append, at: previous, byteCountMax: min(byteCountMax, room), index)
        }
    }

    /// Takes note of the batches that go with a plan's header.
    ///
    /// - Parameter end: Offset after the last batch.
    /// - Returns: False when the follower's link or log has changed meanwhile: throw the plan away.
    @discardableResult
    public mutating func sent(_ plan: AppendPlan, to node: NodeID, through end: Offset, byteCount: Int) -> Bool {
        guard let index = index(of: node), followers[index].phase == .copying(reading: plan.serial) else {
            return false
        }
        let start = followers[index].next
        precondition(end > start && end <= logEnd, "sent \(start) to \(end) of a log that ends at \(logEnd)")
        followers[index].phase = .copying(reading: nil)
        followers[index].next = end
        followers[index].flights.append(.init(end: end, byteCount: byteCount))
        followers[index].inFlightByteCount += byteCount
        return true
    }

    /// Takes note that the batches of a plan could not be read or sent; they are planned again when asked.
    public mutating func notSent(_ plan: AppendPlan, to node: NodeID) {
        guard let index = index(of: node), followers[index].phase == .copying(reading: plan.serial) else { return }
        followers[index].phase = .copying(reading: nil)
    }

    /// Whether `node` has not been told the high watermark or log start that holds now.
    public func needsHighWatermark(to node: NodeID) -> Bool {
        guard newerEpoch == nil, let index = index(of: node), followers[index].isMatched else { return false }
        guard case .copying(reading: nil) = followers[index].phase else { return false }
        return followers[index].toldHighWatermark < highWatermark || followers[index].toldLogStart < logStart
    }

    /// A header that only spreads the news, to be sent without batches; nil when there is none.
    public mutating func announcement(to node: NodeID, epochs: some EpochTable) -> AppendHeader? {
        guard needsHighWatermark(to: node), let index = index(of: node), followers[index].next >= logStart else {
            return nil
        }
        return plan(.append, at: position(followers[index].next, epochs), byteCountMax: 0, index).header
    }

    // MARK: Helpers

    private mutating func compare(_ index: Int, _ epochs: some EpochTable) -> AppendPlan {
        followers[index].clearFlights()
        followers[index].phase = .waiting(because: nil)
        return plan(.compare, at: position(logEnd, epochs), byteCountMax: 0, index)
    }

    private func position(_ offset: Offset, _ epochs: some EpochTable) -> OffsetAndEpoch {
        OffsetAndEpoch(offset, offset > logStart ? epochs.epoch(of: offset - 1) : .none)
    }

    private mutating func plan(
        _ order: AppendOrder, at previous: OffsetAndEpoch, byteCountMax: Int, _ index: Int
    ) -> AppendPlan {
        lastPlan += 1
        followers[index].toldHighWatermark = highWatermark
        followers[index].toldLogStart = logStart
        let header = AppendHeader(
            leaderEpoch: leaderEpoch, previous: previous, order: order, highWatermark: highWatermark,
            logStart: logStart)
        return AppendPlan(header: header, byteCountMax: byteCountMax, serial: lastPlan)
    }
}
