// SPDX-License-Identifier: Apache-2.0

public import Primitives

extension Admin {
    /// Asks what the cluster is made of.
    public struct ClusterInfoRequest: Message {
        public init() {}

        public mutating func fields<Visitor: FieldVisitor>(_ visitor: inout Visitor) throws(DecodeError) {}
    }

    /// The cluster as the answering node knows it.
    public struct ClusterInfoResponse: Message {
        /// Kafka's cluster id: 22 characters.
        public var clusterID = ""
        /// The active controller; −1 while there is none.
        public var controllerID = NodeID(0)
        /// Ascending by node id, fenced ones included.
        public var brokers: [BrokerInfo] = []
        /// Voters, ascending by node id.
        public var controllers: [ControllerInfo] = []
        /// Ascending by name.
        public var features: [FeatureInfo] = []
        /// Internal topics not counted.
        public var topicCount: Int32 = 0
        /// Topics whose name begins with `__`.
        public var internalTopicCount: Int32 = 0
        /// Of all topics.
        public var partitionCount: Int32 = 0
        /// Fewer in-sync than assigned replicas.
        public var underReplicatedPartitionCount: Int32 = 0
        /// Without a leader.
        public var offlinePartitionCount: Int32 = 0
        /// Who answered.
        public var answeringNodeID = NodeID(0)

        public init() {}

        public mutating func fields<Visitor: FieldVisitor>(_ visitor: inout Visitor) throws(DecodeError) {
            try visitor.field(1, "clusterID", &clusterID)
            try visitor.field(2, "controllerID", &controllerID)
            try visitor.field(3, "brokers", &brokers)
            try visitor.field(4, "controllers", &controllers)
            try visitor.field(5, "features", &features)
            try visitor.field(6, "topicCount", &topicCount)
            try visitor.field(7, "internalTopicCount", &internalTopicCount)
            try visitor.field(8, "partitionCount", &partitionCount)
            try visitor.field(9, "underReplicatedPartitionCount", &underReplicatedPartitionCount)
            try visitor.field(10, "offlinePartitionCount", &offlinePartitionCount)
            try visitor.field(11, "answeringNodeID", &answeringNodeID)
        }
    }

    /// One broker.
    public struct BrokerInfo: Message {
        /// Its id.
        public var nodeID = NodeID(0)
        /// Advertised listeners, in configuration order.
        public var endpoints: [Endpoint] = []
        /// `broker.rack`; empty when not set.
        public var rack = ""
        /// Software version, `0.1.0`.
        public var version = ""
        /// Registered, but not allowed to lead.
        public var isFenced = false
        /// When its process began.
        public var startedAt = Timestamp(0)
        /// Partitions it leads.
        public var leaderCount: Int32 = 0
        /// Partitions it stores.
        public var replicaCount: Int32 = 0
        /// Size of its logs.
        public var byteCount: Int64 = 0
        /// It stops, and hands its leaderships over.
        public var isInControlledShutdown = false
        /// Leaderships and replicas are moved away from it.
        public var isDraining = false
        /// Partitions it stores and is in sync with.
        public var inSyncCount: Int32 = 0
        /// Room on its disk; nil where it did not say.
        public var freeByteCount: Int64?
        /// Why version, start and sizes are missing.
        public var error: RPCError?

        public init() {}

        public mutating func fields<Visitor: FieldVisitor>(_ visitor: inout Visitor) throws(DecodeError) {
            try visitor.field(1, "nodeID", &nodeID)
            try visitor.field(2, "endpoints", &endpoints)
            try visitor.field(3, "rack", &rack)
            try visitor.field(4, "version", &version)
            try visitor.field(5, "isFenced", &isFenced)
            try visitor.field(6, "startedAt", &startedAt)
            try visitor.field(7, "leaderCount", &leaderCount)
            try visitor.field(8, "replicaCount", &replicaCount)
            try visitor.field(9, "byteCount", &byteCount)
            try visitor.field(10, "isInControlledShutdown", &isInControlledShutdown)
            try visitor.field(11, "isDraining", &isDraining)
            try visitor.field(12, "inSyncCount", &inSyncCount)
            try visitor.field(13, "freeByteCount", &freeByteCount)
            try visitor.field(14, "error", &error)
        }
    }

    /// A place to connect to.
    public struct Endpoint: Message {
        /// `PLAINTEXT`, `SSL`, `RPC` …
        public var listenerName = ""
        /// Name or address, no brackets around IPv6.
        public var host = ""
        /// TCP port.
        public var port: Int32 = 0
        /// Kafka's: PLAINTEXT, SSL, SASL_PLAINTEXT, SASL_SSL.
        public var securityProtocol = ""

        public init() {}

        public mutating func fields<Visitor: FieldVisitor>(_ visitor: inout Visitor) throws(DecodeError) {
            try visitor.field(1, "listenerName", &listenerName)
            try visitor.field(2, "host", &host)
            try visitor.field(3, "port", &port)
            try visitor.field(4, "securityProtocol", &securityProtocol)
        }
    }

