// SPDX-License-Identifier: Apache-2.0

import Groups
import Primitives

/// Holds a consumer group to its promises: in a generation each partition has one owner, only the current generation
/// commits, and what is committed never falls.
///
/// A coordinator that was replaced and does not know it answers reads from its memory, so what is compared is what it and
/// those before it, by leader epoch, have promised.
final class GroupChecker {
    /// What was promised up to a moment.
    struct Promises {
        /// By partition, then by the leader epoch of who acknowledged.
        fileprivate(set) var committed: [PartitionIndex: [LeaderEpoch: Offset]] = [:]
        /// The newest generation whose members were told what they own.
        fileprivate(set) var generation = GenerationID.none
    }

    private let world: World
    private(set) var promises = Promises()
    private var told: [PartitionIndex: Offset] = [:]
    private var owners: [GenerationID: [PartitionIndex: MemberID]] = [:]

    init(world: World) { self.world = world }

    /// A member was told what it owns.
    func synced(_ member: MemberID, _ generation: GenerationID, owning partitions: [PartitionIndex]) {
        for partition in partitions {
            let other = owners[generation, default: [:]].updateValue(member, forKey: partition)
            world.check(
                other == nil || other == member, "a partition has one owner in a generation",
                "\(partition) in \(generation): \(member) and \(other!)")
        }
        promises.generation = max(promises.generation, generation)
    }

    /// A member was told that its positions are committed, and asked when `before` held.
    func committed(
        _ positions: [PartitionIndex: Offset], _ generation: GenerationID, in epoch: LeaderEpoch, after before: Promises
    ) {
        world.check(
            generation >= before.generation, "only the current generation commits",
            "a commit of \(generation) was taken after \(before.generation) had begun")
        for (partition, offset) in positions {
            let known = promises.committed[partition, default: [:]][epoch, default: .zero]
            promises.committed[partition, default: [:]][epoch] = max(known, offset)
            told[partition] = max(told[partition, default: .zero], offset)
        }
    }

    /// A member was told what is committed, and asked when `before` held.
    func fetched(_ offset: Offset, of partition: PartitionIndex, in epoch: LeaderEpoch, after before: Promises) {
        let floor = before.committed[partition, default: [:]].filter { $0.key <= epoch }.values.max() ?? .zero
        world.check(
            offset >= floor, "committed offsets never fall", "\(partition): \(offset) in epoch \(epoch), was \(floor)")
        told[partition] = max(told[partition, default: .zero], offset)
    }

    /// The largest offset that anybody was told is committed, whether they committed it or asked.
    func committedEnd(of partition: PartitionIndex) -> Offset { told[partition, default: .zero] }
}
