// SPDX-License-Identifier: Apache-2.0

internal import Coordinator
internal import Groups
internal import KafkaProtocol
internal import Primitives
internal import StorageEngine
internal import WireProtocol

// The only place where refusals become errors of the RPC. They start from Kafka's code, so that both front ends say no to
// the same things for the same reason.

extension RPCError {
    /// A refusal that Kafka clients know by `code`.
    init(kafka code: ErrorCode, _ message: String, remedy: String = "") {
        self.init(RPCErrorCode(code), message, remedy: remedy, reason: code.name)
    }

    /// There is no topic of this name; names the one that was probably meant.
    static func unknownTopic(_ name: String, in image: MetadataImage) -> RPCError {
        if let problem = TopicName.problem(of: name) {
            return RPCError(kafka: .invalidTopicException, problem.description)
        }
        let nearest = Spelling.nearest(to: name, among: image.topicsByName().lazy.map(\.name))
        return RPCError(
            kafka: .unknownTopicOrPartition, "there is no topic '\(name)'",
            remedy: nearest.map { "Did you mean '\($0)'? " + seeTopics } ?? seeTopics)
    }

    /// The topic has fewer partitions than the index needs.
    static func unknownPartition(_ index: PartitionIndex, of topic: TopicImage) -> RPCError {
        RPCError(
            kafka: .unknownTopicOrPartition, "topic '\(topic.name)' has no partition \(index)",
            remedy: "It has partitions 0 to \(topic.partitions.count - 1).")
    }

    /// A partition was named that is not there: says whether the topic or the index is at fault.
    static func unknown(_ topic: String, _ index: PartitionIndex, in image: MetadataImage) -> RPCError {
        image.topic(named: topic).map { unknownPartition(index, of: $0) } ?? unknownTopic(topic, in: image)
    }

    /// The partition has no leader.
    static func leaderless(_ topic: String, _ index: PartitionIndex) -> RPCError {
        RPCError(
            kafka: .leaderNotAvailable, "\(topic)-\(index) has no leader",
            remedy: "Start the brokers that hold it; 'myelin partition list --offline' shows which.")
    }

    /// Leadership has just moved, or has not settled.
    static func ledElsewhere(_ topic: String, _ index: PartitionIndex) -> RPCError {
        RPCError(
            kafka: .notLeaderOrFollower, "\(topic)-\(index) has changed its leader",
            remedy: "Try again in a moment; 'myelin partition list' shows who leads.")
    }

    /// There is no group of this name; names the one that was probably meant.
    static func unknownGroup(_ id: String, among known: [String]) -> RPCError {
        let nearest = Spelling.nearest(to: id, among: known)
        let seeGroups = "'myelin group list' shows the groups."
        return RPCError(
            kafka: .groupIDNotFound, "there is no group '\(id)'",
            remedy: nearest.map { "Did you mean '\($0)'? " + seeGroups } ?? seeGroups)
    }

    private static var seeTopics: String { "'myelin topic list' shows the topics." }
}

extension RPCErrorCode {
    init(_ code: ErrorCode) {
        self =
            switch code {
            case .unknownTopicOrPartition, .unknownTopicID, .groupIDNotFound, .brokerIDNotRegistered: .notFound
            case .topicAlreadyExists: .alreadyExists
            case .nonEmptyGroup, .policyViolation, .groupSubscribedToTopic, .rebalanceInProgress,
                .topicAuthorizationFailed, .illegalGeneration, .unknownMemberID, .electionNotNeeded,
                .preferredLeaderNotAvailable, .eligibleLeadersNotAvailable, .noReassignmentInProgress,
                .invalidUpdateVersion:
                .refused
            case .kafkaStorageError: .storageFault
            case .notLeaderOrFollower: .notLeader
            case .coordinatorLoadInProgress, .coordinatorNotAvailable, .notCoordinator, .notController,
                .leaderNotAvailable:
                .unavailable
            case .throttlingQuotaExceeded: .overloaded
            case .requestTimedOut: .deadlineExceeded
            case .unknownServerError: .internalFault
            case .unsupportedVersion: .notSupported
            default: .invalidRequest
            }
    }
}

