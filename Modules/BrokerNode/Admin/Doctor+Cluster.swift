// SPDX-License-Identifier: Apache-2.0

internal import ControllerNode
internal import Coordinator
internal import Primitives
internal import WireProtocol

// What is wrong with the cluster as a whole.

extension Doctor {
    /// Answers are waited for 3 s, so that clocks which differ by less cannot be told apart.
    static let skewToleranceMilliseconds: Int64 = 5_000
    /// A controller that was not heard of for so long, or that lacks so many records, does not keep up.
    static let controllerSilenceMilliseconds: Int64 = 5_000
    static let controllerLagRecordCountMax: Int64 = 10_000
    /// A loss is news for a week.
    static let lossNewsMilliseconds: Int64 = 7 * 86_400_000
    /// Groups that a finding names.
    static let namedGroupCountMax = 5
    /// Share of partitions that another than their preferred leader may lead: what one restart of a broker leaves behind is
    /// put right within minutes.
    static let misledPercentMax = 10

    // MARK: Controllers and brokers

    func quorum() -> [Admin.Finding] {
        switch facts.quorum {
        case nil: return []
        case .failure(let refusal)?:
            return [
                finding(
                    .quorum, .critical, "controllers",
                    "Nothing can be changed: \(refusal.description). Reading and writing records goes on.",
                    "Start the controllers that are down; more than half of the voters must run and reach each other.",
                    command: "myelin cluster controllers")
            ]
        case .success(let quorum)?:
            let end = quorum.voters.first { $0.endpoint.nodeID == quorum.leader }?.logEndOffset ?? quorum.highWatermark
            return quorum.voters.filter { $0.endpoint.nodeID != quorum.leader }.compactMap { voter in
                let silence = facts.view.wallClock.rawValue - voter.lastFetchTimestamp.rawValue
                let lag = end.distance(from: voter.logEndOffset)
                let isSilent =
                    voter.lastFetchTimestamp < Timestamp(0) || silence > Self.controllerSilenceMilliseconds
                guard isSilent || lag > Self.controllerLagRecordCountMax else { return nil }
                return finding(
                    .quorum, .error, "controller \(voter.endpoint.nodeID)",
                    isSilent
                        ? "Controller \(voter.endpoint.nodeID) is not heard of: \(quorum.voters.count) vote, and fewer than"
                            + " all can be lost now."
                        : "Controller \(voter.endpoint.nodeID) lacks \(lag) records of the metadata log.",
                    "Start it, or look at its log and its disk.", command: "myelin cluster controllers")
            }
        }
    }

    func fencedBrokers() -> [Admin.Finding] {
        facts.view.image.brokers().filter(\.isFenced).map { broker in
            let count = facts.view.image.partitions(on: broker.id).count
            return finding(
                .fencedBrokers, count > 0 ? .error : .warning, "broker \(broker.id)",
                "Broker \(broker.id) is fenced: it is stopped, or cut off from the controllers. \(count) partitions have a"
                    + " replica there.",
                count > 0
                    ? "Start it; or, if it is gone for good, move its replicas away."
                    : "Start it, or forget it if it is gone for good.",
                command: count > 0
                    ? "myelin cluster drain \(broker.id) --dry-run"
                    : "myelin cluster brokers unregister \(broker.id) --dry-run")
        }
    }

    func unreachableBrokers() -> [Admin.Finding] {
        facts.view.unreachable.map { failure in
            finding(
                .unreachableBrokers, .error, "broker \(failure.nodeID)",
                "Broker \(failure.nodeID) is alive for the controllers and did not answer broker \(facts.view.node.id):"
                    + " \(failure.error.message).",
                "Compare its myelin.rpc.advertised.host with the network between the two.",
                command: "myelin cluster brokers")
        }
    }

    func clockSkew() -> [Admin.Finding] {
        facts.view.others.sorted { $0.key < $1.key }.compactMap { id, answer in
            guard case .success(let other) = answer else { return nil }
            let skew = other.state.wallClock.rawValue - facts.view.wallClock.rawValue
            guard abs(skew) > Self.skewToleranceMilliseconds else { return nil }
            return finding(
                .clockSkew, .warning, "broker \(id)",
                "The clock of broker \(id) is \(abs(skew) / 1_000) s \(skew > 0 ? "ahead of" : "behind") that of broker"
                    + " \(facts.view.node.id): retention by time and lag in time depend on which of them leads.",
                "Let every machine keep its time by NTP.", command: "timedatectl status")
        }
    }

    // MARK: Partitions

