// SPDX-License-Identifier: Apache-2.0

public import WireProtocol

extension Admin.ConfigResource {
    /// A topic.
    public static func topic(_ name: String) -> Self { .with { ($0.type, $0.name) = (.topic, name) } }
    /// A broker by its id; nil is the default of all brokers.
    public static func broker(_ id: Int32?) -> Self {
        .with { ($0.type, $0.name) = (.broker, id.map { "\($0)" } ?? "") }
    }
    /// A subscription to metrics of clients, by its name.
    public static func clientMetrics(_ name: String) -> Self { .with { ($0.type, $0.name) = (.clientMetrics, name) } }
    /// A consumer group.
    public static func group(_ id: String) -> Self { .with { ($0.type, $0.name) = (.group, id) } }
}

extension AdminClient {
    /// Which configs a kind of resource knows, ascending by name, with default and documentation.
    public func configs(of type: Admin.ConfigResourceType) async throws(RPCError) -> [Admin.ConfigEntry] {
        try await call(Admin.configList, .with { $0.type = type }).entries
    }

    /// The configs of resources, in the order asked.
    ///
    /// - Parameter names: Only these; empty gives all.
    public func describeConfigs(
        _ resources: [Admin.ConfigResource], names: [String] = [], includingDocumentation: Bool = false,
        includingSynonyms: Bool = false
    ) async throws(RPCError) -> [Admin.ConfigDescription] {
        let request = Admin.ConfigDescribeRequest.with {
            $0.resources = resources
            $0.names = names
            $0.includesDocumentation = includingDocumentation
            $0.includesSynonyms = includingSynonyms
        }
        return try await call(Admin.configDescribe, request).resources
    }

    /// Changes configs; each resource succeeds or fails alone.
    public func alterConfigs(
        _ resources: [Admin.ConfigResourceAlteration], validateOnly: Bool = false
    ) async throws(RPCError) -> [Admin.ConfigOutcome] {
        try await call(Admin.configAlter, .with { ($0.resources, $0.validateOnly) = (resources, validateOnly) })
            .resources
    }

    /// Why a config has the value it has: value, origin, default, documentation, everything it was chosen from.
    public func explainConfig(
        _ name: String, of resource: Admin.ConfigResource
    ) async throws(RPCError) -> Admin.ConfigEntry {
        try await call(Admin.configExplain, .with { ($0.resource, $0.name) = (resource, name) }).entry
    }
}
