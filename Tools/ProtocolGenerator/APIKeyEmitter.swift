// SPDX-License-Identifier: Apache-2.0

/// Writes the enum of API keys and their versions.
enum APIKeyEmitter {
    /// `ApiVersions` becomes `apiVersions`.
    static func caseName(_ name: String) -> String { name.prefix(1).lowercased() + name.dropFirst() }

    static func source(of declarations: [Declaration]) -> String {
        let apis = declarations.filter { $0.apiKey != nil }.sorted { ($0.apiKey ?? 0) < ($1.apiKey ?? 0) }
        var source = SwiftSource(madeFrom: "Tables/")
        source.blank()
        source.line("/// The APIs of the Kafka protocol that there is code for, with their numbers on the wire.")
        source.block("public enum APIKey: Int16, CaseIterable, Sendable") { body in
            for api in apis { body.line("case \(caseName(api.name)) = \(api.apiKey ?? 0)") }
            body.blank()
            body.line("/// The protocol's own name, as in its documentation.")
            body.block("public var name: String") { emitSwitch(apis, into: &$0) { "\"\($0.name)\"" } }
            body.blank()
            body.line("/// Versions that can be decoded and encoded.")
            body.block("public var validVersions: ClosedRange<Int16>") {
                emitSwitch(apis, into: &$0) { "\($0.versions.first)...\($0.versions.last)" }
            }
            body.blank()
            body.line("/// Versions that an `ApiVersions` response claims, where the API is served at all.")
            body.line("///")
            body.line("/// Differs from `validVersions` for Produce (old librdkafka wants to see version 0 before it")
            body.line("/// uses codecs, KAFKA-18659) and where Kafka calls its newest version unstable.")
            body.block("public var advertisedVersions: ClosedRange<Int16>") { body in
                body.line("switch self {")
                for api in apis where api.advertised != api.versions {
                    body.line("case .\(caseName(api.name)): \(api.advertised.first)...\(api.advertised.last)")
                }
                body.line("default: validVersions")
                body.line("}")
            }
            body.blank()
            body.line("/// First version with compact lengths and tagged fields (KIP-482); nil when there is none.")
            body.block("public var flexibleSince: Int16?") {
                emitSwitch(apis, into: &$0) { $0.flexibleSince.map(String.init) ?? "nil" }
            }
        }
        return source.text
    }

    private static func emitSwitch(
        _ apis: [Declaration], into body: inout SwiftSource, _ value: (Declaration) -> String
    ) {
        body.line("switch self {")
        for api in apis { body.line("case .\(caseName(api.name)): \(value(api))") }
        body.line("}")
    }
}
