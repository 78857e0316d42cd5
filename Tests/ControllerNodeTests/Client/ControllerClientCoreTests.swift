// SPDX-License-Identifier: Apache-2.0

import ControllerNode
import Coordinator
import Primitives
import Testing
import WireProtocol

private func at(_ milliseconds: Int64) -> Instant { Instant(nanoseconds: milliseconds * 1_000_000) }
private func endpoint(_ id: Int32) -> Controller.ControllerEndpoint {
    Controller.ControllerEndpoint(NodeID(id), host: "c\(id)", port: 9191)
}

/// A client core against controllers that a test plays.
@Suite("how a broker finds and follows controllers")
struct ControllerClientCoreTests {
    private var core = ControllerClientCore(
        bootstrap: (1...3).map { Controller.ControllerEndpoint(.none, host: "c\($0)", port: 9191) },
        entropy: Entropy(seed: 1), at: at(0))
    private var effects: [ControllerClientCore.Effect] = []

    private mutating func step(_ event: ControllerClientCore.Event, _ milliseconds: Int64) {
        effects = []
        core.step(event, at: at(milliseconds), into: &effects)
    }

    private mutating func status(leader: Int32?, term: Int64, stream: UInt64, at milliseconds: Int64) {
        let item = Controller.MetadataItem.with {
            ($0.kind, $0.term, $0.leader) = (.status, Term(term), leader.map(endpoint))
        }
        step(.itemReceived(item, attachment: .empty, stream: stream), milliseconds)
    }

    private mutating func ask(_ ticket: UInt64, deadline: Int64, at milliseconds: Int64) {
        let request = Controller.SubmitRequest.with { $0.command = "c\(ticket)" }
        step(.requested(.submit(request), ticket: ticket, deadline: at(deadline)), milliseconds)
    }

    private mutating func refuse(
        _ reason: Controller.RefusalReason, leader: Int32?, call: UInt64, at milliseconds: Int64
    ) {
        let response = Controller.SubmitResponse.with {
            $0.refusal = .with { ($0.reason, $0.leader) = (reason, leader.map(endpoint)) }
        }
        step(.answered(.success(.submit(response)), call: call), milliseconds)
    }

    private var followed: (host: String, stream: UInt64)? {
        for case .follow(let endpoint, _, let stream) in effects { return (endpoint.host, stream) }
        return nil
    }
    private var calls: [String] {
        effects.compactMap { if case .call(_, let to, let call, _) = $0 { "\(call)→\(to.host)" } else { nil } }
    }
    private var answers: [UInt64: SubmitRefusal?] {
        var answers: [UInt64: SubmitRefusal?] = [:]
        for case .answer(let result, let ticket) in effects {
            if case .failure(let refusal) = result {
                answers[ticket] = .some(refusal)
            } else {
                answers[ticket] = .some(nil)
            }
        }
        return answers
    }

    /// Follows controller 1, which is active.
    private mutating func connect() {
        step(.timePassed, 0)
        status(leader: 1, term: 1, stream: core.streamNumber, at: 1)
        if let followed { status(leader: 1, term: 1, stream: followed.stream, at: 2) }
    }

    @Test("asks one of the bootstrap list, and goes to the active controller that it names")
    mutating func findsLeader() throws {
        step(.timePassed, 0)
        let first = try #require(followed)
        let other: Int32 = first.host == "c2" ? 3 : 2
        status(leader: other, term: 4, stream: first.stream, at: 5)
        #expect(followed?.host == "c\(other)")
        #expect(core.leader?.nodeID == NodeID(other))
    }

    @Test("a request waits for an active controller, and is sent to it")
    mutating func waits() throws {
        step(.timePassed, 0)
        let stream = try #require(followed).stream
        ask(1, deadline: 1_000, at: 1)
        #expect(calls.isEmpty)
        status(leader: 2, term: 1, stream: stream, at: 5)
        #expect(calls == ["1→c2"])
    }

    @Test("a controller that is not active names who is, and the request goes there, once more")
    mutating func redirected() {
        connect()
        ask(1, deadline: 10_000, at: 10)
        #expect(calls == ["1→c1"])
        refuse(.notController, leader: 3, call: 1, at: 20)
        #expect(answers.isEmpty)
        step(.timePassed, 200)
        #expect(calls == ["2→c3"])
        refuse(.busy, leader: nil, call: 2, at: 210)
        #expect(answers == [1: .busy(commandCountMax: 0)])
    }