extension RPCError {
    init(_ refusal: AlterConfigRefusal, in image: MetadataImage) {
        switch refusal {
        case .unknownTopic(let name): self = .unknownTopic(name, in: image)
        case .setting(let error): self.init(error)
        default: self.init(kafka: refusal.kafkaCode, refusal.description)
        }
    }

    init(_ refusal: DescribeConfigRefusal, in image: MetadataImage) {
        if case .unknownTopic(let name) = refusal {
            self = .unknownTopic(name, in: image)
        } else {
            self.init(kafka: refusal.kafkaCode, refusal.message)
        }
    }

    init(_ error: SettingError) {
        let remedy =
            switch error {
            case .unknown(_, let nearest?): "Use '\(nearest)', or see 'myelin config list'."
            case .unknown(_, nil): "'myelin config list' shows the settings."
            case .malformed(let name, _, _), .notAllowed(let name, _, _), .notAList(let name), .missing(let name):
                "'myelin config explain \(name)' tells what it takes."
            case .readOnly: "Change it where the node is started, and restart the node."
            }
        self.init(kafka: .invalidConfig, error.description, remedy: remedy)
    }

    init(_ refusal: CreateTopicRefusal) {
        if case .config(let error) = refusal {
            self.init(error)
        } else {
            self.init(kafka: refusal.kafkaCode, refusal.message)
        }
    }

    init(_ refusal: CreatePartitionsRefusal, in image: MetadataImage) {
        if case .unknownTopic(let name) = refusal {
            self = .unknownTopic(name, in: image)
        } else {
            self.init(kafka: refusal.kafkaCode, refusal.message)
        }
    }

    init(_ refusal: DeleteTopicRefusal, in image: MetadataImage) {
        if case .unknown(.name(let name)) = refusal {
            self = .unknownTopic(name, in: image)
        } else {
            self.init(kafka: refusal.kafkaCode, refusal.message)
        }
    }

    init(_ refusal: GroupRefusal, group: String) {
        let (message, remedy): (String, String) =
            switch refusal {
            case .groupIsNotEmpty, .unknownMember, .illegalGeneration, .rebalanceInProgress:
                (
                    "group '\(group)' has members",
                    "Stop its consumers first; 'myelin group describe \(group)' lists them."
                )
            case .loadInProgress:
                ("the coordinator of group '\(group)' is still loading", "Try again in a moment.")
            case .notCoordinator, .coordinatorNotAvailable:
                ("the coordinator of group '\(group)' is not available", "Try again; 'myelin doctor' tells more.")
            case .groupNotFound: ("there is no group '\(group)'", "'myelin group list' shows the groups.")
            case .invalidGroupID: ("the group id is empty", "Name a group.")
            default: ("group '\(group)' refused: \(refusal)", "")
            }
        self.init(kafka: refusal.kafkaCode, message, remedy: remedy)
    }

    init(_ failure: RecordReadFailure, _ topic: String, _ index: PartitionIndex) {
        let place = "\(topic)-\(index)"
        switch failure {
        case .notLeader: self = .ledElsewhere(topic, index)
        case .draining: self.init(.unavailable, "the node is stopping")
        case .unreadable(let offset):
            self.init(kafka: .kafkaStorageError, "\(place) has records that cannot be read at offset \(offset)")
        case .log(.offsetOutOfRange(let start, let end)):
            self.init(
                kafka: .offsetOutOfRange, "\(place) has offsets \(start) to \(end)",
                remedy: "Start at earliest or latest, or at an offset in between.")
        case .log(.damaged(let damage)):
            self.init(
                kafka: .kafkaStorageError, "\(place) is damaged at offsets \(damage.offsets)",
                remedy: "Start at offset \(damage.offsets.upperBound) to read on; see 'myelin doctor'.")
        case .log(let refusal): self.init(kafka: .kafkaStorageError, "\(place) cannot be read: \(refusal)")
        }
    }
}
