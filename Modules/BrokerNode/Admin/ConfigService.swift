// SPDX-License-Identifier: Apache-2.0

internal import Coordinator
internal import Primitives
internal import WireProtocol

extension AdminService {
    func configList(_ request: Admin.ConfigListRequest) throws -> Admin.ConfigListResponse {
        let table: SettingsTable =
            switch request.type {
            case .topic: .topic
            case .broker: .broker
            case .clientMetrics: .clientMetrics
            case .group, .unspecified: throw RPCError(unsupported: request.type)
            }
        return .with {
            $0.entries = table.definitions.map { definition in
                var entry = Admin.ConfigEntry(definition)
                entry.value = entry.defaultValue
                entry.origin = .defaultValue
                return entry
            }
        }
    }

    func configDescribe(_ request: Admin.ConfigDescribeRequest) async throws -> Admin.ConfigDescribeResponse {
        try requireSome(request.resources, "resource")
        var response = Admin.ConfigDescribeResponse()
        for resource in request.resources {
            var description = Admin.ConfigDescription()
            description.resource = resource
            do throws(RPCError) {
                if let broker = try await otherBroker(resource, request.localOnly) {
                    response.resources.append(try await describe(resource, at: broker, request))
                    continue
                }
                description.entries = try await entries(of: resource, named: request.names).map {
                    var entry = Admin.ConfigEntry($0)
                    if !request.includesDocumentation { entry.documentation = "" }
                    if !request.includesSynonyms { entry.synonyms = [] }
                    return entry
                }
            } catch {
                description.error = error
            }
            response.resources.append(description)
        }
        return response
    }

    /// The broker that knows the settings of a resource better than this one: itself.
    private func otherBroker(
        _ resource: Admin.ConfigResource, _ localOnly: Bool
    ) async throws(RPCError) -> NodeID? {
        guard !localOnly, resource.type == .broker, let id = Int32(resource.name), NodeID(id) != identity.id else {
            return nil
        }
        let image = await image()
        return image.broker(NodeID(id)) == nil ? nil : NodeID(id)
    }

    private func describe(
        _ resource: Admin.ConfigResource, at broker: NodeID, _ request: Admin.ConfigDescribeRequest
    ) async throws(RPCError) -> Admin.ConfigDescription {
        var part = request
        part.resources = [resource]
        part.localOnly = true
        let response = try await peers.ask(broker, in: await image(), Admin.configDescribe, part)
        guard let only = response.resources.first else {
            throw RPCError(.internalFault, "broker \(broker) says nothing about itself")
        }
        return only
    }

    func configExplain(_ request: Admin.ConfigExplainRequest) async throws -> Admin.ConfigExplainResponse {
        if let broker = try await otherBroker(request.resource, request.localOnly) {
            var forwarded = request
            forwarded.localOnly = true
            return try await peers.ask(broker, in: await image(), Admin.configExplain, forwarded)
        }
        guard let entry = try await entries(of: request.resource, named: [request.name]).first else {
            // Defaults of all brokers hold only what was set; the rest comes from each broker.
            throw RPCError(
                .notFound, "\(request.name) is not set as a default of all brokers",
                remedy: "Ask about one broker: 'myelin config explain \(request.name) --broker \(identity.id)'.")
        }
        return .with { $0.entry = Admin.ConfigEntry(entry) }
    }

    func configAlter(_ request: Admin.ConfigAlterRequest) async throws -> Admin.ConfigAlterResponse {
        try requireSome(request.resources, "resource")
        let resources = try request.resources.map { alteration in
            (
                target: try ConfigTarget(checking: alteration.resource),
                changes: try alteration.alterations.map { try AlterConfigs.Change(checking: $0) }
            )
        }
        let outcomes = try await command(AlterConfigs(resources, validateOnly: request.validateOnly))
        let image = await image()
        return .with {
            $0.resources = zip(request.resources, outcomes).map { alteration, outcome in
                .with {
                    $0.resource = alteration.resource
                    if case .failure(let refusal) = outcome { $0.error = RPCError(refusal, in: image) }
                }
            }
        }
    }