    /// One voter of the metadata quorum.
    public struct ControllerInfo: Message {
        /// Its id.
        public var nodeID = NodeID(0)
        /// Where it answers RPC.
        public var endpoints: [Endpoint] = []
        /// It leads the quorum.
        public var isActive = false
        /// The term it is in.
        public var term = Term(0)
        /// End of its metadata log.
        public var logEndOffset = Offset(0)
        /// It votes; else it only follows.
        public var isVoter = false
        /// Of its data folder, 22 characters; empty where not known.
        public var directoryID = ""
        /// Records of the metadata log that it lacks; −1 where not known.
        public var lagRecordCount: Int64 = 0
        /// Since the active controller heard of it; −1 where not known.
        public var lastContactMilliseconds: Int64 = 0

        public init() {}

        public mutating func fields<Visitor: FieldVisitor>(_ visitor: inout Visitor) throws(DecodeError) {
            try visitor.field(1, "nodeID", &nodeID)
            try visitor.field(2, "endpoints", &endpoints)
            try visitor.field(3, "isActive", &isActive)
            try visitor.field(4, "term", &term)
            try visitor.field(5, "logEndOffset", &logEndOffset)
            try visitor.field(6, "isVoter", &isVoter)
            try visitor.field(7, "directoryID", &directoryID)
            try visitor.field(8, "lagRecordCount", &lagRecordCount)
            try visitor.field(9, "lastContactMilliseconds", &lastContactMilliseconds)
        }
    }

    /// One feature and its levels (KIP-584).
    public struct FeatureInfo: Message {
        /// `metadata.version` …
        public var name = ""
        /// What the cluster runs at.
        public var finalizedLevel: Int32 = 0
        /// Lowest that every node can.
        public var supportedLevelMin: Int32 = 0
        /// Highest that every node can.
        public var supportedLevelMax: Int32 = 0

        public init() {}

        public mutating func fields<Visitor: FieldVisitor>(_ visitor: inout Visitor) throws(DecodeError) {
            try visitor.field(1, "name", &name)
            try visitor.field(2, "finalizedLevel", &finalizedLevel)
            try visitor.field(3, "supportedLevelMin", &supportedLevelMin)
            try visitor.field(4, "supportedLevelMax", &supportedLevelMax)
        }
    }

    /// Asks whether the cluster is well.
    public struct HealthRequest: Message {
        /// Only what this broker does itself; no other is asked.
        public var localOnly = false

        public init() {}

        public mutating func fields<Visitor: FieldVisitor>(_ visitor: inout Visitor) throws(DecodeError) {
            try visitor.field(1, "localOnly", &localOnly)
        }
    }

    /// One verdict and the checks it is made of.
    public struct HealthResponse: Message {
        /// The worst of the checks.
        public var status = HealthStatus.unspecified
        /// In a fixed order.
        public var checks: [HealthCheck] = []

        public init() {}

        public mutating func fields<Visitor: FieldVisitor>(_ visitor: inout Visitor) throws(DecodeError) {
            try visitor.field(1, "status", &status)
            try visitor.field(2, "checks", &checks)
        }
    }

    /// How well something is.
    public enum HealthStatus: UInt32, MessageEnum {
        /// Not known.
        case unspecified = 0
        /// As it should be.
        case healthy = 1
        /// Serves, but something needs attention.
        case degraded = 2
        /// Does not serve as promised.
        case unhealthy = 3
    }

    /// One thing that was looked at.
    public struct HealthCheck: Message {
        /// `offline-partitions`, `disk-space` … stable.
        public var name = ""
        /// How it stands.
        public var status = HealthStatus.unspecified
        /// One sentence with the numbers.
        public var summary = ""
        /// What to do; empty when healthy.
        public var remedy = ""

        public init() {}

        public mutating func fields<Visitor: FieldVisitor>(_ visitor: inout Visitor) throws(DecodeError) {
            try visitor.field(1, "name", &name)
            try visitor.field(2, "status", &status)
            try visitor.field(3, "summary", &summary)
            try visitor.field(4, "remedy", &remedy)
        }
    }

    /// Asks for a diagnosis.
    public struct DoctorRequest: Message {
        /// Names of checks to run; empty runs all.
        public var checks: [String] = []
        /// Only what this broker does itself; no other is asked.
        public var localOnly = false

        public init() {}

        public mutating func fields<Visitor: FieldVisitor>(_ visitor: inout Visitor) throws(DecodeError) {
            try visitor.field(1, "checks", &checks)
            try visitor.field(2, "localOnly", &localOnly)
        }
    }

    /// What was found, worst first.
    public struct DoctorResponse: Message {
        /// Nothing found: empty.
        public var findings: [Finding] = []
        /// Names of the checks that ran, so that silence can be told from blindness.
        public var checksRun: [String] = []

