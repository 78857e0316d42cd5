// SPDX-License-Identifier: Apache-2.0

public import Primitives

/// Plans and begins a bounded number of moves: for draining, for `myelin cluster balance`, and for continuous
/// balancing.
public struct BalanceStep: ControllerCommand {
    public static var name: String { "BalanceStep" }

    public var loads: [PartitionLoad]
    /// Most partitions in motion, those that are already included.
    public var moveCountMax: Int
    /// Whether brokers are to be evened out; otherwise only draining ones are relieved and racks spread.
    public var evens: Bool
    /// Answer as if, and write nothing.
    public var validateOnly: Bool

    public init(loads: [PartitionLoad] = [], moveCountMax: Int, evens: Bool = true, validateOnly: Bool = false) {
        self.loads = loads
        self.moveCountMax = moveCountMax
        self.evens = evens
        self.validateOnly = validateOnly
    }

    /// No moves: nothing is left to do, or as much is in motion as may be.
    public typealias Outcome = BalancePlan

    public func decide(on state: ControllerState, using entropy: inout Entropy) -> Decision<Outcome> {
        let room = max(0, moveCountMax - state.image.reassigningPartitions().count)
        var planner = BalancePlanner(image: state.image, loads: loads)
        let plan = planner.plan(moveCountMax: room, evens: evens)
        guard !validateOnly else { return Decision(plan) }
        var draft = Draft(state)
        for move in plan.moves {
            guard let id = state.image.partitionID(move.partition) else {
                preconditionFailure("planned to move \(move.partition), which is not there")
            }
            draft.change(id) { change in
                change.reassign(to: move.to)
                if move.isLeadershipOnly { change.election = .preferred }
            }
        }
        return Decision(plan, records: draft.records)
    }
}