    /// The settings of a resource, all or those named.
    private func entries(
        of resource: Admin.ConfigResource, named names: [String]
    ) async throws(RPCError) -> [ConfigEntry] {
        let target = try ConfigTarget(checking: resource)
        let table: SettingsTable =
            switch target.kind {
            case .topic: .topic
            case .clientMetrics: .clientMetrics
            case .broker, .brokerLogger, .group, .unknown: .broker
            }
        for name in names {
            do throws(SettingError) { _ = try table.definition(of: name) } catch { throw RPCError(error) }
        }
        let result: Result<[ConfigEntry], RPCError> = await ask { shard, reply in
            do throws(DescribeConfigRefusal) {
                reply(.success(try shard.entries(of: target)))
            } catch {
                reply(.failure(RPCError(error, in: shard.image)))
            }
        }
        return try result.get().filter { names.isEmpty || names.contains($0.name) }
    }
}

// MARK: Between the two vocabularies

extension ConfigTarget {
    init(checking resource: Admin.ConfigResource) throws(RPCError) {
        switch resource.type {
        case .topic: self.init(.topic, name: resource.name)
        case .broker: self.init(.broker, name: resource.name)
        case .clientMetrics: self.init(.clientMetrics, name: resource.name)
        case .group, .unspecified: throw RPCError(unsupported: resource.type)
        }
    }
}

extension RPCError {
    fileprivate init(unsupported type: Admin.ConfigResourceType) {
        if type == .group {
            self.init(
                .notSupported, "groups have no settings of their own",
                remedy: "Settings that begin with 'group.' belong to the broker.")
        } else {
            self.init(.invalidRequest, "the resource has no type", remedy: "Name a topic or a broker.")
        }
    }
}

extension AlterConfigs.Change {
    init(checking alteration: Admin.ConfigAlteration) throws(RPCError) {
        let operation: AlterConfigs.Operation
        switch alteration.operation {
        case .set: operation = .set
        case .delete: operation = .delete
        case .append: operation = .append
        case .subtract: operation = .subtract
        case .unspecified:
            throw RPCError(
                .invalidRequest, "it is not said how \(alteration.name) is to change",
                remedy: "Say set, delete, append or subtract.")
        }
        self.init(operation, name: alteration.name, value: operation == .delete ? nil : alteration.value)
    }
}

extension Admin.ConfigEntry {
    /// A setting as such, without the value of any resource.
    init(_ definition: SettingDefinition) {
        self.init()
        name = definition.name
        defaultValue = definition.isSensitive ? nil : definition.defaultValue
        isSensitive = definition.isSensitive
        isReadOnly = definition.scope == .readOnly && SettingsTable.topic[definition.name] == nil
        type = definition.kind.rawValue.uppercased()
        documentation = definition.documentation
        validValues = definition.validValues
    }

    /// All that is known about a setting of a resource.
    init(_ entry: ConfigEntry) {
        self.init(entry.definition)
        value = entry.value
        origin = Admin.ConfigOrigin(entry.origin)
        synonyms = entry.synonyms.map { synonym in
            .with {
                $0.name = synonym.name
                $0.value = synonym.value
                $0.origin = Admin.ConfigOrigin(synonym.origin)
            }
        }
    }
}

extension Admin.ConfigOrigin {
    fileprivate init(_ origin: SettingOrigin) {
        self =
            switch origin {
            case .topic: .topic
            case .dynamicBroker: .broker
            case .dynamicDefault: .brokerDefault
            case .subscription: .clientMetrics
            case .flag: .commandLine
            case .environment: .environment
            case .file: .file
            case .builtIn: .defaultValue
            }
    }
}

extension SettingDefinition {
    fileprivate var validValues: [String] {
        switch allowed {
        case .oneOf(let values), .someOf(let values): values
        default: kind == .boolean ? ["false", "true"] : []
        }
    }
}
