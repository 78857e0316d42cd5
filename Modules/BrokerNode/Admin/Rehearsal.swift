// SPDX-License-Identifier: Apache-2.0

internal import Coordinator
internal import Primitives

extension AdminService {
    /// What a command would come to, as far as this broker knows the metadata; nothing is changed.
    func rehearse<Command: ControllerCommand>(_ command: Command) async -> Command.Outcome {
        await ask { shard, reply in reply(shard.rehearse(command)) }
    }
}

extension BrokerShard {
    /// What a command would come to, as far as this shard knows the metadata; nothing is changed.
    func rehearse<Command: ControllerCommand>(_ command: Command) -> Command.Outcome {
        let state = ControllerState(
            image: image, settings: node.settings, node: node.id, nextOffset: imageOffset, time: wallClock)
        var chance = entropy.split()
        return command.decide(on: state, using: &chance).outcome
    }
}
