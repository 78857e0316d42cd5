// SPDX-License-Identifier: Apache-2.0

internal import Coordinator
internal import KafkaProtocol
internal import Primitives

extension BrokerShard {
    /// Shows what quotas are set (KIP-546), not which of them apply to whom.
    func describeClientQuotas(_ request: DescribeClientQuotasRequest, _ context: RequestContext) {
        var response = DescribeClientQuotasResponse()
        response.errorMessage = nil
        do throws(QuotaFilterRefusal) {
            let filter = try QuotaFilter(request)
            response.entries = image.quotas().filter { filter.matches($0.entity) }.map { entity, limits in
                var entry = DescribeClientQuotasResponse.EntryData()
                entry.entity = entity.kafkaParts.map { type, name in
                    var part = DescribeClientQuotasResponse.EntityData()
                    (part.entityType, part.entityName) = (type.rawValue, name)
                    return part
                }
                entry.values = limits.map { key, limit in
                    var value = DescribeClientQuotasResponse.ValueData()
                    (value.key, value.value) = (key.rawValue, limit)
                    return value
                }
                return entry
            }
        } catch {
            response.errorCode = error.kafkaCode.rawValue
            response.errorMessage = error.message
            response.entries = nil
        }
        respond(response, to: context)
    }
}

/// The parts of an entity. The raw values are Kafka's.
enum QuotaEntityType: String, CaseIterable {
    case user
    case clientID = "client-id"
    case address = "ip"
}

/// Why quotas are not shown.
enum QuotaFilterRefusal: Error, Equatable {
    case unknownType(String)
    case duplicateType(QuotaEntityType)
    /// An address has nothing to do with users and client ids.
    case mixedTypes
    /// 0 exact, 1 default, 2 any.
    case invalidMatch(Int8)
    case missingName(QuotaEntityType)
}

extension QuotaFilter {
    init(_ request: DescribeClientQuotasRequest) throws(QuotaFilterRefusal) {
        self.init(isStrict: request.strict)
        for component in request.components {
            guard let type = QuotaEntityType(rawValue: component.entityType) else {
                throw .unknownType(component.entityType)
            }
            let condition = try Condition(component, of: type)
            let path: WritableKeyPath<QuotaFilter, Condition?> =
                switch type {
                case .user: \.user
                case .clientID: \.clientID
                case .address: \.address
                }
            guard self[keyPath: path] == nil else { throw .duplicateType(type) }
            self[keyPath: path] = condition
        }
        guard address == nil || (user == nil && clientID == nil) else { throw .mixedTypes }
    }
}

extension QuotaFilter.Condition {
    fileprivate init(
        _ component: DescribeClientQuotasRequest.ComponentData, of type: QuotaEntityType
    ) throws(QuotaFilterRefusal) {
        switch component.matchType {
        case 0:
            guard let name = component.match else { throw .missingName(type) }
            self = .equals(.named(name))
        case 1: self = .equals(.byDefault)
        case 2: self = .present
        default: throw .invalidMatch(component.matchType)
        }
    }
}

extension QuotaEntity {
    /// The parts that are there, as Kafka writes them: a type, and nil for the default's name.
    var kafkaParts: [(type: QuotaEntityType, name: String?)] {
        zip(QuotaEntityType.allCases, [user, clientID, address]).compactMap { type, part in
            switch part {
            case .named(let name): (type, name)
            case .byDefault: (type, nil)
            case nil: nil
            }
        }
    }

    /// - Throws: for a type that is not known or comes twice.
    init(kafkaParts parts: [(type: String, name: String?)]) throws(QuotaFilterRefusal) {
        self.init()
        for (text, name) in parts {
            guard let type = QuotaEntityType(rawValue: text) else { throw .unknownType(text) }
            let path: WritableKeyPath<QuotaEntity, Part?> =
                switch type {
                case .user: \.user
                case .clientID: \.clientID
                case .address: \.address
                }
            guard self[keyPath: path] == nil else { throw .duplicateType(type) }
            self[keyPath: path] = name.map { .named($0) } ?? .byDefault
        }
    }
}
