// SPDX-License-Identifier: Apache-2.0

import Primitives
import Replication

/// Replicas of one partition, the links between them and a controller, all in memory: what a driver does, in the least code.
struct ModelCluster {
    struct Frame {
        let header: AppendHeader
        let first: Offset
        let records: [ModelLog.Record]
    }

    /// From a leader to a follower and back, in order.
    struct Link {
        var isUp = true
        var frames: [Frame] = []
        var answers: [(AppendAnswer, LeaderEpoch)] = []
    }

    struct Broker {
        let node: NodeID
        var log = ModelLog()
        var brokerEpoch: Int64
        var isRunning = true
        var leader: LeaderReplica?
        var follower: FollowerReplica?
        var highWatermark = Offset.zero
        var epochSeen = LeaderEpoch.none
    }

    struct Violation: Error, CustomStringConvertible {
        let description: String
        init(_ description: String) { self.description = description }
    }

    var controller: ModelController
    var brokers: [Broker]
    /// By leader, then follower.
    var links: [[Link]]
    var now = Instant(nanoseconds: 0)
    /// What some leader had below its high watermark, from offset 0.
    private(set) var committed: [ModelLog.Record] = []
    private var contentCount = 0
    private let settings: ReplicationSettings

    init(replicaCount: Int, inSyncCountMin: Int, settings: ReplicationSettings = .init()) {
        let nodes = (0..<replicaCount).map { NodeID(Int32($0)) }
        controller = ModelController(replicas: nodes, inSyncCountMin: inSyncCountMin)
        let live = controller.live
        brokers = nodes.map { Broker(node: $0, brokerEpoch: live[$0] ?? -1) }
        links = nodes.map { _ in nodes.map { _ in Link() } }
        self.settings = settings
        for index in brokers.indices { learn(index) }
    }

    // MARK: What happens to a broker

    /// Brings metadata to a broker.
    mutating func learn(_ index: Int) {
        guard brokers[index].isRunning else { return }
        let node = brokers[index].node
        // A replay of how things were before this process was registered makes nobody a leader.
        guard controller.live[node] == brokers[index].brokerEpoch else { return }
        guard controller.leader == node else { return follow(index) }
        guard brokers[index].leader?.leaderEpoch != controller.leaderEpoch else {
            brokers[index].leader?.assignmentChanged(controller.assignment, at: now)
            return
        }
        lead(index)
    }

    private mutating func lead(_ index: Int) {
        guard controller.leaderEpoch >= brokers[index].epochSeen else { return }
        rememberHighWatermark(index)
        var leader = LeaderReplica(
            node: brokers[index].node, leaderEpoch: controller.leaderEpoch, assignment: controller.assignment,
            standing: brokers[index].log.standing, highWatermark: brokers[index].highWatermark, settings: settings,
            at: now)
        for other in brokers.indices where other != index && links[index][other].isUp && brokers[other].isRunning {
            links[index][other] = Link()
            leader.linkUp(to: brokers[other].node, brokerEpoch: brokers[other].brokerEpoch)
        }
        brokers[index].leader = leader
        brokers[index].follower = nil
        brokers[index].epochSeen = controller.leaderEpoch
    }

    private mutating func follow(_ index: Int) { follow(index, controller.leaderEpoch) }

    private mutating func follow(_ index: Int, _ epoch: LeaderEpoch) {
        guard epoch > brokers[index].epochSeen || brokers[index].leader == nil && brokers[index].follower == nil else {
            return
        }
        rememberHighWatermark(index)
        if brokers[index].follower == nil {
            brokers[index].follower = FollowerReplica(
                leaderEpoch: epoch, highWatermark: brokers[index].highWatermark)
        }
        brokers[index].follower?.follow(epoch)
        brokers[index].leader = nil
        brokers[index].epochSeen = epoch
    }

    private mutating func rememberHighWatermark(_ index: Int) {
        let known = brokers[index].leader?.highWatermark ?? brokers[index].follower?.highWatermark
        if let known { brokers[index].highWatermark = known }
    }

    /// - Returns: Whether there was a leader that believes in itself.
    @discardableResult
    mutating func produce(at index: Int) -> Bool {
        guard brokers[index].isRunning, let epoch = brokers[index].leader?.leaderEpoch else { return false }
        contentCount += 1
        brokers[index].log.append(.init(epoch: epoch, content: contentCount))
        let end = brokers[index].log.end
        brokers[index].leader?.appended(end, at: now)
        return true
    }

