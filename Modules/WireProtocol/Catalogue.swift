// SPDX-License-Identifier: Apache-2.0

internal import Primitives

/// Writes down what is declared, one line per method, message field and enum case, so that a golden file can pin it.
public struct Catalogue: Sendable {
    private var lines: [String] = []
    private var described: Set<String> = []

    public init() {}

    /// The lines so far.
    public var text: String { lines.joined(separator: "\n") + "\n" }

    /// Adds a method and every message it reaches.
    public mutating func add<Request, Response, ClientItem, ServerItem>(
        _ method: Method<Request, Response, ClientItem, ServerItem>
    ) {
        let it = method.descriptor
        let change = it.isMutating ? " mutating" : ""
        lines.append("method \(it.id) \(it.name) \(it.shape)\(change) since \(it.since)")
        for name in [Request.name, ClientItem.name, ServerItem.name, Response.name] { lines.append("  \(name)") }
        add(Request.self)
        add(ClientItem.self)
        add(ServerItem.self)
        add(Response.self)
    }

    /// Adds a message and every message it reaches; one that is there already is not repeated.
    public mutating func add<Content: Message>(_ type: Content.Type) {
        guard described.insert(Content.name).inserted else { return }
        var reader = CatalogueReader()
        var content = Content()
        do throws(DecodeError) {
            try content.fields(&reader)
        } catch {
            preconditionFailure("\(Content.name) threw while being described: \(error)")
        }
        lines.append("message \(Content.name)")
        lines += reader.lines
        for addReached in reader.reached { addReached(&self) }
    }

    mutating func add<Name: MessageEnum>(_ type: Name.Type) {
        guard described.insert(Name.typeName).inserted else { return }
        lines.append("enum \(Name.typeName)")
        lines += Name.allCases.map { "  \($0.rawValue) \($0)" }
    }
}

/// Walks one message.
private struct CatalogueReader: FieldVisitor {
    var lines: [String] = []
    var reached: [(inout Catalogue) -> Void] = []

    mutating func field<Value: FieldValue>(
        _ number: UInt32, _ name: StaticString, _ value: inout Value, since: FeatureLevel
    ) throws(DecodeError) { add(number, name, "\(Value.typeName)", Value.self, since) }

    mutating func field<Value: FieldValue>(
        _ number: UInt32, _ name: StaticString, _ value: inout Value?, since: FeatureLevel
    ) throws(DecodeError) { add(number, name, "\(Value.typeName)?", Value.self, since) }

    mutating func field<Value: FieldValue>(
        _ number: UInt32, _ name: StaticString, _ values: inout [Value], since: FeatureLevel
    ) throws(DecodeError) { add(number, name, "[\(Value.typeName)]", Value.self, since) }

    private mutating func add<Value: FieldValue>(
        _ number: UInt32, _ name: StaticString, _ type: String, _ value: Value.Type, _ since: FeatureLevel
    ) {
        lines.append("  \(number) \(name) \(type) since \(since)")
        if let message = Value.self as? any Message.Type {
            reached.append { catalogue in catalogue.add(message) }
        } else if let name = Value.self as? any MessageEnum.Type {
            reached.append { catalogue in catalogue.add(name) }
        }
    }
}

extension Catalogue {
    /// Everything of the admin catalogue and of the connection itself.
    public static var admin: Catalogue {
        var catalogue = Catalogue()
        catalogue.add(Hello.self)
        catalogue.add(Credit.self)
        catalogue.add(Ping.self)
        catalogue.add(Goaway.self)
        catalogue.add(RPCError.self)
        catalogue.addCluster()
        catalogue.addTopics()
        catalogue.addGroups()
        catalogue.addConfigs()
        catalogue.addTransactionsAndQuotas()
        catalogue.addPeers()
        return catalogue
    }

    private mutating func addCluster() {
        add(Admin.clusterInfo)
        add(Admin.health)
        add(Admin.doctor)
        add(Admin.metrics)
        add(Admin.balance)
        add(Admin.featureUpdate)
        add(Admin.brokerDrain)
        add(Admin.brokerStop)
        add(Admin.brokerUnregister)
        add(Admin.voterChange)
    }

    private mutating func addTopics() {
        add(Admin.topicList)
        add(Admin.topicDescribe)
        add(Admin.topicCreate)
        add(Admin.topicAlter)
        add(Admin.topicDelete)
        add(Admin.topicTrim)
        add(Admin.partitionList)
        add(Admin.partitionMove)
        add(Admin.partitionMoveList)
        add(Admin.leaderElect)
    }

    private mutating func addGroups() {
        add(Admin.groupList)
        add(Admin.groupDescribe)
        add(Admin.groupLag)
        add(Admin.groupOffsetReset)
        add(Admin.groupDelete)
    }

    private mutating func addConfigs() {
        add(Admin.configList)
        add(Admin.configDescribe)
        add(Admin.configAlter)
        add(Admin.configExplain)
    }

    private mutating func addTransactionsAndQuotas() {
        add(Admin.transactionList)
        add(Admin.transactionDescribe)
        add(Admin.transactionAbort)
        add(Admin.quotaList)
        add(Admin.quotaAlter)
    }

    private mutating func addPeers() {
        add(Admin.brokerState)
        add(Admin.offsetLookup)
    }
}