    @Test("what was certainly not done is sent again, what may have been done is said so")
    mutating func atMostOnce() {
        connect()
        ask(1, deadline: 10_000, at: 10)
        step(.answered(.failure(RPCError(.connectionLost, "gone")), call: 1), 20)
        #expect(answers == [1: .outcomeUnknown])
        ask(2, deadline: 10_000, at: 30)
        step(.answered(.failure(RPCError(.connectionRefused, "nobody")), call: 2), 40)
        #expect(answers.isEmpty)
        status(leader: 1, term: 1, stream: core.streamNumber, at: 300)
        #expect(calls == ["3→c1"])
    }

    @Test("a request is answered when the image holds what it led to")
    mutating func waitsForImage() {
        connect()
        ask(1, deadline: 10_000, at: 10)
        let response = Controller.SubmitResponse.with { $0.nextOffset = Offset(1) }
        step(.answered(.success(.submit(response)), call: 1), 20)
        #expect(answers.isEmpty)
        let record = MetadataRecord.featureLevelSet(name: "f", level: 1)
        let item = Controller.MetadataItem.with { ($0.kind, $0.nextOffset, $0.term) = (.records, Offset(1), Term(1)) }
        let bytes = LogBytes.batch([record], from: Offset(0), term: Term(1))
        step(.itemReceived(item, attachment: bytes, stream: core.streamNumber), 30)
        #expect(answers == [1: nil])
        #expect(core.nextOffset == Offset(1))
        #expect(core.image?.featureLevel("f") == 1)
        // Published before it was answered.
        guard case .publish? = effects.first else { return #expect(Bool(false), "\(effects)") }
    }

    @Test("requests that nobody takes are refused at their deadline, with what is known of them")
    mutating func deadlines() {
        step(.timePassed, 0)
        ask(1, deadline: 100, at: 1)
        step(.timePassed, 100)
        #expect(answers == [1: .notController(leader: nil)])
        connect()
        ask(2, deadline: 500, at: 110)
        let call = UInt64(1)
        step(.answered(.success(.submit(.with { $0.nextOffset = Offset(9) })), call: call), 120)
        step(.timePassed, 500)
        #expect(answers == [2: .outcomeUnknown])
    }

    @Test("controllers that came later are found when all of the bootstrap list are gone")
    mutating func learnsVoters() throws {
        core = ControllerClientCore(
            bootstrap: [Controller.ControllerEndpoint(.none, host: "c1", port: 9191)], entropy: Entropy(seed: 1),
            at: at(0))
        step(.timePassed, 0)
        let item = Controller.MetadataItem.with {
            ($0.kind, $0.term, $0.leader) = (.status, Term(1), endpoint(1))
            $0.voters = [endpoint(1), endpoint(2), endpoint(3)]
        }
        step(.itemReceived(item, attachment: .empty, stream: core.streamNumber), 1)
        if let followed { step(.itemReceived(item, attachment: .empty, stream: followed.stream), 2) }
        #expect(core.voters.map(\.host) == ["c1", "c2", "c3"])
        step(.followEnded(stream: core.streamNumber), 10)
        var visited: Set<String> = []
        for milliseconds in stride(from: Int64(50), through: 10_000, by: 50) {
            step(.timePassed, milliseconds)
            guard let next = followed else { continue }
            visited.insert(next.host)
            step(.followEnded(stream: next.stream), milliseconds)
        }
        #expect(visited == ["c1", "c2", "c3"])
    }

    @Test("the bootstrap list is asked again when no voter that was told of answers")
    mutating func fallsBack() throws {
        step(.timePassed, 0)
        let item = Controller.MetadataItem.with {
            ($0.kind, $0.term) = (.status, Term(1))
            // The controller of a node that is its own cluster answers nowhere.
            $0.voters = [Controller.ControllerEndpoint(NodeID(9), host: "", port: 0), endpoint(7)]
        }
        step(.itemReceived(item, attachment: .empty, stream: core.streamNumber), 1)
        #expect(core.voters == [endpoint(7)])
        step(.followEnded(stream: core.streamNumber), 10)
        var visited: Set<String> = []
        for milliseconds in stride(from: Int64(50), through: 10_000, by: 50) {
            step(.timePassed, milliseconds)
            guard let next = followed else { continue }
            visited.insert(next.host)
            step(.followEnded(stream: next.stream), milliseconds)
        }
        #expect(visited == ["c1", "c2", "c3", "c7"])
    }

    @Test("who voted in an earlier term is no news")
    mutating func staleVoters() {
        connect()
        let item = { (term: Int64, id: Int32) in
            Controller.MetadataItem.with {
                ($0.kind, $0.term, $0.leader, $0.voters) = (.status, Term(term), endpoint(1), [endpoint(id)])
            }
        }
        step(.itemReceived(item(3, 1), attachment: .empty, stream: core.streamNumber), 10)
        step(.itemReceived(item(2, 5), attachment: .empty, stream: core.streamNumber), 20)
        #expect(core.voters == [endpoint(1)])
    }

    @Test("silence of the followed controller makes it look for another one")
    mutating func silence() {
        connect()
        #expect(core.isConnected(at: at(100)))
        step(.timePassed, 2 + 1_500)
        guard case .unfollow? = effects.first else { return #expect(Bool(false), "\(effects)") }
        #expect(!core.isConnected(at: at(1_502)))
        step(.timePassed, 1_700)
        #expect(followed != nil)
    }

    @Test("what is under way to a controller that another one replaced is not waited for")
    mutating func replaced() throws {
        connect()
        ask(1, deadline: 30_000, at: 10)
        #expect(calls == ["1→c1"])
        step(.timePassed, 1_502)
        step(.timePassed, 1_700)
        let stream = try #require(followed).stream
        status(leader: 2, term: 2, stream: stream, at: 1_710)
        #expect(answers == [1: .outcomeUnknown])
        // A late word of the former term changes nothing.
        status(leader: 1, term: 1, stream: core.streamNumber, at: 1_720)
        #expect(core.leader?.nodeID == NodeID(2))
    }

    @Test("an active controller that this broker does not reach does not keep it from following another one")
    mutating func unreachableLeader() throws {
        step(.timePassed, 0)
        let first = try #require(followed)
        let leader: Int32 = first.host == "c1" ? 2 : 1
        status(leader: leader, term: 1, stream: first.stream, at: 1)
        #expect(followed?.host == "c\(leader)")
        step(.followEnded(stream: core.streamNumber), 2)
        var visited: Set<String> = []
        for milliseconds in stride(from: Int64(100), through: 1_400, by: 100) {
            step(.timePassed, milliseconds)
            guard let next = followed else { continue }
            visited.insert(next.host)
            if next.host == "c\(leader)" {
                step(.followEnded(stream: next.stream), milliseconds)
            } else {
                status(leader: leader, term: 1, stream: next.stream, at: milliseconds)
                #expect(followed == nil, "stays with \(next.host)")
                return
            }
        }
        Issue.record("followed only \(visited)")
    }

    @Test("the first cluster that is met is its own, and a controller of another one is left")
    mutating func clusters() throws {
        step(.timePassed, 0)
        let item = { (name: String) in
            Controller.MetadataItem.with { ($0.kind, $0.clusterID) = (.status, name) }
        }
        step(.itemReceived(item("one"), attachment: .empty, stream: core.streamNumber), 1)
        #expect(core.cluster == ClusterID("one"))
        step(.itemReceived(item("two"), attachment: .empty, stream: core.streamNumber), 2)
        #expect(core.cluster == ClusterID("one"))
        #expect(effects.contains { if case .unfollow = $0 { true } else { false } })
    }

    @Test("bytes that do not read end the stream and change nothing")
    mutating func garbage() {
        connect()
        let item = Controller.MetadataItem.with { ($0.kind, $0.nextOffset) = (.records, Offset(5)) }
        step(.itemReceived(item, attachment: SharedBytes([1, 2, 3]), stream: core.streamNumber), 50)
        #expect(effects.contains { if case .report = $0 { true } else { false } })
        #expect(effects.contains { if case .unfollow = $0 { true } else { false } })
        #expect(core.image == nil)
    }

    @Test("closing refuses what waits and says of what was handed over that nobody knows")
    mutating func close() {
        connect()
        ask(1, deadline: 10_000, at: 10)
        step(.timePassed, 1_502)
        ask(2, deadline: 10_000, at: 1_503)
        step(.closed, 1_504)
        #expect(answers == [1: .outcomeUnknown, 2: .unavailable(nil)])
        ask(3, deadline: 10_000, at: 1_505)
        #expect(answers == [3: .unavailable(nil)])
        #expect(core.nextDeadline == .distantFuture)
    }
}
