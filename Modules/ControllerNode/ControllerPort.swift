// SPDX-License-Identifier: Apache-2.0

public import Coordinator

/// How a broker reaches the controller that decides for the cluster: in its own process, or over the network.
///
/// Confined to the loop of its owner. Publications come in the order of the metadata log, and the reply to a command comes
/// after the publication that holds what the command led to.
public protocol ControllerPort: AnyObject {
    /// Calls `body` after every commit, and at once with the present image and an empty delta when there is one.
    func subscribe(_ body: @escaping (MetadataPublication) -> Void)

    /// Hands a command to the active controller.
    ///
    /// - Parameter reply: Called once, on the loop of the owner, possibly before this returns.
    func submit<Command: ControllerCommand>(
        _ command: Command, reply: @escaping (Result<Command.Outcome, SubmitRefusal>) -> Void)
}
