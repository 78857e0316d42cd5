// SPDX-License-Identifier: Apache-2.0

public import Primitives

public enum ReportLossRefusal: Error, Hashable, Sendable, Codable {
    /// No unclean election began this epoch.
    case unknownLoss
}

/// Adds to a loss manifest what only one broker knows. What is known already changes nothing, so a report may come twice.
public struct ReportLoss: ControllerCommand {
    public static var name: String { "ReportLoss" }

    public enum Fact: Hashable, Sendable, Codable {
        /// From a leader: where the log ended when the epoch began, and the highest high watermark it knows.
        case began(logEnd: Offset, highWatermark: Offset?)
        /// From a replica, before it gives anything up.
        case held(ReplicaAccount)
        /// From a coordinator of groups.
        case committed([TouchedGroup], leftOutCount: Int32)
    }

    public var partition: PartitionID
    public var leaderEpoch: LeaderEpoch
    public var fact: Fact

    public init(partition: PartitionID, leaderEpoch: LeaderEpoch, fact: Fact) {
        self.partition = partition
        self.leaderEpoch = leaderEpoch
        self.fact = fact
    }

    public typealias Outcome = Result<LossManifest, ReportLossRefusal>

    public func decide(on state: ControllerState, using entropy: inout Entropy) -> Decision<Outcome> {
        let known = state.image.losses(of: partition).first { $0.leaderEpoch == leaderEpoch }
        guard let known else { return Decision(.failure(.unknownLoss)) }
        var manifest = known
        switch fact {
        case .began(let logEnd, let highWatermark):
            manifest.logEnd = known.logEnd ?? logEnd
            if let mark = highWatermark { manifest.highWatermark = max(known.highWatermark ?? mark, mark) }
        case .held(let account): manifest.add(account)
        case .committed(let groups, let leftOutCount): manifest.add(groups, leftOutCount: leftOutCount)
        }
        return Decision(.success(manifest), records: manifest == known ? [] : [.lossRecorded(manifest)])
    }
}
