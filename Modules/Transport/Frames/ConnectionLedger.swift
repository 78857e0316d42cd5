// SPDX-License-Identifier: Apache-2.0

internal import Primitives
import Synchronization

/// Counts the open connections of a listener, in all and by the peer's address, and says who may come in.
final class ConnectionLedger: Sendable {
    enum Admission {
        case admitted
        case tooMany
        case tooManyOfAddress
        case tooOftenOfAddress
    }

    fileprivate struct State {
        var openCount = 0
        var openCountByAddress: [String: Int] = [:]
        /// When each address may connect again; those whose time has come are forgotten.
        var nextByAddress: [String: Int64] = [:]
        /// When the next connection of the listener may begin.
        var next: Int64 = 0
        var rates = AddressRates()
    }

    // A lock, because connections end on any loop; it is taken twice in a connection's life.
    private let state = Mutex(State())
    let limits: ConnectionLimits

    init(limits: ConnectionLimits) { self.limits = limits }

    var openCount: Int { state.withLock { $0.openCount } }

    /// Counts a connection from `host` in, unless there are enough.
    ///
    /// - Parameter now: nil: however often it comes.
    func admit(_ host: String, at now: Instant? = nil) -> Admission {
        state.withLock { state in
            guard state.openCount < limits.connectionCountMax else { return .tooMany }
            let openCount = state.openCountByAddress[host, default: 0]
            let countMax = limits.connectionCountMaxByAddress[host] ?? limits.connectionCountPerAddressMax
            guard openCount < countMax else { return .tooManyOfAddress }
            if let now, !state.mayConnect(host, at: now.nanoseconds) { return .tooOftenOfAddress }
            state.openCount += 1
            state.openCountByAddress[host] = openCount + 1
            return .admitted
        }
    }

    /// How long an admitted connection waits, so that the listener keeps within its rate.
    func delayNanoseconds(at now: Instant) -> Int64 {
        state.withLock { $0.start(limits.connectionRateMax, at: now.nanoseconds) - now.nanoseconds }
    }

    /// Sets what addresses may connect from now on.
    func limit(_ rates: AddressRates) {
        state.withLock { state in
            guard state.rates != rates else { return }
            state.rates = rates
            state.nextByAddress = [:]
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

extension ConnectionLedger.State {
    private static let second: Int64 = 1_000_000_000
    /// Addresses whose last connections are remembered; beyond that, those that may connect again are forgotten, and when
    /// there are none, a further address is not limited.
    private static let addressCountMax = 65_536

    /// Whether an address keeps within its rate; a second's worth may come at once.
    fileprivate mutating func mayConnect(_ host: String, at now: Int64) -> Bool {
        guard let rate = rates.byAddress[host] ?? rates.ofOthers else { return true }
        let next = max(nextByAddress[host] ?? 0, now - Self.second)
        guard next <= now else { return false }
        if nextByAddress.count >= Self.addressCountMax, nextByAddress[host] == nil {
            nextByAddress = nextByAddress.filter { $0.value > now - Self.second }
            guard nextByAddress.count < Self.addressCountMax else { return true }
        }
        nextByAddress[host] = next + Int64(Double(Self.second) / rate)
        return true
    }

    /// When a connection may begin; a second's worth may come at once.
    fileprivate mutating func start(_ rate: Int, at now: Int64) -> Int64 {
        next = max(next, now - Self.second) + Self.second / Int64(rate)
        return max(next, now)
    }
}

/// Connections a second that addresses may make (KIP-612).
public struct AddressRates: Hashable, Sendable {
    public var byAddress: [String: Double]
    /// Of each address without a rate of its own; nil: without limit.
    public var ofOthers: Double?

    public init(byAddress: [String: Double] = [:], ofOthers: Double? = nil) {
        self.byAddress = byAddress
        self.ofOthers = ofOthers
    }
}
