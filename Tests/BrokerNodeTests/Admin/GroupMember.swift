// SPDX-License-Identifier: Apache-2.0

import Foundation
import KafkaProtocol
import Primitives

/// A consumer that joined a group over a socket of its own, and reads the partitions that it assigned to itself.
final class GroupMember: Sendable {
    private let descriptor: Int32
    let memberID: String

    /// Joins as the only member; returns when the group is stable.
    init(joining group: String, reading topic: String, _ partitions: [Int32], port: Int) throws {
        descriptor = try Self.connected(to: port)
        var join = JoinGroupRequest()
        join.groupID = group
        join.sessionTimeoutMs = 30_000
        join.rebalanceTimeoutMs = 30_000
        join.protocolType = "consumer"
        var range = JoinGroupRequest.JoinGroupRequestProtocol()
        range.name = "range"
        range.metadata = ConsumerProtocolSubscription.of(topic).versioned(0)
        join.protocols = [range]
        let joined = try Self.exchange(join, version: 2, on: descriptor)
        guard joined.errorCode == 0 else { throw Refused(code: joined.errorCode) }
        memberID = joined.memberID

        var sync = SyncGroupRequest()
        sync.groupID = group
        sync.generationID = joined.generationID
        sync.memberID = joined.memberID
        var assignment = SyncGroupRequest.SyncGroupRequestAssignment()
        assignment.memberID = joined.memberID
        assignment.assignment = ConsumerProtocolAssignment.of(topic, partitions).versioned(0)
        sync.assignments = [assignment]
        let synced = try Self.exchange(sync, version: 1, on: descriptor)
        guard synced.errorCode == 0 else { throw Refused(code: synced.errorCode) }
    }

    /// Leaves the group.
    func leave(_ group: String) throws {
        var leave = LeaveGroupRequest()
        leave.groupID = group
        leave.memberID = memberID
        let left = try Self.exchange(leave, version: 1, on: descriptor)
        guard left.errorCode == 0 else { throw Refused(code: left.errorCode) }
    }

    deinit { close(descriptor) }

    struct Refused: Error { let code: Int16 }
    struct ConnectionEnded: Error {}

    private static func connected(to port: Int) throws -> Int32 {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(port).bigEndian
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        let status = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard status == 0 else { throw ConnectionEnded() }
        return descriptor
    }

    private static func exchange<Request: ProtocolRequest>(
        _ request: Request, version: Int16, on descriptor: Int32
    ) throws -> Request.Response {
        var writer = ByteWriter()
        writer.writeInt32(0)
        let header = RequestHeader(
            apiKey: Request.apiKey.rawValue, apiVersion: version, correlationID: 1, clientID: "reader")
        header.encode(into: &writer, headerVersion: 1)
        request.encode(into: &writer, version: version)
        writer.overwriteInteger(Int32(writer.count - 4), at: 0)
        let frame = writer.shared.array
        guard write(descriptor, frame, frame.count) == frame.count else { throw ConnectionEnded() }
        var reader = ByteReader(SharedBytes(try received(4, on: descriptor)))
        reader = ByteReader(SharedBytes(try received(Int(try reader.readInt32()), on: descriptor)))
        try reader.skip(4)
        return try Request.Response(decoding: &reader, version: version)
    }

    private static func received(_ count: Int, on descriptor: Int32) throws -> [UInt8] {
        var bytes: [UInt8] = []
        while bytes.count < count {
            var piece = [UInt8](repeating: 0, count: count - bytes.count)
            let found = read(descriptor, &piece, piece.count)
            if found < 0, errno == EINTR { continue }
            guard found > 0 else { throw ConnectionEnded() }
            bytes += piece.prefix(found)
        }
        return bytes
    }
}

extension ConsumerProtocolSubscription {
    fileprivate static func of(_ topic: String) -> ConsumerProtocolSubscription {
        var subscription = ConsumerProtocolSubscription()
        subscription.topics = [topic]
        return subscription
    }
}

extension ConsumerProtocolAssignment {
    fileprivate static func of(_ topic: String, _ partitions: [Int32]) -> ConsumerProtocolAssignment {
        var assigned = ConsumerProtocolAssignment.TopicPartition()
        assigned.topic = topic
        assigned.partitions = partitions
        var assignment = ConsumerProtocolAssignment()
        assignment.assignedPartitions = [assigned]
        return assignment
    }
}
