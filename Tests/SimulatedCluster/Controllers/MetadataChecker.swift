// SPDX-License-Identifier: Apache-2.0

import Coordinator
import Primitives

/// Holds controllers to what they publish and to what they told their clients.
final class MetadataChecker {
    /// A topic whose name no other ever had.
    private struct Story {
        var id: TopicID?
        /// From this offset on every image has it, unless somebody asked for its end.
        var createdBy: Offset?
        var mayNotExist = false
        var wasAskedToEnd = false
        /// From this offset on no image has it.
        var goneBy: Offset?
    }

    private let world: World
    /// What controllers published, by the offset of the first record that is not in it.
    private var images: [Offset: MetadataImage] = [:]
    private var active: [Term: NodeAddress] = [:]
    private var stories: [String: Story] = [:]
    /// In the order in which they were asked for.
    private var names: [String] = []
    private var blocks: [ProducerIDBlock] = []
    private var registrations: [BrokerEpoch: IncarnationID] = [:]

    init(world: World) { self.world = world }

    var publicationCount: Int { images.count }

    /// Topics that exist for sure and that nobody asked to end.
    var lastingTopics: [String] {
        names.filter { stories[$0].map { $0.createdBy != nil && !$0.wasAskedToEnd } ?? false }
    }

    // MARK: Controllers

    func decides(_ node: NodeAddress, in term: Term) {
        let other = active.updateValue(node, forKey: term)
        world.check(
            other == nil || other == node, "one controller decides in a term", "\(node) and \(other!) in \(term)")
    }

    func published(_ image: MetadataImage, upTo end: Offset, by node: NodeAddress) {
        if let known = images[end] {
            return world.check(
                known == image, "controllers publish the same", "\(node) has another image up to \(end)")
        }
        images[end] = image
        check(image, upTo: end, by: node)
    }

    private func check(_ image: MetadataImage, upTo end: Offset, by node: NodeAddress) {
        for name in names {
            guard let story = stories[name] else { continue }
            let found = image.topic(named: name)?.id
            if let createdBy = story.createdBy, end >= createdBy, !story.wasAskedToEnd {
                world.check(
                    found == story.id, "what was acknowledged stays",
                    "\(node) up to \(end) lacks \(name) of \(createdBy)")
            }
            if let goneBy = story.goneBy, end >= goneBy {
                world.check(found == nil, "what was deleted stays deleted", "\(node) up to \(end) has \(name)")
            }
            if story.mayNotExist {
                world.check(found == nil, "what was refused did not happen", "\(node) up to \(end) has \(name)")
            }
        }
    }

    // MARK: Clients

    func asked(toCreate name: String) {
        stories[name] = Story()
        names.append(name)
    }

    func created(_ name: String, _ id: TopicID, by end: Offset, at node: NodeAddress) {
        stories[name]?.id = id
        stories[name]?.createdBy = end
        look(at: end, node)
    }

    /// Nothing happened, the controller says.
    func refused(_ name: String) { stories[name]?.mayNotExist = true }

    func asked(toDelete name: String) { stories[name]?.wasAskedToEnd = true }

    func deleted(_ name: String, by end: Offset, at node: NodeAddress) {
        stories[name]?.goneBy = end
        look(at: end, node)
    }

    private func look(at end: Offset, _ node: NodeAddress) {
        guard let image = images[end] else {
            return world.fail("an answer comes after the publication", "\(node) answers for \(end)")
        }
        check(image, upTo: end, by: node)
    }

    /// Somebody asked for a topic that exists, after he was told that it does.
    func refusedAnew(_ name: String, _ refusal: CreateTopicRefusal?, at node: NodeAddress) {
        guard let id = stories[name]?.id else { return }
        world.check(
            refusal == .exists(id), "no answer comes from the past", "\(node) asked for \(name): \(refusal as Any)")
    }

    func allocated(_ block: ProducerIDBlock) {
        let overlaps = blocks.contains { $0.first < block.end && block.first < $0.end }
        world.check(!overlaps, "a producer id is given once", "\(block) after \(blocks.suffix(3))")
        blocks.append(block)
    }

    func registered(_ incarnation: IncarnationID, as epoch: BrokerEpoch) {
        let other = registrations.updateValue(incarnation, forKey: epoch)
        world.check(
            other == nil || other == incarnation, "a broker epoch names one registration",
            "\(epoch) is of two")
    }

    // MARK: The end

    func checkHistory(upTo end: Offset, by node: NodeAddress) {
        guard let image = images[end] else { return world.fail("the last image was published", "up to \(end)") }
        check(image, upTo: end, by: node)
        for block in blocks {
            world.check(
                block.end <= image.producerIDs.next, "producer ids are taken for ever",
                "\(block), and the next is \(image.producerIDs.next)")
        }
    }
}
