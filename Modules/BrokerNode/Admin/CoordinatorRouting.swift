// SPDX-License-Identifier: Apache-2.0

internal import Coordinator
internal import Groups
internal import Primitives
internal import WireProtocol

extension AdminService {
    /// The broker that coordinates a group: the leader of its partition of `__consumer_offsets`, or this one while there is no
    /// such topic.
    func coordinator(of group: String, in image: MetadataImage) throws(RPCError) -> NodeID {
        guard let topic = image.topic(named: OffsetsTopic.name) else { return identity.id }
        let index = OffsetsTopic.partition(of: GroupID(group), count: Int32(topic.partitions.count))
        let leader = topic.partitions[Int(index.rawValue)].leader
        guard leader != .none else { throw .leaderless(OffsetsTopic.name, index) }
        return leader
    }

    /// As `ofCoordinators(_:_:of:)`, for groups.
    func ofCoordinators<Request, Response, Outcome: Sendable>(
        _ ids: [String], _ method: UnaryMethod<Request, Response>, localOnly: Bool,
        _ request: @escaping @Sendable ([String]) -> Request, _ outcomes: (Response) -> [Outcome],
        here: ([String]) async throws -> [Outcome], failed: (String, RPCError) -> Outcome
    ) async throws -> [Outcome] {
        try await ofCoordinators(
            ids, method, of: coordinator, localOnly: localOnly, request, outcomes, here: here, failed: failed)
    }

    /// Splits ids by their coordinators, asks each, and gives back one outcome for each id in the order asked.
    ///
    /// - Parameters:
    ///   - owner: The broker that coordinates an id.
    ///   - request: What another broker is asked; with `localOnly`.
    ///   - here: Answers for the ids of this broker.
    ///   - failed: What stands for an id whose coordinator did not answer.
    func ofCoordinators<Request, Response, Outcome: Sendable>(
        _ ids: [String], _ method: UnaryMethod<Request, Response>,
        of owner: (String, MetadataImage) throws(RPCError) -> NodeID, localOnly: Bool,
        _ request: @escaping @Sendable ([String]) -> Request, _ outcomes: (Response) -> [Outcome],
        here: ([String]) async throws -> [Outcome], failed: (String, RPCError) -> Outcome
    ) async throws -> [Outcome] {
        guard !localOnly else { return try await here(ids) }
        let image = await image()
        var found: [Outcome?] = Array(repeating: nil, count: ids.count)
        var places: [NodeID: [Int]] = [:]
        for (place, id) in ids.enumerated() {
            do throws(RPCError) {
                places[try owner(id, image), default: []].append(place)
            } catch {
                found[place] = failed(id, error)
            }
        }
        let mine = places.removeValue(forKey: identity.id) ?? []
        let asked = places.mapValues { $0.map { ids[$0] } }
        let answers = await peers.askEach(
            places.keys.sorted(), in: image, method, withinMilliseconds: PeerBrokers.workMilliseconds
        ) { request(asked[$0] ?? []) }
        for (broker, answer) in answers {
            let theirs = places[broker] ?? []
            switch answer {
            case .failure(let error): for place in theirs { found[place] = failed(ids[place], error) }
            case .success(let response):
                for (place, outcome) in zip(theirs, outcomes(response)) { found[place] = outcome }
            }
        }
        if !mine.isEmpty {
            for (place, outcome) in zip(mine, try await here(mine.map { ids[$0] })) { found[place] = outcome }
        }
        return zip(ids, found).map { id, outcome in
            outcome ?? failed(id, RPCError(.internalFault, "the coordinator left it out"))
        }
    }

    /// What every broker that answers says, this one first.
    func ofEveryBroker<Request: Sendable, Response, Item: Sendable>(
        _ method: UnaryMethod<Request, Response>, _ request: Request, localOnly: Bool,
        _ items: (Response) -> [Item], here: () async throws -> [Item]
    ) async throws -> (items: [Item], unreachable: [Admin.BrokerFailure]) {
        var all = try await here()
        guard !localOnly else { return (all, []) }
        let image = await image()
        let answers = await peers.askEach(
            image.peers(of: identity.id), in: image, method, withinMilliseconds: PeerBrokers.workMilliseconds
        ) { _ in request }
        var unreachable: [Admin.BrokerFailure] = []
        for (id, answer) in answers.sorted(by: { $0.key < $1.key }) {
            switch answer {
            case .success(let response): all += items(response)
            case .failure(let error): unreachable.append(.with { ($0.nodeID, $0.error) = (id, error) })
            }
        }
        return (all, unreachable)
    }
}
