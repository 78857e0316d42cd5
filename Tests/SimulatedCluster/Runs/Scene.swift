// SPDX-License-Identifier: Apache-2.0

/// A cluster under test with its clients and the promises it is held to.
package protocol Scene: Disturbable {
    func begin()
    /// The faults have ended: what a lasting disturbance would leave undone may be finished now.
    func faultsEnded()
    /// Whether the cluster does its work again and every client has its answers.
    var hasRecovered: Bool { get }
    /// What keeps it from that, for people.
    var whatIsMissing: String { get }
    /// Compares what the clients saw with what the cluster holds.
    func checkHistory()
}
