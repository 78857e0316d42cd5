// SPDX-License-Identifier: Apache-2.0

// Numbers travel in text formats such as JSON as numbers, topic ids as their 22 characters.

extension Offset: Codable {}
extension LeaderEpoch: Codable {}
extension PartitionEpoch: Codable {}
extension PartitionIndex: Codable {}
extension NodeID: Codable {}
extension Term: Codable {}
extension ProducerID: Codable {}
extension ProducerEpoch: Codable {}
extension ByteCount: Codable {}
extension Timestamp: Codable {}

extension TopicID: Codable {
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        let text = try container.decode(String.self)
        guard let id = TopicID(text) else {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: "'\(text)' is no topic id")
        }
        self = id
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}

extension PartitionID: Codable {
    private enum CodingKeys: String, CodingKey { case topic, index }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        self.init(
            topic: try container.decode(TopicID.self, forKey: .topic),
            index: try container.decode(PartitionIndex.self, forKey: .index))
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(topic, forKey: .topic)
        try container.encode(index, forKey: .index)
    }
}
