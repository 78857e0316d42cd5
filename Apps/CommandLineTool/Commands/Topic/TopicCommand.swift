// SPDX-License-Identifier: Apache-2.0

import ArgumentParser

struct TopicCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "topic", abstract: "Creates, inspects, fills and reads topics.",
        subcommands: [
            TopicCreate.self, TopicList.self, TopicDescribe.self, TopicAlter.self, TopicDelete.self, TopicProduce.self,
            TopicConsume.self, TopicTrim.self,
        ])
}
