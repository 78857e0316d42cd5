// SPDX-License-Identifier: Apache-2.0

internal import Primitives

/// Finds moves that make a cluster more even: off draining brokers first, then over racks, then by load.
///
/// Greedy and deterministic. The unevenness of a cluster is the sum over goals and brokers of the squared distance
/// from the mean, in units of the mean; a move is taken only when it makes that smaller, so planning comes to an end,
/// and moves do not undo each other. No move puts two replicas on a broker or a partition into fewer racks.
public struct BalancePlanner {
    /// Unevenness that is left alone, in hundredths of the mean.
    public static let tolerancePercent = 10

    private struct Move {
        let id: PartitionID
        let from: [NodeID]
        let to: [NodeID]
    }

    private let image: MetadataImage
    private let loads: [PartitionID: PartitionLoad]
    /// Brokers that may be given replicas, by id.
    private let candidates: [NodeID]
    private let racks: [NodeID: String]
    /// What each broker has when everything that is under way or planned is complete.
    private var brokers: [NodeID: BrokerLoad] = [:]
    /// Of the candidates.
    private var mean = BrokerLoad.zero
    /// Partitions that this plan moves; each moves once.
    private var planned: Set<PartitionID> = []
    private var moves: [BalanceMove] = []

    /// - Parameter loads: Of partitions that cost anything; the others count as replicas and leaders only.
    public init(image: MetadataImage, loads: [PartitionLoad] = []) {
        self.image = image
        self.loads = Dictionary(loads.map { ($0.partition, $0) }, uniquingKeysWith: { first, _ in first })
        candidates = image.placementCandidates().map(\.id)
        racks = Dictionary(uniqueKeysWithValues: image.brokers().map { ($0.id, $0.rack ?? "") })
        for broker in image.brokers() { brokers[broker.id] = load(of: broker.id) }
        mean = meanLoad()
    }

    /// - Parameters:
    ///   - moveCountMax: Most partitions to move.
    ///   - evens: Whether brokers are to be evened out; otherwise only draining ones are relieved and racks spread.
    /// - Complexity: O(partitions), and for each move that evens O(partitions of a few brokers).
    public mutating func plan(moveCountMax: Int, evens: Bool = true) -> BalancePlan {
        let before = skews()
        drain(upTo: moveCountMax)
        spreadRacks(upTo: moveCountMax)
        while evens, moves.count < moveCountMax {
            guard BalanceGoal.allCases.contains(where: { improve($0, upTo: moveCountMax) }) else { break }
        }
        return BalancePlan(moves: moves, before: before, after: skews())
    }
}

// MARK: Draining and racks

extension BalancePlanner {
    private mutating func drain(upTo moveCountMax: Int) {
        for broker in image.brokers() where broker.isDraining {
            for id in image.partitions(on: broker.id) {
                guard moves.count < moveCountMax else { return }
                guard let replicas = movable(id), let place = replicas.firstIndex(of: broker.id) else { continue }
                guard let target = bestTarget(for: id, replacing: place, in: replicas) else { continue }
                let move = Move(id: id, from: replicas, to: replicas.replacing(place, by: target))
                take(move, because: .drains(broker.id))
            }
        }
    }

    private mutating func spreadRacks(upTo moveCountMax: Int) {
        guard Set(candidates.map { racks[$0] }).count > 1, moves.count < moveCountMax else { return }
        for id in image.partitions(where: { rackCount($0.replicas) < $0.replicas.count }) {
            guard moves.count < moveCountMax else { return }
            guard let replicas = movable(id) else { continue }
            // The last of those that share a rack moves, so that the leader does not have to.
            let place = replicas.indices.last { place in
                replicas[..<place].contains { racks[$0] == racks[replicas[place]] }
            }
            guard let place, let target = bestTarget(for: id, replacing: place, in: replicas) else { continue }
            let move = Move(id: id, from: replicas, to: replicas.replacing(place, by: target))
            if rackCount(move.to) > rackCount(move.from) { take(move, because: .spreadsRacks) }
        }
    }

    /// The broker that leaves the partition in most racks, and of those the one that bears least.
    private func bestTarget(for id: PartitionID, replacing place: Int, in replicas: [NodeID]) -> NodeID? {
        candidates.filter { !replicas.contains($0) }
            .map { (id: $0, racks: rackCount(replicas.replacing(place, by: $0)), fullness: fullness(of: $0)) }
            .min { ($1.racks, $0.fullness, $0.id) < ($0.racks, $1.fullness, $1.id) }?.id
    }

    private func fullness(of broker: NodeID) -> Double {
        BalanceGoal.allCases.reduce(0) { mean[$1] > 0 ? $0 + load(broker, $1) / mean[$1] : $0 }
    }

    private func rackCount(_ replicas: [NodeID]) -> Int { Set(replicas.map { racks[$0] ?? "" }).count }
}

// MARK: Evening out

extension BalancePlanner {
    /// Takes moves that serve a goal, from one broker to one other; false when the goal is reached or nothing helps.
    private mutating func improve(_ goal: BalanceGoal, upTo moveCountMax: Int) -> Bool {
        guard isUneven(goal) else { return false }
        let ordered = candidates.sorted { (load($0, goal), $0) < (load($1, goal), $1) }
        for target in ordered where load(target, goal) < mean[goal] {
            for source in ordered.reversed() where load(source, goal) > mean[goal] {
                let before = moves.count
                for move in helpfulMoves(for: goal, from: source, to: target) {
                    guard moves.count < moveCountMax, isUneven(goal),
                        gain(of: move, from: source, to: target) > 0,
                        load(source, goal) > mean[goal], load(target, goal) < mean[goal]
                    else { break }
                    let (load, mean) = (Int64(load(source, goal)), Int64(mean[goal]))
                    take(move, because: .evens(goal, over: source, onto: target, load: load, mean: mean))
                }
                if moves.count > before { return true }
            }
        }
        return false
    }

