// SPDX-License-Identifier: Apache-2.0

/// An entry travels without its definition, which the reader takes from its own table.
extension ConfigEntry: Codable {
    private enum CodingKeys: String, CodingKey { case topic, broker, value, origin, synonyms }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(name, forKey: SettingsTable.topic[name] == definition ? .topic : .broker)
        try container.encodeIfPresent(value, forKey: .value)
        try container.encode(origin, forKey: .origin)
        try container.encode(synonyms, forKey: .synonyms)
    }

    /// - Throws: also for a setting that only a later version has.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        let isTopic = container.contains(.topic)
        let name = try container.decode(String.self, forKey: isTopic ? .topic : .broker)
        guard let definition = (isTopic ? SettingsTable.topic : SettingsTable.broker)[name] else {
            throw DecodingError.dataCorruptedError(
                forKey: isTopic ? .topic : .broker, in: container, debugDescription: "no setting '\(name)'")
        }
        self.init(
            definition: definition, value: try container.decodeIfPresent(String.self, forKey: .value),
            origin: try container.decode(SettingOrigin.self, forKey: .origin),
            synonyms: try container.decode([ConfigSynonym].self, forKey: .synonyms))
    }
}
