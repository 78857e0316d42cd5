// SPDX-License-Identifier: Apache-2.0

import BrokerNode
import Coordinator
import Primitives
import RecordBatch

/// Holds one partition to what its clients were told and shown, by whomever: an offset that was acknowledged or read holds
/// the same batch for ever.
final class RecordHistory {
    struct Seen: Equatable {
        let end: Offset
        let checksum: UInt32
    }

    /// Which batch of which producer (KIP-98).
    struct Writing: Hashable {
        let producer: ProducerID
        let epoch: ProducerEpoch
        let sequence: Int32
    }

    private struct Leadership: Equatable {
        let node: NodeAddress
        let life: Int
    }

    private let world: World
    private let name: String
    private(set) var seen: [Offset: Seen] = [:]
    private var places: [Writing: Offset] = [:]
    /// Of what was sent.
    private var sent: Set<UInt32> = []
    private var leaders: [LeaderEpoch: Leadership] = [:]
    private var highWatermarks: [LeaderEpoch: Offset] = [:]
    /// The largest end that leaders of each epoch have told.
    private(set) var toldEnds: [LeaderEpoch: Offset] = [:]
    /// End of what was acknowledged or read.
    private(set) var end = Offset.zero

    init(world: World, name: String) { (self.world, self.name) = (world, name) }

    /// Batches that were acknowledged or read.
    var count: Int { seen.count }

    func willSend(_ batch: Batch) { sent.insert(batch.header.checksum) }

    /// A producer was told where its batch is.
    func acknowledged(_ batch: Batch, at base: Offset, by client: NodeAddress) {
        let header = batch.header
        world.note("acknowledged", client, base.rawValue, Int64(header.baseSequence), header.producerID.rawValue)
        see(
            base..<base + Int64(header.lastOffsetDelta) + 1, header.checksum, Writing(header),
            by: "a producer's acknowledgement")
    }

    /// Somebody was given a batch of the log.
    func read(_ batch: Batch, by reader: String) {
        let header = batch.header
        world.check(
            batch.computedChecksum == header.checksum, "readers get whole batches",
            "\(name): \(reader) at \(header.baseOffset)")
        world.check(
            sent.contains(header.checksum), "only what was sent is read",
            "\(name): \(reader) at \(header.baseOffset)")
        see(header.baseOffset..<header.nextOffset, header.checksum, Writing(header), by: reader)
    }

    private func see(_ offsets: Range<Offset>, _ checksum: UInt32, _ writing: Writing, by reader: String) {
        let now = Seen(end: offsets.upperBound, checksum: checksum)
        let before = seen.updateValue(now, forKey: offsets.lowerBound)
        world.check(
            before == nil || before == now, "what was acknowledged or read stays",
            "\(name): \(reader) finds at \(offsets.lowerBound) another batch than was seen there")
        let place = places.updateValue(offsets.lowerBound, forKey: writing)
        world.check(
            place == nil || place == offsets.lowerBound, "no batch is stored twice",
            "\(name): \(reader) finds \(writing) at \(offsets.lowerBound), and it was seen at \(place!)")
        end = max(end, offsets.upperBound)
    }

    // MARK: Leaders

    /// A broker leads in an epoch, and says up to where all is committed.
    func leads(_ epoch: LeaderEpoch, _ highWatermark: Offset, at node: NodeAddress, life: Int) {
        let leadership = Leadership(node: node, life: life)
        let other = leaders.updateValue(leadership, forKey: epoch)
        world.check(
            other == nil || other == leadership, "one leader per epoch",
            "\(name): \(node) and \(other!.node) in \(epoch)")
        let before = highWatermarks.updateValue(highWatermark, forKey: epoch)
        world.check(
            before.map { highWatermark >= $0 } ?? true, "the high watermark never falls in an epoch",
            "\(name): \(node) says \(highWatermark) in \(epoch), and said \(before!)")
        if other == nil { world.note("leads", node, Int64(epoch.rawValue), highWatermark.rawValue, Int64(life)) }
    }

    /// A client asked for the end when `floors` had been told.
    func told(end: Offset, in epoch: LeaderEpoch, after floors: [LeaderEpoch: Offset]) {
        let floor = floors.largest(upTo: epoch)
        world.check(
            end >= floor, "the end that clients are told never goes back",
            "\(name): \(end) in epoch \(epoch), and before \(floor)")
        toldEnds[epoch] = max(toldEnds[epoch, default: .zero], end)
    }

    // MARK: The end

    /// What a whole log of one replica holds in the end.
    func check(whole log: [Batch], of node: NodeAddress) {
        var next: [ProducerID: Int32] = [:]
        var end = Offset.zero
        for batch in log {
            let header = batch.header
            world.check(
                header.baseOffset == end, "a log has no gap", "\(name): \(node) has \(header.baseOffset) after \(end)")
            end = header.nextOffset
            let expected = next.updateValue(header.baseSequence + header.recordCount, forKey: header.producerID) ?? 0
            world.check(
                header.baseSequence == expected, "a producer's batches are stored in its order",
                "\(name): \(node) has \(header.baseSequence) of \(header.producerID) at \(header.baseOffset), not \(expected)"
            )
            read(batch, by: "\(node)")
        }
        world.check(
            end == self.end && log.count == seen.count, "in the end every replica has what was acknowledged or read",
            "\(name): \(node) has \(log.count) batches up to \(end), not \(seen.count) up to \(self.end)")
    }
}

extension RecordHistory.Writing {
    init(_ header: BatchHeader) {
        self.init(producer: header.producerID, epoch: header.producerEpoch, sequence: header.baseSequence)
    }
}