        public init() {}

        public mutating func fields<Visitor: FieldVisitor>(_ visitor: inout Visitor) throws(DecodeError) {
            try visitor.field(1, "findings", &findings)
            try visitor.field(2, "checksRun", &checksRun)
        }
    }

    /// How much a finding matters.
    public enum Severity: UInt32, MessageEnum {
        /// Not known.
        case unspecified = 0
        /// Worth knowing.
        case info = 1
        /// Will hurt when it goes on.
        case warning = 2
        /// Hurts now.
        case error = 3
        /// Data or availability is at stake.
        case critical = 4
    }

    /// One thing that is wrong.
    public struct Finding: Message {
        /// Name of the check that found it; stable.
        public var check = ""
        /// How much it matters.
        public var severity = Severity.unspecified
        /// What it is about: `topic orders`, `broker 2`.
        public var subject = ""
        /// What is wrong, one sentence with its numbers.
        public var summary = ""
        /// What to do, one sentence.
        public var remedy = ""
        /// A command that does it or shows more; empty when there is none.
        public var command = ""

        public init() {}

        public mutating func fields<Visitor: FieldVisitor>(_ visitor: inout Visitor) throws(DecodeError) {
            try visitor.field(1, "check", &check)
            try visitor.field(2, "severity", &severity)
            try visitor.field(3, "subject", &subject)
            try visitor.field(4, "summary", &summary)
            try visitor.field(5, "remedy", &remedy)
            try visitor.field(6, "command", &command)
        }
    }

    /// Asks for the metrics of the answering node.
    public struct MetricsRequest: Message {
        /// Families whose name begins so; empty gives all.
        public var namePrefixes: [String] = []

        public init() {}

        public mutating func fields<Visitor: FieldVisitor>(_ visitor: inout Visitor) throws(DecodeError) {
            try visitor.field(1, "namePrefixes", &namePrefixes)
        }
    }

    /// The metrics at one moment.
    public struct MetricsResponse: Message {
        /// When they were read.
        public var timestamp = Timestamp(0)
        /// Ascending by name.
        public var families: [MetricFamily] = []

        public init() {}

        public mutating func fields<Visitor: FieldVisitor>(_ visitor: inout Visitor) throws(DecodeError) {
            try visitor.field(1, "timestamp", &timestamp)
            try visitor.field(2, "families", &families)
        }
    }

    /// What a family measures.
    public enum MetricKind: UInt32, MessageEnum {
        /// Not known.
        case unspecified = 0
        /// Only grows.
        case counter = 1
        /// Goes up and down.
        case gauge = 2
        /// Cumulative buckets, as Prometheus has them.
        case histogram = 3
    }

    /// All samples of one name.
    public struct MetricFamily: Message {
        /// As on `/metrics`.
        public var name = ""
        /// What it measures.
        public var kind = MetricKind.unspecified
        /// One sentence.
        public var help = ""
        /// In label order.
        public var samples: [MetricSample] = []

        public init() {}

        public mutating func fields<Visitor: FieldVisitor>(_ visitor: inout Visitor) throws(DecodeError) {
            try visitor.field(1, "name", &name)
            try visitor.field(2, "kind", &kind)
            try visitor.field(3, "help", &help)
            try visitor.field(4, "samples", &samples)
        }
    }

    /// One value, or one histogram.
    public struct MetricSample: Message {
        /// Ascending by name.
        public var labels: [MetricLabel] = []
        /// The value; the sum of a histogram.
        public var value: Double = 0
        /// Observations of a histogram.
        public var count: UInt64 = 0
        /// Of a histogram, ascending; the last bound is infinity.
        public var buckets: [MetricBucket] = []

        public init() {}

        public mutating func fields<Visitor: FieldVisitor>(_ visitor: inout Visitor) throws(DecodeError) {
            try visitor.field(1, "labels", &labels)
            try visitor.field(2, "value", &value)
            try visitor.field(3, "count", &count)
            try visitor.field(4, "buckets", &buckets)
        }
    }

    /// A label and its value.
    public struct MetricLabel: Message {
        /// `topic` …
        public var name = ""
        /// Its value.
        public var value = ""

        public init() {}

        public mutating func fields<Visitor: FieldVisitor>(_ visitor: inout Visitor) throws(DecodeError) {
            try visitor.field(1, "name", &name)
            try visitor.field(2, "value", &value)
        }
    }

    /// Observations at or below a bound.
    public struct MetricBucket: Message {
        /// Inclusive.
        public var upperBound: Double = 0
        /// Of this bucket and all below.
        public var cumulativeCount: UInt64 = 0

        public init() {}

        public mutating func fields<Visitor: FieldVisitor>(_ visitor: inout Visitor) throws(DecodeError) {
            try visitor.field(1, "upperBound", &upperBound)
            try visitor.field(2, "cumulativeCount", &cumulativeCount)
        }
    }
}
