// SPDX-License-Identifier: Apache-2.0

import Coordinator
import Foundation
import Testing

/// The page for operators, written from the tables.
private struct SettingsPage {
    var text: String {
        """
        # Settings

        Written from the tables in `Modules/Coordinator/Settings`; `RECORD=1 swift test --filter SettingsPageTests` writes
        it anew. A value comes from a flag (`--set num.partitions=3`), else from an environment variable
        (`MYELIN_NUM_PARTITIONS=3`), else from the configuration file, else it is the default. A *cluster-wide* setting can
        also be changed while brokers run, for all of them or for one, and such a change comes before all of these; a
        *read-only* one is read at start.

        ## Broker settings

        | name | default | allowed | changed | meaning |
        |---|---|---|---|---|
        \(SettingsTable.broker.definitions.filter { $0.effect == .active }.map(brokerRow).joined(separator: "\n"))

        ## Topic settings

        | name | default | allowed | meaning |
        |---|---|---|---|
        \(SettingsTable.topic.definitions.filter { $0.effect == .active }.map(topicRow).joined(separator: "\n"))

        ## Settings of subscriptions to metrics of clients

        See [client-metrics.md](client-metrics.md).

        | name | default | allowed | meaning |
        |---|---|---|---|
        \(SettingsTable.clientMetrics.definitions.map(topicRow).joined(separator: "\n"))

        ## Accepted, without effect

        Clients and tools of Kafka send these. They are checked, stored and shown, and nothing reads them.

        \([unused(SettingsTable.broker, "Broker"), unused(SettingsTable.topic, "Topic")].compactMap(\.self).joined(separator: " "))

        """
    }

    private func brokerRow(_ definition: SettingDefinition) -> String {
        "| `\(definition.name)` | \(value(definition.defaultValue)) | \(allowed(definition)) | "
            + "\(definition.scope.rawValue) | \(definition.documentation) |"
    }

    private func topicRow(_ definition: SettingDefinition) -> String {
        let origin = definition.brokerSettings.map { "`\($0.name)`" }.joined(separator: ", else ")
        return "| `\(definition.name)` | \(origin.isEmpty ? value(definition.defaultValue) : origin) | "
            + "\(allowed(definition)) | \(definition.documentation) |"
    }

    private func value(_ text: String?) -> String { text.map { $0.isEmpty ? "empty" : "`\($0)`" } ?? "not set" }

    private func allowed(_ definition: SettingDefinition) -> String {
        let kind = definition.allowed == .any ? definition.kind.rawValue : definition.allowed.description
        return definition.unit == .none ? kind : "\(kind) (\(definition.unit.rawValue))"
    }

    private func unused(_ table: SettingsTable, _ kind: String) -> String? {
        let names = table.definitions.filter { $0.effect == .none }.map { "`\($0.name)`" }
        return names.isEmpty ? nil : "\(kind): \(names.joined(separator: ", "))."
    }
}

@Suite("the settings page")
struct SettingsPageTests {
    @Test("docs/operations/settings.md says what the tables say")
    func fresh() throws {
        let file = URL(filePath: #filePath).deletingLastPathComponent()
            .appending(path: "../../docs/operations/settings.md")
        if ProcessInfo.processInfo.environment["RECORD"] == "1" {
            try Data(SettingsPage().text.utf8).write(to: file)
        }
        #expect(try String(contentsOf: file, encoding: .utf8) == SettingsPage().text)
    }
}
