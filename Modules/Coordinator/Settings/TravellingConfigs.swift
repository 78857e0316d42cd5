// SPDX-License-Identifier: Apache-2.0

/// Entries travel without their definitions, which the reader takes from its own table.
///
/// A setting that only the writer knows is left out, so that nodes of two versions understand each other.
struct TravellingConfigs: Codable {
    private struct Entry: Codable {
        let topic: String
        let value: String?
        let origin: SettingOrigin
        let synonyms: [ConfigSynonym]
    }

    private let entries: [Entry]

    /// - Parameter entries: Of topic settings, none of which is sensitive.
    init(_ entries: [ConfigEntry]) {
        self.entries = entries.map {
            Entry(topic: $0.name, value: $0.value, origin: $0.origin, synonyms: $0.synonyms)
        }
    }

    var known: [ConfigEntry] {
        entries.compactMap { entry in
            SettingsTable.topic[entry.topic].map {
                ConfigEntry(definition: $0, value: entry.value, origin: entry.origin, synonyms: entry.synonyms)
            }
        }
    }
}