    mutating func synchronize(_ index: Int) {
        guard brokers[index].isRunning else { return }
        brokers[index].log.synchronize()
        let end = brokers[index].log.durableEnd
        brokers[index].leader?.synchronized(end)
        guard let follower = brokers[index].follower, follower.isMatched else { return }
        for leader in brokers.indices where brokers[leader].leader?.leaderEpoch == follower.leaderEpoch {
            answer(accepted(index), follower.leaderEpoch, from: index, to: leader)
        }
    }

    mutating func crash(_ index: Int, keeping extra: Int) {
        guard brokers[index].isRunning else { return }
        brokers[index].log.crash(keeping: extra)
        brokers[index].isRunning = false
        (brokers[index].leader, brokers[index].follower) = (nil, nil)
        for other in brokers.indices where other != index {
            drop(index, other)
            drop(other, index)
        }
    }

    mutating func start(_ index: Int) {
        guard !brokers[index].isRunning else { return }
        brokers[index].isRunning = true
        brokers[index].highWatermark = brokers[index].log.start
        brokers[index].epochSeen = .none
        brokers[index].brokerEpoch = controller.register(brokers[index].node)
        for other in brokers.indices where other != index { connect(other, index) }
        learn(index)
    }

    mutating func trim(_ index: Int) {
        guard let highWatermark = brokers[index].leader?.highWatermark else { return }
        brokers[index].log.deleteRecords(before: min(highWatermark, brokers[index].log.durableEnd))
        let start = brokers[index].log.start
        brokers[index].leader?.logStartMoved(start)
    }

    // MARK: Links

    mutating func cutLink(_ leader: Int, _ follower: Int) {
        drop(leader, follower)
        links[leader][follower].isUp = false
    }

    mutating func mendLink(_ leader: Int, _ follower: Int) {
        guard !links[leader][follower].isUp else { return }
        links[leader][follower].isUp = true
        connect(leader, follower)
    }

    private mutating func drop(_ leader: Int, _ follower: Int) {
        links[leader][follower].frames = []
        links[leader][follower].answers = []
        let node = brokers[follower].node
        brokers[leader].leader?.linkLost(to: node)
    }

    private mutating func connect(_ leader: Int, _ follower: Int) {
        guard links[leader][follower].isUp, brokers[leader].isRunning, brokers[follower].isRunning else { return }
        let (node, brokerEpoch) = (brokers[follower].node, brokers[follower].brokerEpoch)
        brokers[leader].leader?.linkUp(to: node, brokerEpoch: brokerEpoch)
    }

    /// Sends one follower what its leader has for it.
    @discardableResult
    mutating func send(_ index: Int, to other: Int, recordCountMax: Int = 3) -> Bool {
        let log = brokers[index].log
        let node = brokers[other].node
        guard brokers[index].isRunning, links[index][other].isUp else { return false }
        if let plan = brokers[index].leader?.nextAppend(to: node, byteCountMax: recordCountMax, epochs: log) {
            let first = plan.header.previous.offset
            let end = min(log.end, first + Int64(plan.byteCountMax))
            let records = plan.byteCountMax == 0 ? [] : (first.rawValue..<end.rawValue).map { log[Offset($0)] }
            if !records.isEmpty {
                brokers[index].leader?.sent(plan, to: node, through: end, byteCount: records.count)
            }
            links[index][other].frames.append(Frame(header: plan.header, first: first, records: records))
            return true
        }
        if let header = brokers[index].leader?.announcement(to: node, epochs: log) {
            links[index][other].frames.append(Frame(header: header, first: header.previous.offset, records: []))
            return true
        }
        return false
    }

    /// Delivers the oldest frame of a link; `again` leaves it there, to come twice.
    @discardableResult
    mutating func deliver(_ leader: Int, to index: Int, again: Bool = false) -> Bool {
        guard links[leader][index].isUp, let frame = links[leader][index].frames.first else { return false }
        if !again { links[leader][index].frames.removeFirst() }
        guard brokers[index].isRunning else { return true }
        let epoch = frame.header.leaderEpoch
        if epoch > brokers[index].epochSeen { follow(index, epoch) }
        guard brokers[index].follower != nil else {
            answer(.fenced(current: brokers[index].epochSeen), epoch, from: index, to: leader)
            return true
        }
        answer(take(frame, at: index), epoch, from: index, to: leader)
        return true
    }

