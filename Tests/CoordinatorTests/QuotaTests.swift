// SPDX-License-Identifier: Apache-2.0

import Coordinator
import Primitives
import Testing

@Suite("client quotas in the metadata")
struct QuotaTests {
    private let ann = QuotaEntity(user: .named("ann"))

    private func alter(
        _ deciding: inout Deciding, _ entity: QuotaEntity, _ changes: [(String, Double?)], validateOnly: Bool = false
    ) throws -> AlterQuotaRefusal? {
        let alteration = AlterClientQuotas.Alteration(
            entity, changes.map { AlterClientQuotas.Change($0.0, limit: $0.1) })
        switch try deciding.run(AlterClientQuotas([alteration], validateOnly: validateOnly))[0] {
        case .success: return nil
        case .failure(let refusal): return refusal
        }
    }

    @Test("quotas are set, changed and taken away, each key for itself")
    func lifeCycle() throws {
        var deciding = try Deciding()
        #expect(try alter(&deciding, ann, [("producer_byte_rate", 1e6), ("request_percentage", 12.5)]) == nil)
        #expect(try alter(&deciding, ann, [("producer_byte_rate", 2e6)]) == nil)
        #expect(deciding.image.quota(.producerByteRate, of: ann) == 2e6)
        #expect(deciding.image.quota(.requestPercentage, of: ann) == 12.5)
        #expect(deciding.image.quota(.consumerByteRate, of: ann) == nil)
        #expect(try alter(&deciding, ann, [("producer_byte_rate", nil), ("request_percentage", nil)]) == nil)
        #expect(deciding.image.quotaEntityCount == 0)
        #expect(try alter(&deciding, ann, [("producer_byte_rate", nil)]) == nil)
    }

    @Test("a rehearsal answers as the change would, and changes nothing")
    func rehearsal() throws {
        var deciding = try Deciding()
        #expect(try alter(&deciding, ann, [("producer_byte_rate", 1)], validateOnly: true) == nil)
        #expect(try alter(&deciding, ann, [("no_such_rate", 1)], validateOnly: true) == .unknownKey("no_such_rate"))
        #expect(deciding.image.quotaEntityCount == 0)
    }

    @Test("what already holds is not written again")
    func idempotence() throws {
        var deciding = try Deciding()
        _ = try alter(&deciding, ann, [("producer_byte_rate", 5)])
        let before = deciding.nextOffset
        #expect(try alter(&deciding, ann, [("producer_byte_rate", 5)]) == nil)
        #expect(deciding.nextOffset == before)
    }

    @Test("entities that cannot be are refused")
    func entities() throws {
        var deciding = try Deciding()
        let rate: [(String, Double?)] = [("producer_byte_rate", 1)]
        let connections: [(String, Double?)] = [("connection_creation_rate", 1)]
        #expect(try alter(&deciding, QuotaEntity(), rate) == .emptyEntity)
        #expect(try alter(&deciding, QuotaEntity(user: .named("")), rate) == .emptyName)
        let long = String(repeating: "x", count: AlterClientQuotas.nameByteCountMax + 1)
        #expect(try alter(&deciding, QuotaEntity(clientID: .named(long)), rate) == .emptyName)
        let mixed = QuotaEntity(user: .byDefault, address: .named("192.0.2.1"))
        #expect(try alter(&deciding, mixed, connections) == .mixedEntity)
        for text in [
            "example.org", "192.0.2", "192.0.2.256", "192.0.02.1", "1:2", "::1::2", "12345::", "1:2:3:4:5:6:7:8:9",
        ] {
            #expect(try alter(&deciding, QuotaEntity(address: .named(text)), connections) == .notAnAddress(text))
        }
        for text in ["192.0.2.1", "::1", "2001:db8::7", "::", "fe80::", "1:2:3:4:5:6:7:8", "::ffff:192.0.2.1"] {
            #expect(try alter(&deciding, QuotaEntity(address: .named(text)), connections) == nil)
        }
    }

