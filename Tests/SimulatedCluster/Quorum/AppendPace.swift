// SPDX-License-Identifier: Apache-2.0

import Coordinator
import Primitives

/// Holds a leader to few appends after a refusal: those that overtake the first are refused as well, and refusals breed.
struct AppendPace {
    private struct Account {
        var durableEnd = Offset.zero
        /// Since the last refusal; nil when there was none.
        var sentCount: Int?
        var acknowledgedCount = 0

        /// One, then twice as many with each acknowledgement, and as many again for answers that came twice.
        var sentCountMax: Int { 4 << min(acknowledgedCount, 20) }
    }

    /// Of the last append that was sent.
    private var term: Term?
    private var accounts: [NodeID: Account] = [:]

    mutating func received(_ outcome: RaftAppendReply.Outcome, from replica: NodeID, in replyTerm: Term) {
        guard replyTerm == term else { return }
        var account = accounts[replica, default: Account()]
        switch outcome {
        case .accepted(let end):
            account.durableEnd = max(account.durableEnd, end)
            account.acknowledgedCount += 1
        case .rejected(let previous, _):
            // One from before is passed over.
            guard previous >= account.durableEnd else { return }
            (account.sentCount, account.acknowledgedCount) = (0, 0)
        }
        accounts[replica] = account
    }

    /// - Returns: Whether as many may be under way.
    mutating func sent(_ append: RaftAppend, to replica: NodeID, in newTerm: Term) -> Bool {
        if newTerm != term { (term, accounts) = (newTerm, [:]) }
        guard !append.entries.isEmpty, var account = accounts[replica], let count = account.sentCount else {
            return true
        }
        account.sentCount = count + 1
        accounts[replica] = account
        return count < account.sentCountMax
    }
}
