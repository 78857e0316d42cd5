// SPDX-License-Identifier: Apache-2.0

/// How long to wait before the next try: twice as long each time, within bounds, off by up to a fifth so that clients that
/// failed together do not come back together.
package struct Backoff {
    package static let firstMilliseconds: Int64 = 20
    package static let mostMilliseconds: Int64 = 1_000
    private var attempts = 0

    /// - Parameter chance: uniform in 0..<1.
    package init() {}

    package mutating func nextMilliseconds(chance: Double) -> Int64 {
        let doubled = Self.firstMilliseconds << min(attempts, 10)
        attempts += 1
        let bounded = min(doubled, Self.mostMilliseconds)
        return Int64(Double(bounded) * (0.8 + 0.4 * chance))
    }
}

/// When the client gives something up.
struct Deadline: Sendable {
    private let instant: ContinuousClock.Instant

    init(afterMilliseconds milliseconds: Int64) { instant = .now + .milliseconds(milliseconds) }

    var hasPassed: Bool { .now >= instant }

    /// 0 when it has passed.
    var remainingMilliseconds: Int64 {
        let left = instant - .now
        return max(0, left.components.seconds * 1000 + left.components.attoseconds / 1_000_000_000_000_000)
    }
}

/// Tries until `body` succeeds, fails for good, or the deadline passes.
///
/// - Parameters:
///   - isolation: of the caller, so that `body` may touch the caller's state.
///   - afterFailure: called before each further try.
func retrying<Value>(
    _ what: String, until deadline: Deadline, isolation: isolated (any Actor)? = #isolation,
    afterFailure: (ClientError) async -> Void = { _ in },
    _ body: () async throws(ClientError) -> Value
) async throws(ClientError) -> Value {
    var backoff = Backoff()
    while true {
        do throws(ClientError) {
            return try await body()
        } catch {
            guard error.isRetriable else { throw error }
            let wait = backoff.nextMilliseconds(chance: .random(in: 0..<1))
            guard deadline.remainingMilliseconds > wait, !Task.isCancelled else {
                throw ClientError.timedOut(what, after: error)
            }
            await afterFailure(error)
            try? await Task.sleep(for: .milliseconds(wait))
        }
    }
}