    @Test("a quota is a number above 0 of a kind that fits its entity", arguments: [0, -1, 1.5, .infinity, .nan])
    func limits(limit: Double) throws {
        var deciding = try Deciding()
        #expect(try alter(&deciding, ann, [("consumer_byte_rate", limit)]) == .invalidLimit(.consumerByteRate))
        #expect(
            try alter(&deciding, ann, [("connection_creation_rate", 1)]) == .keyNotOfEntity(.connectionCreationRate))
        let address = QuotaEntity(address: .byDefault)
        #expect(try alter(&deciding, address, [("request_percentage", 1)]) == .keyNotOfEntity(.requestPercentage))
        let twice: [(String, Double?)] = [("request_percentage", 1), ("request_percentage", 2)]
        #expect(try alter(&deciding, ann, twice) == .duplicateKey(.requestPercentage))
        #expect(deciding.image.quotaEntityCount == 0)
    }

    @Test("one refused entity of a request leaves the others alone")
    func eachForItself() throws {
        var deciding = try Deciding()
        let outcomes = try deciding.run(
            AlterClientQuotas([
                .init(ann, [.init("producer_byte_rate", limit: 1), .init("no_such_rate", limit: 1)]),
                .init(QuotaEntity(user: .byDefault), [.init("producer_byte_rate", limit: 2)]),
            ]))
        #expect(outcomes == [.failure(.unknownKey("no_such_rate")), .success(Done())])
        #expect(deciding.image.quotas().map(\.entity) == [QuotaEntity(user: .byDefault)])
    }

    @Test("there is an end to entities, and those that are there can still change")
    func bound() throws {
        var deciding = try Deciding()
        let countMax = AlterClientQuotas.entityCountMax
        for number in 0..<countMax {
            let entity = QuotaEntity(clientID: .named("c\(number)"))
            try deciding.image.replay(.clientQuotaChanged(entity, .producerByteRate, limit: 1))
        }
        #expect(try alter(&deciding, ann, [("producer_byte_rate", 1)]) == .tooManyEntities(countMax: countMax))
        #expect(try alter(&deciding, QuotaEntity(clientID: .named("c7")), [("producer_byte_rate", 9)]) == nil)
    }

    @Test("quotas need metadata level 3, which goes back to 2 only without them")
    func levels() throws {
        var deciding = try Deciding(level: 2)
        #expect(try alter(&deciding, ann, [("producer_byte_rate", 1)]) == .levelTooLow(2, needed: 3))
        func move(to level: Int16) throws -> UpdateFeatureRefusal? {
            let update = FeatureUpdate(
                name: Features.metadata.name, level: level, direction: level < 3 ? .safeDowngrade : .upgrade)
            if case .failure(let refusal) = try deciding.run(UpdateFeatures([update]))[0] { return refusal }
            return nil
        }
        #expect(try move(to: 3) == nil)
        #expect(try alter(&deciding, ann, [("producer_byte_rate", 1)]) == nil)
        #expect(try move(to: 2) == .factsInUse(current: 3))
        #expect(try alter(&deciding, ann, [("producer_byte_rate", nil)]) == nil)
        #expect(try move(to: 2) == nil)
    }

    @Test("a snapshot and a delta of images have the quotas")
    func snapshot() throws {
        var deciding = try Deciding()
        let before = deciding.image
        _ = try alter(&deciding, ann, [("producer_byte_rate", 1), ("controller_mutation_rate", 2.5)])
        _ = try alter(&deciding, QuotaEntity(address: .byDefault), [("connection_creation_rate", 3)])
        let image = deciding.image
        let snapshot = MetadataSnapshot(image: image, nextOffset: Offset(9), term: Term(1))
        #expect(try MetadataSnapshot(decoding: snapshot.encoded()).image == image)
        #expect(MetadataDelta(from: before, to: image).quotas == [QuotaEntity(address: .byDefault), ann])
        #expect(MetadataDelta(from: image, to: image).isEmpty)
    }

    @Test("a filter asks for names, the default or anything; a strict one for nothing else")
    func filter() {
        let entities = [
            ann, QuotaEntity(user: .byDefault), QuotaEntity(user: .named("ann"), clientID: .named("etl")),
            QuotaEntity(clientID: .named("etl")), QuotaEntity(address: .byDefault),
        ]
        func found(_ filter: QuotaFilter) -> [Int] { entities.indices.filter { filter.matches(entities[$0]) } }
        #expect(found(QuotaFilter()) == [0, 1, 2, 3, 4])
        #expect(found(QuotaFilter(user: .equals(.named("ann")))) == [0, 2])
        #expect(found(QuotaFilter(user: .equals(.named("ann")), isStrict: true)) == [0])
        #expect(found(QuotaFilter(user: .equals(.byDefault))) == [1])
        #expect(found(QuotaFilter(clientID: .present)) == [2, 3])
        #expect(found(QuotaFilter(user: .present, clientID: .present, isStrict: true)) == [2])
        #expect(found(QuotaFilter(address: .present)) == [4])
    }
}
