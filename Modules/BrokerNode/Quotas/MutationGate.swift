// SPDX-License-Identifier: Apache-2.0

internal import Coordinator
internal import Primitives

/// Counts the partitions that a request creates or deletes against the client's quota (KIP-599).
struct MutationGate {
    private let rate: SharedRate?
    private let isStrict: Bool
    private let now: Instant
    /// How long the client has to wait.
    private(set) var waitNanoseconds: Int64 = 0

    /// - Parameters:
    ///   - version: From this version of the request on a client understands being refused; older ones only wait.
    ///   - isRehearsal: Nothing is changed, so nothing is counted.
    init(_ context: RequestContext, strictFrom version: Int16, isRehearsal: Bool = false, at now: Instant) {
        rate = isRehearsal ? nil : context.rates?.mutation
        isStrict = context.version >= version
        self.now = now
    }

    /// Whether one topic's change may go on; it does when the quota was not used up before it.
    mutating func admits(_ partitionCount: Int) -> Bool {
        guard let rate else { return true }
        waitNanoseconds = max(waitNanoseconds, rate.waitNanoseconds(at: now))
        guard !isStrict || waitNanoseconds == 0 else { return false }
        waitNanoseconds = rate.use(Double(partitionCount), at: now)
        return true
    }

    /// With the error code of a topic that was not let through.
    static let refusal = "the quota of partitions created and deleted is used up: retry after the throttle time"
}

extension NewTopic {
    /// Partitions that a mutation quota counts; what the request leaves open is the default.
    func countedPartitions(_ settings: BrokerSettings) -> Int {
        if !assignment.isEmpty { return assignment.count }
        return partitionCount > 0 ? Int(partitionCount) : settings[.numPartitions]
    }
}

extension MetadataImage {
    /// 0 for a topic that is not there.
    func partitionCount(of topic: TopicReference) -> Int {
        switch topic {
        case .name(let name): self.topic(named: name)?.partitions.count ?? 0
        case .id(let id): self.topic(id)?.partitions.count ?? 0
        }
    }
}

extension Array {
    /// The elements where `kept` is true.
    func keeping(_ kept: [Bool]) -> [Element] { zip(self, kept).filter(\.1).map(\.0) }
}