    private func isUneven(_ goal: BalanceGoal) -> Bool {
        let loads = candidates.map { load($0, goal) }
        guard let most = loads.max(), let least = loads.min(), mean[goal] > 0 else { return false }
        let slack = mean[goal] * Double(Self.tolerancePercent) / 100
        return most > mean[goal] + slack || least < mean[goal] - slack
    }

    /// Moves of one replica or leadership between two brokers, those first that help most for what they copy.
    private func helpfulMoves(for goal: BalanceGoal, from source: NodeID, to target: NodeID) -> [Move] {
        var found: [(move: Move, worth: Double)] = []
        for id in image.partitions(on: source) {
            guard let replicas = movable(id), let place = replicas.firstIndex(of: source) else { continue }
            let cost = BrokerLoad(of: loads[id], isLeader: place == 0)
            guard cost[goal] > 0, let to = exchange(replicas, place, target) else { continue }
            let move = Move(id: id, from: replicas, to: to)
            let gain = gain(of: move, from: source, to: target)
            let copied = replicas.contains(target) ? 0 : cost[.diskBytes] / bytesPerReplica
            if gain > 0 { found.append((move, gain / (1 + copied))) }
        }
        return found.sorted { ($1.worth, $0.move.id) < ($0.worth, $1.move.id) }.map(\.move)
    }

    private func gain(of move: Move, from source: NodeID, to target: NodeID) -> Double {
        let cost = BrokerLoad(of: loads[move.id], isLeader: move.from[0] == source)
        return gain(of: move.from.contains(target) ? cost.ofLeading : cost, from: source, to: target)
    }

    /// The replicas with `target` where the source is: it comes instead, or, where it is there already, leads instead.
    private func exchange(_ replicas: [NodeID], _ place: Int, _ target: NodeID) -> [NodeID]? {
        guard let other = replicas.firstIndex(of: target) else {
            let after = replicas.replacing(place, by: target)
            return rackCount(after) >= rackCount(replicas) ? after : nil
        }
        guard place == 0 else { return nil }
        var after = replicas
        after.swapAt(0, other)
        return after
    }

    /// By how much the unevenness shrinks when `cost` goes from one broker to another.
    private func gain(of cost: BrokerLoad, from source: NodeID, to target: NodeID) -> Double {
        BalanceGoal.allCases.reduce(0) { sum, goal in
            guard mean[goal] > 0, cost[goal] > 0 else { return sum }
            let difference = load(source, goal) - load(target, goal) - cost[goal]
            return sum + 2 * cost[goal] * difference / (mean[goal] * mean[goal])
        }
    }

    /// Copying this much halves what a move is worth.
    private var bytesPerReplica: Double {
        mean[.diskBytes] > 0 ? mean[.diskBytes] / mean[.replicaCount] : 1
    }
}

// MARK: Loads

extension BalancePlanner {
    /// Where a partition is; nil when it cannot be moved now: it is in motion, or nobody leads it.
    private func movable(_ id: PartitionID) -> [NodeID]? {
        guard !planned.contains(id), let partition = image.partition(id) else { return nil }
        return partition.isReassigning || partition.leader == .none ? nil : partition.replicas
    }

    private mutating func take(_ move: Move, because reason: BalanceReason) {
        let load = loads[move.id]
        for (place, broker) in move.from.enumerated() {
            brokers[broker]? -= BrokerLoad(of: load, isLeader: place == 0)
        }
        for (place, broker) in move.to.enumerated() {
            brokers[broker]? += BrokerLoad(of: load, isLeader: place == 0)
        }
        mean = meanLoad()
        planned.insert(move.id)
        let copyCount = move.to.count { !move.from.contains($0) }
        moves.append(
            BalanceMove(
                partition: image.reference(to: move.id), from: move.from, to: move.to,
                bytes: Int64(copyCount) * (load?.bytes ?? 0), reason: reason))
    }

    private func load(of broker: NodeID) -> BrokerLoad {
        var sum = BrokerLoad.zero
        for id in image.partitions(on: broker) {
            guard let place = image.partition(id)?.targetReplicas.firstIndex(of: broker) else { continue }
            sum += BrokerLoad(of: loads[id], isLeader: place == 0)
        }
        return sum
    }

    private func load(_ broker: NodeID, _ goal: BalanceGoal) -> Double { brokers[broker]?[goal] ?? 0 }

    private func meanLoad() -> BrokerLoad {
        var sum = BrokerLoad.zero
        for broker in candidates { sum += brokers[broker] ?? .zero }
        return sum / max(1, candidates.count)
    }

    private func skews() -> [BalanceSkew] {
        BalanceGoal.allCases.map { goal in
            let loads = candidates.map { load($0, goal) }
            return BalanceSkew(
                goal: goal, most: Int64(loads.max() ?? 0), least: Int64(loads.min() ?? 0),
                mean: Int64(mean[goal]))
        }
    }
}

extension [NodeID] {
    fileprivate func replacing(_ place: Int, by broker: NodeID) -> [NodeID] {
        var replicas = self
        replicas[place] = broker
        return replicas
    }
}
