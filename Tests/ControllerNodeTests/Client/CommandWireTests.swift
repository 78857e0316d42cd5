// SPDX-License-Identifier: Apache-2.0

import ControllerNode
import Coordinator
import Primitives
import Simulation
import Testing
import WireProtocol

@Suite("commands by name")
struct CommandWireTests {
    private func world() throws -> QuorumWorld {
        let world = try QuorumWorld(count: 1, settings: ["broker.session.timeout.ms": "100000"])
        #expect(world.register() != nil)
        return world
    }

    private func serve(_ world: QuorumWorld, _ name: String, _ json: String) -> Controller.SubmitResponse? {
        var answer: Controller.SubmitResponse?
        let request = Controller.SubmitRequest.with { ($0.command, $0.arguments) = (name, SharedBytes(json)) }
        world[1].controller?.serve(.submit(request)) { response in
            if case .submit(let message) = response { answer = message }
        }
        _ = world.run { answer != nil }
        return answer
    }

    @Test("a name that nobody knows and arguments that do not read are refused, and nothing happens")
    func refusals() throws {
        let world = try world()
        let end = world[1].controller?.logEndOffset
        #expect(serve(world, "MakeCoffee", "{}")?.refusal?.reason == .unknownCommand)
        #expect(serve(world, "CreateTopics", "{")?.refusal?.reason == .invalidArguments)
        #expect(serve(world, "CreateTopics", "[]")?.refusal?.reason == .invalidArguments)
        #expect(world[1].controller?.logEndOffset == end)
    }

    @Test("an outcome tells from which offset on an image holds it")
    func outcome() throws {
        let world = try world()
        let answer = try #require(serve(world, "FenceBrokers", #"{"brokers":[]}"#))
        #expect(answer.refusal == nil)
        #expect(answer.outcome == SharedBytes("[]"))
        #expect(answer.nextOffset == world[1].controller?.nextOffset)
    }

    @Test("every command has a name of its own")
    func names() {
        let names = ControllerCommands.all.map { $0.name }
        #expect(Set(names).count == names.count)
        #expect(names.contains("BrokerHeartbeat"))
    }
}
