// SPDX-License-Identifier: Apache-2.0

internal import Primitives

/// A member of a group, between its join and its leaving or silence.
struct Member: Sendable {
    let id: MemberID
    let instanceID: GroupInstanceID?
    let clientID: String
    let clientHost: String
    var rebalanceTimeoutMilliseconds: Int32
    var sessionTimeoutMilliseconds: Int32
    /// In order of preference, no name twice.
    var protocols: [MemberProtocol]
    var assignment = SharedBytes.empty
    /// The parked JoinGroup, if any.
    var awaitingJoin: RequestToken?
    /// The parked SyncGroup, if any.
    var awaitingSync: RequestToken?
    /// True until its first JoinGroup is answered: until then a parked request does not keep it alive.
    var isNew = false
    /// True from the answer to its JoinGroup until its SyncGroup.
    var owesSync = false
    var sessionTimer: TimerHandle?

    init(_ request: JoinRequest, id: MemberID) {
        self.id = id
        instanceID = request.member.instanceID
        clientID = request.clientID
        clientHost = request.clientHost
        rebalanceTimeoutMilliseconds = request.rebalanceTimeoutMilliseconds
        sessionTimeoutMilliseconds = request.sessionTimeoutMilliseconds
        protocols = request.protocols
    }

    init(_ metadata: MemberMetadata, protocolName: String?) {
        id = metadata.memberID
        instanceID = metadata.instanceID
        clientID = metadata.clientID
        clientHost = metadata.clientHost
        sessionTimeoutMilliseconds = metadata.sessionTimeoutMilliseconds
        rebalanceTimeoutMilliseconds =
            metadata.rebalanceTimeoutMilliseconds == -1
            ? metadata.sessionTimeoutMilliseconds : metadata.rebalanceTimeoutMilliseconds
        protocols = [MemberProtocol(name: protocolName ?? "", metadata: metadata.subscription)]
        assignment = metadata.assignment
    }

    /// The same static member under another id.
    init(_ former: Member, id: MemberID) {
        self.id = id
        instanceID = former.instanceID
        clientID = former.clientID
        clientHost = former.clientHost
        rebalanceTimeoutMilliseconds = former.rebalanceTimeoutMilliseconds
        sessionTimeoutMilliseconds = former.sessionTimeoutMilliseconds
        protocols = former.protocols
        assignment = former.assignment
    }

    var isStatic: Bool { instanceID != nil }

    /// A parked request proves that the member is there; its session runs again from the answer on.
    var isExcusedFromHeartbeat: Bool { !isNew && (awaitingJoin != nil || awaitingSync != nil) }

    var metadataByteCount: Int { protocols.metadataByteCount }

    func metadata(for protocolName: String?) -> SharedBytes? {
        protocols.first { $0.name == protocolName }?.metadata
    }

    func vote(among candidates: Set<String>) -> String {
        guard let choice = protocols.first(where: { candidates.contains($0.name) }) else {
            preconditionFailure("member \(id) supports none of \(candidates.count) common protocols")
        }
        return choice.name
    }

    func described(subscription: SharedBytes, assignment: SharedBytes) -> MemberMetadata {
        MemberMetadata(
            memberID: id, instanceID: instanceID, clientID: clientID, clientHost: clientHost,
            rebalanceTimeoutMilliseconds: rebalanceTimeoutMilliseconds,
            sessionTimeoutMilliseconds: sessionTimeoutMilliseconds, subscription: subscription,
            assignment: assignment)
    }
}

extension [MemberProtocol] {
    var metadataByteCount: Int { reduce(0) { $0 + $1.metadata.count + $1.name.utf8.count } }

    /// The first of each name, as Kafka keeps them.
    var withoutDuplicates: [MemberProtocol] {
        var names: Set<String> = []
        return filter { names.insert($0.name).inserted }
    }
}

/// The part of the consumer protocol that every version begins with.
enum ConsumerSubscription {
    static let protocolType = "consumer"

    /// Topics a consumer subscribes to, nil when the bytes are not a subscription.
    static func topics(in metadata: SharedBytes) -> [String]? {
        var reader = ByteReader(metadata)
        do throws(DecodeError) {
            guard try reader.readInt16() >= 0 else { return nil }
            let count = try reader.readCount(flexible: false, elementByteCountMin: 2)
            var topics: [String] = []
            for _ in 0..<count { topics.append(try reader.readText(flexible: false)) }
            return topics
        } catch {
            return nil
        }
    }
}