    private mutating func take(_ frame: Frame, at index: Int) -> AppendAnswer {
        guard var follower = brokers[index].follower else { return .notHere }
        defer { brokers[index].follower = follower }
        while true {
            let log = brokers[index].log
            switch follower.decide(on: frame.header, standing: log.standing, epochs: log) {
            case .answer(let answer): return answer
            case .cut(let offset):
                brokers[index].log.cut(to: offset)
                follower.discarded(logEnd: brokers[index].log.end)
            case .restart(let offset):
                brokers[index].log.restart(at: offset)
                follower.discarded(logEnd: brokers[index].log.end)
            case .append(let from):
                for (place, record) in frame.records.enumerated() where frame.first + Int64(place) >= from {
                    brokers[index].log.append(record)
                }
                follower.appended(frame.header, logEnd: brokers[index].log.end)
                brokers[index].log.deleteRecords(before: min(frame.header.logStart, brokers[index].log.end))
                return accepted(index)
            }
        }
    }

    private func accepted(_ index: Int) -> AppendAnswer {
        .accepted(logEnd: brokers[index].log.end, durableEnd: brokers[index].log.durableEnd)
    }

    private mutating func answer(_ answer: AppendAnswer, _ epoch: LeaderEpoch, from index: Int, to leader: Int) {
        guard links[leader][index].isUp, brokers[leader].isRunning else { return }
        links[leader][index].answers.append((answer, epoch))
    }

    @discardableResult
    mutating func acknowledge(_ leader: Int, from index: Int, again: Bool = false) -> Bool {
        guard let (answer, epoch) = links[leader][index].answers.first else { return false }
        if !again { links[leader][index].answers.removeFirst() }
        let (node, log) = (brokers[index].node, brokers[leader].log)
        brokers[leader].leader?.acknowledged(from: node, answer, in: epoch, at: now, epochs: log)
        return true
    }

    // MARK: The in-sync set

    enum ProposalFate { case answered, answerLost, lost }

    @discardableResult
    mutating func propose(_ index: Int, _ fate: ProposalFate = .answered) -> Bool {
        guard brokers[index].isRunning, let proposal = brokers[index].leader?.nextProposal(at: now) else {
            return false
        }
        var outcome = InSyncOutcome.unknown
        if fate != .lost {
            let decided = controller.decide(
                proposal, from: brokers[index].node, brokerEpoch: brokers[index].brokerEpoch)
            if fate == .answered { outcome = decided }
        }
        brokers[index].leader?.proposalAnswered(proposal, outcome, at: now)
        return true
    }

    // MARK: Invariants

    /// Notes what leaders have committed and throws when anything committed is gone or differs.
    mutating func check() throws(Violation) {
        let leaders = brokers.filter { $0.leader != nil }
        for broker in leaders + brokers.filter({ $0.follower != nil }) {
            let bound = broker.leader?.highWatermark ?? broker.follower?.highWatermark ?? .zero
            guard bound <= broker.log.end else {
                throw Violation("\(broker.node) may read \(bound) of \(broker.log.end)")
            }
            for offset in broker.log.start.rawValue..<max(broker.log.start, bound).rawValue {
                let record = broker.log[Offset(offset)]
                if broker.leader != nil, offset == committed.count { committed.append(record) }
                guard offset < committed.count, committed[Int(offset)] == record else {
                    throw Violation("\(broker.node) has another record below its high watermark at \(offset)")
                }
            }
        }
        try checkLeader()
    }

    /// The controller's leader has all that was ever committed, whatever it knows of it.
    private func checkLeader() throws(Violation) {
        guard let leader = controller.leader, let broker = brokers.first(where: { $0.node == leader }) else { return }
        guard broker.log.end.rawValue >= committed.count else {
            throw Violation("\(leader) leads with \(broker.log.end) of \(committed.count) committed")
        }
        for offset in broker.log.start.rawValue..<Int64(committed.count) {
            guard broker.log[Offset(offset)] == committed[Int(offset)] else {
                throw Violation("\(leader) leads with another record at \(offset)")
            }
        }
    }
}
