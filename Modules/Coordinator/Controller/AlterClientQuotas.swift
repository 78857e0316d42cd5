// SPDX-License-Identifier: Apache-2.0

public import Primitives

public enum AlterQuotaRefusal: Error, Hashable, Sendable, Codable {
    /// Neither a user nor a client id nor an address is given.
    case emptyEntity
    /// A name may not be empty.
    case emptyName
    /// An address stands alone.
    case mixedEntity
    /// Only numeric addresses are taken: names would mean another machine tomorrow.
    case notAnAddress(String)
    /// No quota has this name.
    case unknownKey(String)
    /// Addresses have a rate of connections, the others everything else.
    case keyNotOfEntity(QuotaKey)
    /// A quota is a finite number above 0; bytes and connections are whole numbers.
    case invalidLimit(QuotaKey)
    /// The request changes one quota twice.
    case duplicateKey(QuotaKey)
    case tooManyEntities(countMax: Int)
    case levelTooLow(Int16, needed: Int16)
}

/// Sets and takes away client quotas (KIP-546); each entity succeeds or is refused as a whole.
public struct AlterClientQuotas: ControllerCommand {
    public static var name: String { "AlterClientQuotas" }
    /// Entities with quotas; a user with a hundred clients of their own counts a hundred.
    public static let entityCountMax = 10_000
    /// Longest name, in UTF-8 bytes, as of the principals and client ids that it is compared with.
    public static let nameByteCountMax = 1_024

    public struct Change: Hashable, Sendable, Codable {
        /// As the client named it; `QuotaKey` has those that are known.
        public var key: String
        /// nil: the quota is taken away, which is no error where there is none.
        public var limit: Double?

        public init(_ key: String, limit: Double?) {
            self.key = key
            self.limit = limit
        }
    }

    public struct Alteration: Hashable, Sendable, Codable {
        public var entity: QuotaEntity
        public var changes: [Change]

        public init(_ entity: QuotaEntity, _ changes: [Change]) {
            self.entity = entity
            self.changes = changes
        }
    }

    public var alterations: [Alteration]
    /// Answer as if, and write nothing.
    public var validateOnly: Bool

    public init(_ alterations: [Alteration], validateOnly: Bool = false) {
        self.alterations = alterations
        self.validateOnly = validateOnly
    }

    /// In the order of the request.
    public typealias Outcome = [Result<Done, AlterQuotaRefusal>]

    public func decide(on state: ControllerState, using entropy: inout Entropy) -> Decision<Outcome> {
        var draft = Draft(state)
        let outcome = alterations.map { alteration in
            Result { () throws(AlterQuotaRefusal) in
                for record in try alteration.records(on: draft.image) { draft.add(record) }
                return Done()
            }
        }
        return Decision(outcome, records: validateOnly ? [] : draft.records)
    }
}

extension AlterClientQuotas.Alteration {
    fileprivate func records(on image: MetadataImage) throws(AlterQuotaRefusal) -> [MetadataRecord] {
        guard image.allowsQuotas else {
            throw .levelTooLow(image.featureLevel(Features.metadata.name), needed: Features.quotaLevel)
        }
        try checkEntity()
        var seen: Set<QuotaKey> = []
        var records: [MetadataRecord] = []
        for change in changes {
            let key = try checked(change)
            guard seen.insert(key).inserted else { throw .duplicateKey(key) }
            guard image.quota(key, of: entity) != change.limit else { continue }
            records.append(.clientQuotaChanged(entity, key, limit: change.limit))
        }
        let isNew = !image.hasQuotas(entity) && changes.contains { $0.limit != nil }
        guard !isNew || image.quotaEntityCount < AlterClientQuotas.entityCountMax else {
            throw .tooManyEntities(countMax: AlterClientQuotas.entityCountMax)
        }
        return records
    }

    private func checkEntity() throws(AlterQuotaRefusal) {
        let parts = [entity.user, entity.clientID, entity.address].compactMap { $0 }
        guard !parts.isEmpty else { throw .emptyEntity }
        for case .named(let name) in parts
        where name.isEmpty || name.utf8.count > AlterClientQuotas.nameByteCountMax { throw .emptyName }
        guard entity.address == nil || parts.count == 1 else { throw .mixedEntity }
        if case .named(let address) = entity.address, !NumericAddress.isValid(address) { throw .notAnAddress(address) }
    }

    private func checked(_ change: AlterClientQuotas.Change) throws(AlterQuotaRefusal) -> QuotaKey {
        guard let key = QuotaKey(rawValue: change.key) else { throw .unknownKey(change.key) }
        guard (key == .connectionCreationRate) == (entity.address != nil) else { throw .keyNotOfEntity(key) }
        guard let limit = change.limit else { return key }
        guard limit.isFinite, limit > 0, limit <= Double(Int64.max) else { throw .invalidLimit(key) }
        switch key {
        case .producerByteRate, .consumerByteRate, .connectionCreationRate:
            guard limit.rounded() == limit else { throw .invalidLimit(key) }
        case .requestPercentage, .controllerMutationRate: break
        }
        return key
    }
}

/// Addresses as numbers, in the one spelling that the system gives for a peer.
enum NumericAddress {
    /// Four decimal numbers, or groups of hexadecimal digits with at most one gap.
    static func isValid(_ text: String) -> Bool { text.contains(":") ? isVersion6(text) : isVersion4(text[...]) }

    private static func isVersion4(_ text: Substring) -> Bool {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        return parts.count == 4
            && parts.allSatisfy { part in UInt8(part).map { String($0) == part } ?? false }
    }

    private static func isVersion6(_ text: String) -> Bool {
        if text == "::" { return true }
        var groups = text.split(separator: ":", omittingEmptySubsequences: false)
        if let last = groups.last, last.contains(".") {
            guard isVersion4(last) else { return false }
            groups.replaceSubrange((groups.count - 1)..., with: ["0", "0"])
        }
        // A gap at an end leaves two empty groups there, one in the middle leaves one.
        if groups.count > 2, groups[0].isEmpty, groups[1].isEmpty { groups.removeFirst() }
        if groups.count > 2, groups[groups.count - 1].isEmpty, groups[groups.count - 2].isEmpty { groups.removeLast() }
        let gapCount = groups.count { $0.isEmpty }
        guard groups.count == 8 && gapCount == 0 || groups.count <= 8 && gapCount == 1 else { return false }
        return groups.allSatisfy { $0.count <= 4 && $0.allSatisfy(\.isHexDigit) }
    }
}
