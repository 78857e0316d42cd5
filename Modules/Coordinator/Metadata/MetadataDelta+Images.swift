// SPDX-License-Identifier: Apache-2.0

internal import Primitives

extension MetadataDelta {
    /// What is different between two images, whatever lies between: for a follower that was given a snapshot.
    ///
    /// - Complexity: O(both images).
    public init(from old: MetadataImage, to new: MetadataImage) {
        self.init()
        for topic in old.topicsByName() where new.topic(topic.id) == nil {
            removedTopics.append(DeletedTopic(name: topic.name, id: topic.id))
        }
        for topic in new.topicsByName() {
            let before = old.topic(topic.id)
            guard before != topic else { continue }
            if let change = TopicDelta(from: before, to: topic) { topics.append(change) }
        }
        configs = Set(old.configuredResources()).union(new.configuredResources())
            .filter { old.hasOtherConfigs($0, than: new) }.sorted()
        brokers = Set(old.brokers().map(\.id)).union(new.brokers().map(\.id))
            .filter { old.broker($0) != new.broker($0) }.sorted()
        features = Set(old.features().map(\.name)).union(new.features().map(\.name))
            .filter { old.featureLevel($0) != new.featureLevel($0) }.sorted()
        losses = Set((old.losses() + new.losses()).map(\.partition))
            .filter { old.losses(of: $0) != new.losses(of: $0) }.sorted()
        quotas = Set(old.quotas().map(\.entity)).union(new.quotas().map(\.entity))
            .filter { old.hasOtherQuotas($0, than: new) }.sorted()
    }
}
