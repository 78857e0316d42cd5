// SPDX-License-Identifier: Apache-2.0

internal import Coordinator
public import Primitives
public import WireProtocol

/// What one follower of the committed metadata is told next: status, a snapshot where it is too far back, records.
public struct MetadataFeed {
    /// How often a follower hears something when nothing happens.
    public static let statusMilliseconds: Int64 = 500
    /// Of one item.
    private static let byteCountMax = 256 << 10

    /// Offset of the first record that the follower lacks.
    private var position: Offset
    private var snapshot: (position: LogPosition, bytes: SharedBytes, sent: Int)?
    private var toldLeader: NodeID?
    private var toldAt: Instant?

    public init(from offset: Offset) { position = offset }

    /// The next item; nil when there is nothing to tell before the controller's observers are told or `statusDue` comes.
    public mutating func next(from controller: QuorumController, at now: Instant) -> Payload? {
        if isStatusDue(from: controller, at: now) { return status(of: controller, at: now) }
        if snapshot != nil { return piece() }
        if let entries = controller.recent.entries(from: position, byteCountMax: Self.byteCountMax) {
            guard let last = entries.last else { return nil }
            position = last.end
            let item = Controller.MetadataItem.with {
                ($0.kind, $0.term, $0.nextOffset) = (.records, last.term, last.end)
            }
            return Payload(item, attachments: LogEntries.pieces(of: Array(entries)))
        }
        // A follower that has more than this controller knows to be committed waits for it.
        guard position < controller.recent.start, let made = controller.snapshotForFeed() else { return nil }
        snapshot = (made.position, made.bytes, 0)
        return piece()
    }

    /// When `next` has something to tell although nothing happened.
    public var statusDue: Instant {
        toldAt?.advanced(byMilliseconds: Self.statusMilliseconds) ?? Instant(nanoseconds: .min)
    }

    private func isStatusDue(from controller: QuorumController, at now: Instant) -> Bool {
        now >= statusDue || toldLeader != (controller.leader?.id ?? NodeID.none)
    }

    private mutating func status(of controller: QuorumController, at now: Instant) -> Payload {
        toldAt = now
        toldLeader = controller.leader?.id ?? NodeID.none
        return Payload(
            Controller.MetadataItem.with {
                ($0.kind, $0.term, $0.nextOffset) = (.status, controller.term, controller.nextOffset)
                $0.leader = controller.leader.map(Controller.ControllerEndpoint.init)
                $0.clusterID = controller.member.cluster?.text ?? ""
                $0.voters = controller.voters.voters.map(Controller.ControllerEndpoint.init)
            })
    }

    private mutating func piece() -> Payload? {
        guard var sending = snapshot else { return nil }
        let count = min(Self.byteCountMax, sending.bytes.count - sending.sent)
        let item = Controller.MetadataItem.with {
            ($0.kind, $0.term, $0.nextOffset) = (.snapshotPiece, sending.position.term, sending.position.end)
            ($0.position, $0.byteCount) = (Int64(sending.sent), Int64(sending.bytes.count))
        }
        let bytes = sending.bytes.slice(from: sending.sent, count: count)
        sending.sent += count
        if sending.sent == sending.bytes.count {
            position = sending.position.end
            snapshot = nil
        } else {
            snapshot = sending
        }
        return Payload(item, attachments: [bytes])
    }
}

extension Controller.ControllerEndpoint {
    init(_ voter: Voter) { self.init(voter.id, host: voter.host, port: Int32(voter.port)) }
}
