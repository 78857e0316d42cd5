// SPDX-License-Identifier: Apache-2.0

package import Coordinator
package import Primitives
package import WireProtocol

/// What a broker's way to the controllers needs below it: a clock, one stream to follow, and calls.
///
/// The framed RPC in production, the network of the simulator in tests. What happens is told to the `ControllerClient`, on
/// its thread, and never before the method that asked for it has returned.
package protocol ControllerLink: AnyObject {
    var now: Instant { get }
    /// Traps on any other thread than the client's.
    func preconditionCurrent()
    /// Has `ControllerClient.timePassed()` called at `deadline` or soon after; an earlier call replaces a later one.
    func wake(at deadline: Instant)

    /// Ends the stream before, and opens one that brings the metadata from `offset` on.
    ///
    /// - Parameter cluster: The controller's, where it is known; else any is accepted.
    func follow(_ endpoint: Controller.ControllerEndpoint, from offset: Offset, in cluster: ClusterID?, stream: UInt64)
    func unfollow()

    /// Asks one controller once.
    func send(
        _ request: LeaderRequest, to endpoint: Controller.ControllerEndpoint, in cluster: ClusterID?, call: UInt64,
        deadline: Instant)
    /// Nobody waits for the answer any more.
    func cancel(call: UInt64)

    /// Ends everything. Nothing may be asked afterwards.
    func close()
}
