// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// Counts the open connections of a listener, in all and by the peer's address, and says who may come in.
final class ConnectionLedger: Sendable {
    enum Admission {
        case admitted
        case tooMany
        case tooManyOfAddress
    }

    private struct State {
        var openCount = 0
        var openCountByAddress: [String: Int] = [:]
    }

    // A lock, because connections end on any loop; it is taken twice in a connection's life.
    private let state = Mutex(State())
    let limits: ConnectionLimits

    init(limits: ConnectionLimits) { self.limits = limits }

    var openCount: Int { state.withLock { $0.openCount } }

    /// Counts a connection from `host` in, unless there are enough.
    func admit(_ host: String) -> Admission {
        state.withLock { state in
            guard state.openCount < limits.connectionCountMax else { return .tooMany }
            let openCount = state.openCountByAddress[host, default: 0]
            guard openCount < limits.connectionCountPerAddressMax else { return .tooManyOfAddress }
            state.openCount += 1
            state.openCountByAddress[host] = openCount + 1
            return .admitted
        }
    }

    /// Counts an admitted connection out.
    func leave(_ host: String) {
        state.withLock { state in
            guard let openCount = state.openCountByAddress[host] else {
                preconditionFailure("a connection from \(host) left that never came")
            }
            state.openCount -= 1
            state.openCountByAddress[host] = openCount == 1 ? nil : openCount - 1
        }
    }
}