    func underMinInSync() -> [Admin.Finding] {
        facts.view.image.topicsByName().compactMap { topic in
            let inSyncMin = facts.view.configs[.inSyncReplicasMin, of: topic.name]
            let short = topic.partitions.indices.filter {
                !topic.partitions[$0].isOffline && topic.partitions[$0].inSyncReplicas.count < inSyncMin
            }
            guard !short.isEmpty else { return nil }
            return finding(
                .underMinInSync, .error, "topic \(topic.name)",
                "Partitions \(list(short)) have fewer in-sync replicas than min.insync.replicas, \(inSyncMin): producers"
                    + " with acks=all are refused.",
                "Start the missing brokers.", command: "myelin partition list --under-min-in-sync")
        }
    }

    func singleCopies() -> [Admin.Finding] {
        facts.view.image.topicsByName().compactMap { topic in
            let single = topic.partitions.indices.filter {
                let partition = topic.partitions[$0]
                return partition.replicas.count > 1 && partition.inSyncReplicas.count == 1
            }
            guard !single.isEmpty else { return nil }
            return finding(
                .singleCopies, .error, "topic \(topic.name)",
                "Of partitions \(list(single)) one replica is in sync: if its disk is lost, so are records.",
                "Start the missing brokers; do not stop the ones that are left.",
                command: "myelin partition list \(topic.name) --under-replicated")
        }
    }

    func losses() -> [Admin.Finding] {
        facts.view.image.losses().map { loss in
            let place = facts.view.place(of: loss.partition)
            let age = facts.view.wallClock.rawValue - loss.time.rawValue
            let ended = loss.isComplete && loss.lost == nil
            return finding(
                .losses, age < Self.lossNewsMilliseconds && !ended ? .warning : .info, "partition \(place)",
                "Broker \(loss.electedLeader) was made leader of \(place) by order, though it may lack records (epoch"
                    + " \(loss.leaderEpoch)). \(extent(of: loss))",
                loss.awaited.isEmpty
                    ? ended ? "Nothing is to be done." : "Tell those who read and write the topic."
                    : "\(list(loss.awaited)) may still have them: copy \(place) from there before it is started. Then start it,"
                        + " so that it tells what it had, and tell those who use the topic.",
                command: "myelin topic consume \(InternalTopic.lossManifest.name)")
        }
    }

    /// What is known of a loss, in sentences.
    private func extent(of loss: LossManifest) -> String {
        guard let logEnd = loss.logEnd else {
            return "What is lost is not known before the leader has said where its log ended."
        }
        var sentences: [String] = []
        if let lost = loss.lost {
            let producers = Set(loss.accounts.flatMap(\.producers).map(\.id)).count
            sentences.append(
                "Offsets \(lost.lowerBound) to \(lost.upperBound.rawValue - 1) are lost"
                    + (producers > 0 ? ", of \(producers) producers with an id." : "."))
        } else if loss.isComplete {
            sentences.append("Nothing is lost: no replica had more than its \(logEnd) offsets.")
        }
        if let end = loss.acknowledgedEnd, let lost = loss.lost, end < lost.upperBound {
            sentences.append("From \(end) on nothing was acknowledged with acks=all.")
        }
        if !loss.awaited.isEmpty {
            sentences.append(
                "Its log ended at \(logEnd); what \(list(loss.awaited)) had beyond is not known before it comes back.")
        }
        if !loss.groups.isEmpty {
            let more = loss.groups.count - Self.namedGroupCountMax + Int(loss.leftOutGroupCount)
            let names = loss.groups.prefix(Self.namedGroupCountMax).map(\.group).joined(separator: ", ")
            sentences.append("Had read beyond: \(names)\(more > 0 ? " and \(more) more" : "").")
        }
        return sentences.joined(separator: " ")
    }

    private func list(_ brokers: [NodeID]) -> String {
        (brokers.count == 1 ? "Broker " : "Brokers ") + brokers.map { "\($0)" }.joined(separator: ", ")
    }

    func leaderBalance() -> [Admin.Finding] {
        let partitions = facts.view.image.topicsByName().flatMap(\.partitions)
        let misled = partitions.count { partition in
            guard let preferred = partition.replicas.first else { return false }
            return partition.leader != preferred && partition.inSyncReplicas.contains(preferred)
        }
        guard misled * 100 > partitions.count * Self.misledPercentMax else { return [] }
        return [
            finding(
                .leaderBalance, .info, "cluster",
                "\(misled) of \(partitions.count) partitions are led by another than their preferred leader: load lies"
                    + " unevenly.",
                "Give leadership back.", command: "myelin partition elect-leader --all")
        ]
    }
}
